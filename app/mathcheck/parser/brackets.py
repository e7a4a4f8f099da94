"""Everything between a pair of delimiters: groups, tuples, intervals, sets, absolute values, rounding."""

from app.mathcheck.ast import Node
from app.mathcheck.lexer import Token
from app.mathcheck.limits import MAX_DEPTH
from app.mathcheck.parser.cursor import Cursor

_ENDS = frozenset([",", "and", "or", ";", ".", "∪", "∩", "∖"])


def degrees(node: Node) -> Node:
    """An angle inside of a formula is a number; as a whole answer it is a quantity with a unit."""
    return Node("deg", node.args) if node.op == "quantity" and node.value == "°" else node


class Brackets(Cursor):
    def bracket(self) -> Node:
        op = self.t.text
        self.i += 1
        if op == "l|":
            bars, self.bars = self.bars, 0
            inner = self.items()
            self.bars = bars
            if not self.accept("r|", "|"):
                raise self.error("an open absolute value")
            return Node("fn", (inner,), "abs")
        if op in ("|", "‖"):
            self.bars += 1
            inner = self.items()
            self.bars -= 1
            if not self.accept(op, "r" + op):
                raise self.error("an open absolute value")
            return Node("fn", (inner,), "abs" if op == "|" else "norm")
        if op in ("⌊", "⌈"):
            inner = self.items()
            self.expect("⌋" if op == "⌊" else "⌉")
            return Node("fn", (inner,), "floor" if op == "⌊" else "ceil")
        bars, self.bars = self.bars, 0
        node = self._enclosed(op)
        self.bars = bars
        return node

    def _enclosed(self, op: str) -> Node:
        if op in ("{", "s{"):
            return self._braces(op, "}" if op == "{" else "s}")
        if op == "⟨":
            inner = self.items()
            self.expect("⟩")
            return Node("tuple", inner.args if inner.op == "list" else (inner,))
        if op == "]":
            return self._reversed()
        if op not in ("(", "["):
            self.i -= 1
            raise self.error("expected a value")
        if self.is_op(")", "]"):
            raise self.error("empty brackets")
        inner = self.items()
        if not self.is_op(")", "]", "["):
            raise self.error("an unclosed bracket")
        close = self.t.text
        self.i += 1
        pair = inner.op == "list" and len(inner.args) == 2
        if close == "[" and pair:
            return Node("interval", inner.args, op + ")")
        if op + close == "()":
            return Node("tuple", inner.args) if inner.op == "list" else degrees(inner)
        if op + close == "[]":
            if inner.op == "matrix":
                return inner
            return Node("bracket", inner.args if inner.op == "list" else (inner,))
        if not pair:
            raise self.error("mismatched brackets")
        return Node("interval", inner.args, op + close)

    def _braces(self, op: str, close: str) -> Node:
        if self.accept(close):
            return Node("const", (), "empty")
        if op == "{" and self.is_op(","):
            raise self.error("a group")
        self.bars = int(op == "s{")  # so that a bar ends the pattern of a set-builder
        inner = self.infix_command(self.items())
        self.bars = 0
        builder = inner.op == "ratio" and op == "s{" and inner.args[0].op in ("sym", "rel", "tuple")
        if op == "s{" and self.is_op("|", ":", "r|", "l|"):
            self.i += 1
            condition = self.items()
            self.expect(close)
            return Node("setb", (inner, condition))
        self.expect(close)
        if builder and len(inner.args) == 2:
            return Node("setb", inner.args)
        if op == "s{" or inner.op == "list":
            return Node("set", inner.args if inner.op == "list" else (inner,))
        return inner

    def infix_command(self, left: Node) -> Node:
        r"""`{a \over b}` and `{n \choose k}`, once the left side is read."""
        if not self.is_cmd("over", "choose"):
            return left
        kind = self.t.text
        self.i += 1
        right = self.items()
        return Node("div", (left, right)) if kind == "over" else Node("fn", (left, right), "binom")

    def _reversed(self) -> Node:
        """`]a, b[`: an interval that is open where a bracket turns away from it."""
        for j in range(self.i, min(self.i + MAX_DEPTH, len(self.tokens))):
            if self.tokens[j].text == "[" and self.tokens[j].kind == "op":
                after = self.tokens[j + 1] if j + 1 < len(self.tokens) else self.tokens[-1]
                if after.kind == "end" or after.text in _ENDS:
                    self.tokens[j] = Token("op", "]", self.tokens[j].pos, False)
                    inner = self.items()
                    closed = False
                    break
        else:
            inner = self.items()
            closed = True
        if inner.op != "list" or len(inner.args) != 2 or not self.accept("]"):
            raise self.error("an interval")
        return Node("interval", inner.args, "(" + ("]" if closed else ")"))
