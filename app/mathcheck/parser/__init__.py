"""From tokens to a tree: recursive descent by precedence, bounded in depth and tokens.

One file a layer of the grammar; a layer calls down by inheritance and up through `Cursor`'s abstract methods.
"""

from app.mathcheck.ast import Node
from app.mathcheck.lexer import tokenize
from app.mathcheck.parser.relations import Relations

__all__ = ["parse"]


def parse(text: str, *, group: bool = True, decimal_comma: bool = False) -> Node:
    """Tree of a cleaned answer. Raises Unparsable or TooComplex."""
    return Relations(tokenize(text, group=group, decimal_comma=decimal_comma)).answer()
