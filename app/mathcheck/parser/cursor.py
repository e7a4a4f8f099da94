"""The place in the tokens, and what every layer of the grammar may ask for."""

from app.mathcheck.ast import Node
from app.mathcheck.lexer import Token
from app.mathcheck.limits import MAX_DEPTH, TooComplex, Unparsable

CLOSERS = frozenset([")", "]", "}", "s}", "r|", "⌋", "⌉", "⟩", "\\\\", "&"])


class Cursor:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens + [tokens[-1]] * 3  # so that looking ahead never runs out
        self.i: int = 0
        self.depth: int = 0
        self.bars: int = 0
        """Open absolute values: a bar then closes rather than opens."""
        self.integral: int = 0
        """Open integrals: `d` before a letter then ends the integrand."""

    @property
    def t(self) -> Token:
        return self.tokens[self.i]

    def ahead(self, n: int = 1) -> Token:
        return self.tokens[min(self.i + n, len(self.tokens) - 1)]

    def is_op(self, *ops: str) -> bool:
        t = self.tokens[self.i]
        return t.kind == "op" and t.text in ops

    def is_cmd(self, *names: str) -> bool:
        t = self.tokens[self.i]
        return t.kind == "cmd" and t.text in names

    def accept(self, *ops: str) -> bool:
        t = self.tokens[self.i]
        if t.kind == "op" and t.text in ops:
            self.i += 1
            return True
        return False

    def expect(self, op: str) -> None:
        if not self.accept(op):
            raise self.error(f"expected {op!r}")

    def error(self, message: str) -> Unparsable:
        return Unparsable(f"{message}, found {self.t.text!r}" if self.t.text else message, self.t.pos)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deep", self.t.pos)

    def degree_sign(self) -> bool:
        r"""Take `^\circ` or `^{\circ}`, if it stands here."""
        if not self.is_op("^"):
            return False
        first, second, third = (self.ahead(k).text for k in (1, 2, 3))
        braced = first == "{" and second in ("∘", "°") and third == "}"
        length = 4 if braced else 2 if first in ("∘", "°") else 0
        self.i += length
        return length > 0

    # Layers above call down; these let the layers below call up.

    def items(self) -> Node:
        """A list, or its one item."""
        raise NotImplementedError

    def relation(self) -> Node:
        raise NotImplementedError

    def sum(self) -> Node:
        raise NotImplementedError

    def term(self) -> Node:
        raise NotImplementedError

    def power(self) -> Node:
        raise NotImplementedError

    def signed(self) -> Node:
        """A power with signs before it."""
        raise NotImplementedError

    def postfix(self, node: Node) -> Node:
        raise NotImplementedError

    def exponent(self) -> Node:
        raise NotImplementedError

    def argument(self) -> Node:
        """A braced group, or one token as TeX takes it: one digit of a number."""
        raise NotImplementedError

    def atom(self) -> Node:
        raise NotImplementedError

    def bracket(self) -> Node:
        raise NotImplementedError

    def command(self) -> Node:
        raise NotImplementedError

    def starts_factor(self) -> bool:
        """Whether the next token continues a product without a sign."""
        raise NotImplementedError

    def unit_end(self) -> int:
        """Position behind the unit of measure that begins here; -1 if none does."""
        raise NotImplementedError
