"""Sums, products, powers, and the atoms that they are made of."""

from flint import fmpq

from app.mathcheck.ast import Node, num
from app.mathcheck.lexer import Token, is_product
from app.mathcheck.lexicon import FUNCTION_LETTERS
from app.mathcheck.limits import MAX_CHAIN, TooComplex
from app.mathcheck.numerals import base_of, in_base, number
from app.mathcheck.parser.brackets import degrees
from app.mathcheck.parser.commands import Commands
from app.mathcheck.units import is_unit_word

_OPENERS = frozenset(["(", "{", "[", "l|", "⌊", "⌈", "s{", "⟨"])
_NO_FACTOR = frozenset(["pmod", "mod", "bmod", "end", "over", "choose"])
_OPERATORS = frozenset(["E", "V", "P"])
"""Expectation, variance and probability, which take square brackets."""
_NO_GROUP = frozenset(["mod", "bmod", "pmod", "base"])
"""Words that make a bracket a remark on the number before it."""
_DECIMAL = frozenset("0123456789")
_ADDITIVE = frozenset("+-±∓")


class Arithmetic(Commands):
    digits = ""
    """Digits of the last number, for a base that follows as its index."""

    def sum(self) -> Node:
        terms = [self.term()]
        while (t := self.tokens[self.i]).kind == "op" and t.text in _ADDITIVE:
            self.i += 1
            right = self.term()
            if t.text == "+":
                terms.append(right)
            elif t.text == "-":
                terms.append(Node("neg", (right,)))
            else:
                left = terms[0] if len(terms) == 1 else Node("add", tuple(terms))
                terms = [Node("pm", (left, right), t.text)]
        return terms[0] if len(terms) == 1 else Node("add", tuple(terms))

    def term(self) -> Node:
        t = self.tokens[self.i]
        if t.kind == "op" and t.text in _ADDITIVE:
            if t.text in ("-", "+"):
                negative = self.signs()
                inner = self.term()
                return Node("neg", (inner,)) if negative else inner
            self.i += 1
            return Node("pm", (num(0), self.term()), t.text)
        bracketed = t.kind == "op" and t.text == "("
        node = self.power()
        for _ in range(MAX_CHAIN):
            t = self.tokens[self.i]
            if t.kind == "end":
                return node
            if t.kind == "op" and t.text in ("*", "/"):
                self.i += 1
                node = Node("mul" if t.text == "*" else "div", (node, self.signed()))
            elif t.kind == "cmd" and t.text in ("bmod", "mod"):
                node = self._remainder(node)
            elif self.starts_factor():
                node = self._juxtaposed(node, bracketed)
            else:
                return node
            bracketed = True
        raise TooComplex("too many factors", self.t.pos)

    def _remainder(self, node: Node) -> Node:
        """`17 mod 5` is the remainder 2; `2 mod 5`, which leaves nothing to compute, is a residue class."""
        operation = self.t.text == "bmod"
        self.i += 1
        modulus = self.power()
        if not operation and node.op == "num" == modulus.op and 0 <= node.value < modulus.value:
            return Node("residue", (node, modulus))
        return Node("fn", (node, modulus), "mod")

    def _juxtaposed(self, node: Node, bracketed: bool) -> Node:
        """A product without a sign, or a mixed number. `bracketed`: the left side is no bare number."""
        opener = self.t
        right = self.power()
        if node.op != "num" or bracketed or opener.text == "(":
            return Node("mul", (node, right))
        if node.value.q == 1 and right.op == "div" and right.args[0].op == "num" == right.args[1].op:
            return Node("add", (node, right))  # a mixed number
        if right.op in ("pct", "deg") and right.args[0].op == "div" and opener.kind == "cmd":
            return Node(right.op, (Node("add", (node, *right.args)),))
        if right.op != "num" or opener.kind != "num":
            return Node("mul", (node, right))
        following = self.ahead()
        if not (
            node.value.q == right.value.q == 1
            and self.is_op("/")
            and following.kind == "num"
            and following.text.isdigit()
        ):
            raise self.error("two numbers side by side")
        self.i += 1
        return Node("add", (node, Node("div", (right, self.power()))))

    def signed(self) -> Node:
        negative = self.signs()
        node = self.power()
        return Node("neg", (node,)) if negative else node

    def signs(self) -> bool:
        """Whether the run of signs here is negative."""
        negative = False
        while self.is_op("-", "+"):
            negative ^= self.t.text == "-"
            self.i += 1
        return negative

    def starts_factor(self) -> bool:
        t = self.t
        kind = t.kind
        if kind == "op":
            if t.text == "(":
                following = self.tokens[self.i + 1]
                return following.text not in _NO_GROUP or following.kind not in ("cmd", "word")
            return t.text in _OPENERS or (t.text == "|" and not self.bars)
        if kind == "end" or kind == "text":
            return False
        if kind == "sym":
            if self.integral and t.text == "d" and self.tokens[self.i + 1].kind == "sym":
                return False
            return not self._measured() or self.unit_end() < 0
        if kind == "word":
            if not is_product(t.text):
                return False
            return not (self.i and is_unit_word(t.text) and self.tokens[self.i - 1].kind in ("num", "op"))
        if kind == "cmd":
            return t.text not in _NO_FACTOR and not (
                t.text in ("frac", "dfrac", "tfrac") and self._measured() and self.unit_end() >= 0
            )
        return True

    def _measured(self) -> bool:
        """Whether a unit may follow here: behind a number, a bracket or a degree sign."""
        if not self.i:
            return False
        before = self.tokens[self.i - 1]
        return before.kind in ("num", "const") or before.text in (")", "}", "∘", "°")

    def power(self) -> Node:
        node = self.postfix(self.atom())
        if self.is_op("^"):
            if self.degree_sign():
                return self.postfix(Node("deg", (node,)))
            self.i += 1
            if self.is_op("'"):
                self.i += 1
                return Node("app", (node,), "'")
            node = self.postfix(Node("pow", (node, self.exponent())))
        return node

    def exponent(self) -> Node:
        if self.is_op("-", "+"):
            return self.signed()
        if self.is_op("*"):
            raise self.error("an exponent")
        if self.is_op("{"):
            return self.argument()
        if self.t.kind == "word" and is_product(self.t.text):
            self._split()
        return self.power()

    def postfix(self, node: Node) -> Node:
        for _ in range(MAX_CHAIN // 4):
            t = self.t
            if t.kind != "op":
                return node
            if t.text == "!":
                self.i += 1
                double = self.accept("!")
                node = Node("fact", (node,), "!!" if double else None)
            elif t.text == "%":
                self.i += 1
                node = Node("pct", (node,))
            elif t.text in ("∘", "°"):
                self.i += 1
                node = Node("deg", (node,))
            elif t.text == "'" and node.op in ("sym", "app"):
                self.i += 1
                node = Node("app", (node,), "'")
            elif t.text == "_" and node.op == "num":
                self.i += 1
                node = self._based()
            else:
                return node
        raise TooComplex("too many postfix signs", self.t.pos)

    def _based(self) -> Node:
        digits, position = self.digits, self.t.pos
        if self.t.kind in ("text", "word"):
            base = base_of(self.t.text)
            self.i += 1
        elif self.is_op("{") and self.ahead().kind in ("text", "word") and self.ahead(2).text == "}":
            base = base_of(self.ahead().text)
            self.i += 3
        else:
            arg = self.argument()
            base = int(arg.value.p) if arg.op == "num" and 2 <= arg.value <= 36 and arg.value.q == 1 else None
        if base is None:
            raise self.error("a base between 2 and 36")
        return Node("base", (Node("num", (), in_base(digits, base, position)),), base)

    def argument(self) -> Node:
        t = self.t
        if self.accept("{"):
            if self.is_op("}"):
                raise self.error("an empty group")
            node = self.infix_command(self.items())
            self.expect("}")
            return degrees(node)
        if t.kind == "num" and len(t.text) > 1 and t.text.isdigit():
            self.tokens[self.i] = Token("num", t.text[1:], t.pos + 1, False)
            if t.text[0] not in _DECIMAL:
                raise self.error("expected a digit")
            return num(int(t.text[0]))
        if self.is_op("-"):
            self.i += 1
            return Node("neg", (self.argument(),))
        return self.atom()

    def atom(self) -> Node:
        self.deeper()
        t = self.t
        kind = t.kind
        if kind == "num":
            self.i += 1
            self.digits = t.text
            value = self._continued(t.text) if self.is_op("…") and "." in t.text else number(t.text)
            node = Node("num", (), value)
        elif kind == "const":
            self.i += 1
            node = Node("const", (), t.text)
        elif kind == "sym":
            node = self._symbol()
        elif kind == "fn":
            node = self.function()
        elif kind == "cmd":
            node = self.command()
        elif kind == "op":
            node = self.bracket()
        elif kind == "based":
            self.i += 1
            digits, _, base = t.text.partition("_")
            node = Node("base", (Node("num", (), in_base(digits, int(base), t.pos)),), int(base))
        elif kind == "word" and is_product(t.text):
            self._split()
            node = self._symbol()
        else:
            raise self.error("expected a value")
        self.depth -= 1
        return node

    def _split(self) -> None:
        """Letters that could have been a unit but stand where none can are a product."""
        t = self.t
        self.tokens[self.i : self.i + 1] = [
            Token("sym", c, t.pos + k, t.spaced and not k) for k, c in enumerate(t.text)
        ]

    def _continued(self, text: str) -> fmpq:
        """The value of `0.1666…`, whose last digits go on; Unparsable if they show no period."""
        self.i += 1
        digits = text.partition(".")[2]
        for period in range(1, len(digits) // 2 + 1):
            tail = digits[-period:]
            if len(digits) >= 3 and digits.endswith(tail * max(2, 3 // period)):
                return number(f"{text[: len(text) - period]}({tail})")
        raise self.error("digits that go on without a period")

    def _symbol(self) -> Node:
        name = self.t.text
        self.i += 1
        if name in ("i", "e") and not self.is_op("_"):
            return Node("const", (), name)
        if self.accept("_"):
            if self.t.kind in ("text", "word"):
                name += "_" + self.t.text
                self.i += 1
            else:
                sub = self.argument()
                if sub.op == "num" or (sub.op == "sym" and sub.value.isupper()):
                    name += f"_{sub.value}"
                else:
                    return Node("app", (sub,), name + "_")
        function = name[0] in FUNCTION_LETTERS and (len(name) == 1 or "_" in name)
        while function and self.is_op("'"):
            name += "'"
            self.i += 1
        if function and self._inverse_here():
            name += "^{-1}"
            self.i += 5
        if name in _OPERATORS and self.is_op("[") and self.ahead().text.isupper() and self.ahead(2).text == "]":
            return Node("app", self.bracket().args, name)
        if function and self.is_op("("):
            arg = self.bracket()
            return Node("app", arg.args if arg.op == "tuple" else (arg,), name)
        return Node("sym", (), name)

    def _inverse_here(self) -> bool:
        """`^{-1}(`, which behind the name of a function makes the inverse's name."""
        ahead = [self.ahead(k).text for k in range(6)]
        return ahead == ["^", "{", "-", "1", "}", "("]
