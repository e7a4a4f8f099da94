"""From tokens to a tree: recursive descent by precedence, bounded in depth and tokens."""

import re

from flint import fmpq

from app.mathcheck.ast import MINUS_ONE, ONE, TWO, Node, num
from app.mathcheck.lexer import Token, tokenize
from app.mathcheck.limits import MAX_CHAIN, MAX_DEPTH, MAX_ITEMS, TooComplex, Unparsable
from app.mathcheck.units import lookup

_RELATIONS = frozenset(["=", "<", ">", "<=", ">=", "!=", "≈", "≡", "∈"])
_CLOSERS = frozenset([")", "]", "}", "s}", "|", "‖", "⌋", "⌉", "⟩", "\\\\", "&"])
_CONST_SETS = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
_FORBIDDEN_NOUNS = frozenset(
    [
        "not",
        "no",
        "isn't",
        "wrong",
        "incorrect",
        "false",
        "maybe",
        "perhaps",
        "less",
        "more",
        "than",
        "least",
        "most",
        "about",
        "over",
        "under",
        "above",
        "below",
        "between",
        "minus",
        "plus",
        "times",
        "dozen",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "except",
        "approximately",
        "roughly",
        "nearly",
        "almost",
        "around",
        "half",
        "twice",
        "either",
        "neither",
        "without",
        "false",
        "only",
        "if",
        "is",
        "are",
        "was",
        "because",
        "so",
        "hence",
        "therefore",
        "but",
        "unless",
    ]
)
_FUNCTION_LETTERS = frozenset("fghFGHPQWpq")
_ALIASES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log"}
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "hundred": 2}
_REPEAT = re.compile(r"(\d*)\.(\d*)(?:\((\d+)\)|\\(?:overline|dot)\s*\{?(\d+)\}?)")


def number(text: str) -> fmpq:
    """Exact value of a literal: integer, decimal, scientific, repeating, hexadecimal."""
    if text[:2] in ("0x", "0b", "0o"):
        return fmpq(int(text, 0))
    m = _REPEAT.fullmatch(text)
    if m:
        whole, fixed, period = m[1] or "0", m[2], m[3] or m[4]
        scale = 10 ** len(fixed)
        cycle = scale * (10 ** len(period) - 1)
        return fmpq(int(whole + fixed), scale) + fmpq(int(period), cycle)
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    value = fmpq(int(whole + decimals or "0"), 10 ** len(decimals))
    if exponent:
        if len(exponent) > 5:
            raise TooComplex("exponent too large")
        shift = int(exponent)
        value = value * 10**shift if shift >= 0 else value / 10**-shift
    return value


class Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens + [tokens[-1]] * 3  # so that looking ahead never runs out
        self.i = 0
        self.depth = 0
        self.bars = 0
        self.integral = 0

    @property
    def t(self) -> Token:
        return self.tokens[self.i]

    def is_op(self, *ops: str) -> bool:
        t = self.tokens[self.i]
        return t.kind == "op" and t.text in ops

    def accept(self, *ops: str) -> bool:
        if self.is_op(*ops):
            self.i += 1
            return True
        return False

    def expect(self, op: str) -> None:
        if not self.accept(op):
            raise self.error(f"expected {op!r}")

    def error(self, message: str) -> Unparsable:
        return Unparsable(f"{message}, found {self.t.text!r}" if self.t.text else message, self.t.pos)

    def answer(self) -> Node:
        node = self.items()
        if self.t.kind != "end":
            raise self.error("trailing input")
        return node

    # lists and relations

    def items(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deep", self.t.pos)
        rows: list[Node] = []
        joins: set[str] = set()
        items = [self.relation()]
        while self.is_op(",", ";", "and", "or"):
            semicolon = word = False
            while self.is_op(",", ";", "and", "or"):
                semicolon |= self.t.text == ";"
                word |= self.t.text in ("and", "or")
                joins.add(self.t.text)
                self.i += 1
            if self.is_op(")", "]"):
                raise self.error("a missing item")
            if self.t.kind == "end" or self.is_op(*_CLOSERS):
                break
            if semicolon and len(items) > 1:
                rows.append(Node("list", tuple(items)))
                items = []
            elif semicolon:
                rows.extend(items)
                items = []
            item = self.relation()
            if word and len(items) > 1 and item.op == "rel" == items[0].op and item.args[0] == items[0].args[0]:
                rows.append(Node("list", tuple(items)))
                items = []
            items.append(item)
            if len(items) + len(rows) > MAX_ITEMS:
                raise TooComplex("too many items", self.t.pos)
        self.depth -= 1
        if rows:
            rows.append(items[0] if len(items) == 1 else Node("list", tuple(items)))
            return Node("list", tuple(rows))
        join = joins.pop() if len(joins) == 1 and joins <= {"and", "or"} else None
        return items[0] if len(items) == 1 else Node("list", tuple(items), join)

    def relation(self) -> Node:
        first = self.union()
        terms = [first]
        ops: list[str] = []
        while self.t.kind == "op" and self.t.text in _RELATIONS:
            ops.append(self.t.text)
            self.i += 1
            terms.append(self.union())
        if self.t.kind == "cmd" and self.t.text in ("pmod", "mod"):
            paren = self.t.text == "pmod"
            self.i += 1
            modulus = self.argument() if paren else self.power()
            if ops != ["≡"]:
                raise self.error("a modulus without a congruence")
            return Node("mod", (terms[0], terms[1], modulus))
        if self.is_op("(") and ops == ["≡"] and self.tokens[self.i + 1].text == "mod":
            self.i += 2
            modulus = self.power()
            self.expect(")")
            return Node("mod", (terms[0], terms[1], modulus))
        return Node("rel", tuple(terms), " ".join(ops)) if ops else first

    def union(self) -> Node:
        node = self.ratio()
        while self.is_op("∪", "∩", "∖") or (
            self.t.kind == "sym"
            and self.t.text in ("U", "∪")
            and node.op in ("interval", "tuple", "bracket")
            and self.tokens[self.i + 1].text in "(["
        ):
            op = {"∩": "inter", "∖": "minus"}.get(self.t.text, "union")
            self.i += 1
            node = Node(op, (node, self.ratio()))
        return node

    def ratio(self) -> Node:
        node = self.quantity()
        if self.is_op(":") and not self.bars:
            args = [node]
            while self.accept(":"):
                args.append(self.quantity())
            return Node("ratio", tuple(args), self._source(args))
        return node

    def _source(self, _args: list[Node]) -> str:
        return " ".join(t.text for t in self.tokens[max(0, self.i - 3) : self.i])

    def quantity(self) -> Node:
        currency = ""
        sign = False
        if self.is_op("-") and self.tokens[self.i + 1].text in ("$", "€", "£", "¥"):
            sign = True
            self.i += 1
        if self.is_op("$", "€", "£", "¥"):
            currency = self.t.text
            self.i += 1
        if self.t.kind == "text" or (self.t.kind == "word" and not self._splits(self.t.text)):
            return self._label_or_text()
        node = self.sum()
        if sign:
            node = Node("neg", (node,))
        unit = self._unit()
        if node.op == "deg" and not unit:
            node, unit = node.args[0], "°"
        if node.op == "neg" and node.args[0].op == "deg" and not unit:
            node, unit = Node("neg", (node.args[0].args[0],)), "°"
        if unit.split(" ")[0].lower() in _SCALES:
            head, _, rest = unit.partition(" ")
            node, unit = Node("mul", (node, num(10 ** _SCALES[head.lower()]))), rest
        if unit.split(" ")[0].lower() in ("percent", "percentage", "pct"):
            return Node("pct", (node,))
        if unit.lower() in ("rad", "radian", "radians"):
            unit = "rad"
        if unit and currency:
            unit = (
                currency if not lookup(unit.split(" ")[0]) or lookup(unit.split(" ")[0]) == lookup(currency) else unit
            )
        unit = unit or currency
        return Node("quantity", (node,), unit) if unit else node

    def _splits(self, word: str) -> bool:
        return (len(word) <= 3 and word.lower() not in _WORDS) or (word.isupper() and len(word) <= 4)

    def _label_or_text(self) -> Node:
        parts: list[str] = []
        while self.t.kind in ("text", "word", "sym"):
            parts.append(self.t.text)
            self.i += 1
        return Node("text", (), " ".join(parts))

    def _unit(self) -> str:
        parts: list[str] = []
        while True:
            t = self.t
            if t.kind in ("text", "word"):
                if any(
                    w.strip(".,()").lower() in _FORBIDDEN_NOUNS and w.lower() not in _SCALES for w in t.text.split()
                ):
                    raise self.error("words that change the answer")
                parts.append(t.text.strip(" ."))
            elif t.kind == "op" and t.text in ("$", "€", "£", "¥"):
                parts.append(t.text)
            elif parts and t.kind == "op" and t.text == "/" and self.tokens[self.i + 1].kind in ("text", "word", "sym"):
                parts.append("/")
            elif parts and parts[-1] == "/" and t.kind == "sym":
                parts.append(t.text)
            elif parts and t.kind == "op" and t.text == "^":
                self.i += 1
                exponent = self.argument()
                if exponent.op != "num":
                    raise self.error("a unit's exponent")
                parts[-1] += f"^{exponent.value}"
                continue
            elif (
                not parts
                and t.kind == "sym"
                and t.spaced
                and self.i
                and self.tokens[self.i - 1].kind == "num"
                and t.text in "mgshLNJWVK"
                and self.tokens[self.i + 1].kind in ("end", "op")
            ):
                parts.append(t.text)
            else:
                break
            if len(parts) > 12:
                raise self.error("too many words")
            self.i += 1
        return " ".join(p for p in parts if p)

    # arithmetic

    def sum(self) -> Node:
        terms = [self.term()]
        while True:
            if self.accept("+"):
                terms.append(self.term())
            elif self.accept("-"):
                terms.append(Node("neg", (self.term(),)))
            elif self.is_op("±", "∓"):
                op = self.t.text
                self.i += 1
                left = terms[0] if len(terms) == 1 else Node("add", tuple(terms))
                terms = [Node("pm", (left, self.term()), op)]
            else:
                break
        return terms[0] if len(terms) == 1 else Node("add", tuple(terms))

    def term(self) -> Node:
        if self.is_op("-", "+"):
            negative = self.signs()
            inner = self.term()
            return Node("neg", (inner,)) if negative else inner
        if self.is_op("±", "∓"):
            op = self.t.text
            self.i += 1
            return Node("pm", (num(0), self.term()), op)
        node = self.power()
        for _ in range(MAX_CHAIN):
            if self.accept("*"):
                node = Node("mul", (node, self.signed()))
            elif self.is_op("/"):
                self.i += 1
                node = Node("div", (node, self.signed()))
            elif self.t.kind == "cmd" and self.t.text == "bmod":
                raise self.error("a remainder")
            elif self.starts_factor():
                right = self.power()
                if (
                    node.op == "num"
                    and node.value.q == 1
                    and right.op == "div"
                    and right.args[0].op == "num" == right.args[1].op
                    and node.value >= 0
                ):
                    node = Node("add", (node, right))  # a mixed number
                elif node.op == "num" and right.op == "num":
                    if self.i < 2 or not self._mixed(node, right):
                        raise self.error("two numbers side by side")
                    self.i += 1
                    bottom = self.power()
                    node = Node("add", (node, Node("div", (right, bottom))))
                else:
                    node = Node("mul", (node, right))
            else:
                return node
        raise TooComplex("too many factors", self.t.pos)

    def _mixed(self, whole: Node, top: Node) -> bool:
        nxt = self.tokens[self.i + 1]
        return whole.value.q == 1 and top.value.q == 1 and self.is_op("/") and nxt.kind == "num" and nxt.text.isdigit()

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
        if t.kind == "sym" and self.integral and t.text == "d" and self.tokens[self.i + 1].kind == "sym":
            return False
        if t.kind in ("num", "const", "fn"):
            return True
        if t.kind == "sym":
            spaced_unit = (
                t.spaced
                and self.i
                and self.tokens[self.i - 1].kind == "num"
                and t.text in "mgshLNJWVK"
                and self.tokens[self.i + 1].kind in ("end", "op")
                and self.tokens[self.i + 1].text in ("", "^", "/", ",", ")")
            )
            return not spaced_unit
        if t.kind == "word":
            if self.integral and len(t.text) == 2 and t.text[0] == "d":
                return False
            return self._splits(t.text) and not (
                self.i and lookup(t.text) and self.tokens[self.i - 1].kind in ("num", "op")
            )
        if t.kind == "cmd":
            return t.text not in ("pmod", "mod", "bmod", "end", "over", "choose")
        if t.kind == "op":
            return t.text in ("(", "{", "[", "⌊", "⌈", "s{", "⟨") or (t.text in ("|",) and not self.bars)
        return False

    def power(self) -> Node:
        node = self.postfix(self.atom())
        if self.accept("^"):
            if self.accept("∘", "°"):
                return self.postfix(Node("deg", (node,)))
            if self.is_op("{") and self.tokens[self.i + 1].text == "∘" and self.tokens[self.i + 2].text == "}":
                self.i += 3
                return self.postfix(Node("deg", (node,)))
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
        return self.power() if not self.is_op("{") else self.argument()

    def postfix(self, node: Node) -> Node:
        for _ in range(MAX_CHAIN // 4):
            if self.accept("!"):
                node = Node("fact", (node,))
            elif self.accept("%"):
                node = Node("pct", (node,))
            elif self.accept("∘", "°"):
                node = Node("deg", (node,))
            elif self.is_op("'") and node.op in ("sym", "app"):
                self.i += 1
                node = Node("app", (node,), "'")
            elif self.is_op("_") and node.op in ("num", "paren", "list"):
                self.i += 1
                node = self.base(node)
            else:
                return node
        raise TooComplex("too many postfix signs", self.t.pos)

    def base(self, _node: Node) -> Node:
        digits = self._digits
        if self.t.kind == "text" or self.t.kind == "word":
            names = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
            if self.t.text not in names:
                raise self.error("a base")
            b = names[self.t.text]
            self.i += 1
        else:
            arg = self.argument()
            if arg.op != "num" or not 2 <= arg.value <= 36 or arg.value.q != 1:
                raise self.error("a base between 2 and 36")
            b = int(arg.value.p)
        whole, _, part = digits.partition(".")
        try:
            value = fmpq(int(whole + part, b), b ** len(part))
        except ValueError:
            raise self.error(f"digits of base {b}") from None
        return Node("base", (num(value),), b)

    _digits = ""

    def argument(self) -> Node:
        """A braced group, or one token as TeX takes it: one digit of a number."""
        t = self.t
        if self.accept("{"):
            if self.is_op("}"):
                raise self.error("an empty group")
            node = self.items()
            if self.t.kind == "cmd" and self.t.text in ("over", "choose"):
                kind = self.t.text
                self.i += 1
                right = self.items()
                node = Node("div", (node, right)) if kind == "over" else Node("fn", (node, right), "binom")
            self.expect("}")
            return node
        if t.kind == "num" and len(t.text) > 1 and t.text.isdigit():
            self.tokens[self.i] = Token("num", t.text[1:], t.pos + 1, False)
            return num(int(t.text[0])) if t.text[0].isdigit() else self._fail("a digit")
        if self.is_op("-"):
            self.i += 1
            return Node("neg", (self.argument(),))
        return self.atom()

    def _fail(self, what: str) -> Node:
        raise self.error(f"expected {what}")

    # atoms

    def atom(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deep", self.t.pos)
        t = self.t
        if t.kind == "num":
            self.i += 1
            self._digits = t.text
            value = number(t.text)
            if self.is_op("…"):
                value = self._continued(t.text)
            node = Node("num", (), value)
        elif t.kind == "const":
            self.i += 1
            node = Node("const", (), t.text)
        elif t.kind == "sym":
            node = self.symbol()
        elif t.kind == "word" and self._splits(t.text):
            self.i += 1
            node = Node("sym", (), t.text[0])
            for c in t.text[1:]:
                node = Node("mul", (node, Node("sym", (), c)))
        elif t.kind == "fn":
            node = self.function()
        elif t.kind == "cmd":
            node = self.command()
        elif t.kind == "op":
            node = self.bracket()
        else:
            raise self.error("expected a value")
        self.depth -= 1
        return node

    def _continued(self, text: str) -> fmpq:
        self.i += 1
        digits = text.partition(".")[2]
        for period in range(1, len(digits) // 2 + 1):
            tail = digits[-period:]
            if len(digits) >= 3 and digits.endswith(tail * max(2, 3 // period)):
                return number(f"{text[: len(text) - period]}({tail})")
        raise self.error("digits that go on without a period")

    def symbol(self) -> Node:
        name = self.t.text
        self.i += 1
        if name == "i" and not self.is_op("_"):
            return Node("const", (), "i")
        if name == "e" and not self.is_op("_"):
            return Node("const", (), "e")
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
        if self.is_op("(") and (name in _FUNCTION_LETTERS or (name[0] in _FUNCTION_LETTERS and "_" in name)):
            arg = self.bracket()
            return Node("app", arg.args if arg.op == "tuple" else (arg,), name)
        return Node("sym", (), name)

    def function(self) -> Node:
        name = self.t.text
        name = _ALIASES.get(name, name)
        self.i += 1
        exponent: Node | None = None
        base: Node | None = None
        while True:
            if name == "log" and base is None and self.accept("_"):
                base = self.argument()
            elif exponent is None and self.accept("^"):
                exponent = self.argument() if self.is_op("{") else self.exponent()
            else:
                break
        arg = self.operand()
        args = arg.args if arg.op in ("tuple", "list") else (arg,)
        if exponent == MINUS_ONE or exponent == Node("neg", (ONE,)):
            name, exponent = "arc" + name, None
        if name == "ln":
            name = "log"
        elif name == "log" and base is None:
            base = num(10)
        if base is not None:
            node = Node("div", (Node("fn", args, "log"), Node("fn", (base,), "log")))
        elif name == "exp":
            node = Node("pow", (Node("const", (), "e"), args[0]))
        else:
            node = Node("fn", args, name)
        return Node("pow", (node, exponent)) if exponent is not None else node

    def operand(self) -> Node:
        if self.is_op("(", "[", "{"):
            return self.postfix(self.argument() if self.is_op("{") else self.bracket())
        if self.is_op("-"):
            return self.signed()
        node = self.power()
        while self.starts_factor() and self.t.kind not in ("fn",) and not self.is_op("("):
            node = Node("mul", (node, self.power()))
        while self.is_op("/") and node.op != "div" and self.tokens[self.i + 1].kind == "num":
            self.i += 1
            node = Node("div", (node, self.power()))
        return node

    def command(self) -> Node:
        name = self.t.text
        self.i += 1
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return Node("div", (self.argument(), self.argument()))
        if name in ("sqrt", "surd", "cbrt"):
            index = TWO if name != "cbrt" else num(3)
            if name == "sqrt" and self.accept("["):
                index = self.items()
                self.expect("]")
            if self.is_op("("):
                return Node("root", (self.bracket(), index))
            return Node("root", (self.argument() if name == "sqrt" else self.atom(), index))
        if name in ("binom", "dbinom", "tbinom"):
            if self.is_op("("):
                arg = self.bracket()
                return Node("fn", arg.args, "binom")
            return Node("fn", (self.argument(), self.argument()), "binom")
        if name == "mathbb":
            arg = self.argument()
            if arg.value not in _CONST_SETS:
                raise self.error("a set of numbers")
            return Node("const", (), _CONST_SETS[arg.value])
        if name == "begin":
            return self.environment()
        if name in ("sum", "prod"):
            return self.series(name)
        if name == "int":
            return self.integral_of()
        if name in ("overline", "bar", "vec", "hat", "widehat", "tilde", "overrightarrow"):
            return Node("app", (self.argument(),), name)
        if name in ("angle", "triangle"):
            return Node("app", (self.power(),), name)
        raise self.error(f"\\{name} out of place")

    def series(self, name: str) -> Node:
        low: Node | None = None
        high: Node | None = None
        while self.is_op("_", "^"):
            lower = self.t.text == "_"
            self.i += 1
            if lower:
                low = self.argument() if not self.is_op("{") else self._group_relation()
            else:
                high = self.argument()
        if low is None or high is None or low.op != "rel" or low.value != "=":
            raise self.error("bounds of a sum")
        return Node(name, (low.args[0], low.args[1], high, self.term()))

    def _group_relation(self) -> Node:
        self.expect("{")
        node = self.relation()
        self.expect("}")
        return node

    def integral_of(self) -> Node:
        bounds: dict[str, Node] = {}
        while self.is_op("_", "^"):
            which = self.t.text
            self.i += 1
            bounds[which] = self.argument()
        if len(bounds) != 2:
            raise self.error("bounds of an integral")
        self.integral += 1
        body = self.sum()
        self.integral -= 1
        if self.t.kind == "word" and len(self.t.text) == 2 and self.t.text[0] == "d":
            variable = Node("sym", (), self.t.text[1])
            self.i += 1
        elif self.t.kind == "sym" and self.t.text == "d":
            self.i += 1
            variable = self.atom()
        else:
            raise self.error("the variable of an integral")
        return Node("int", (variable, bounds["_"], bounds["^"], body))

    def environment(self) -> Node:
        name = self._name()
        if name == "array" and self.is_op("{"):
            while not self.accept("}"):
                if self.t.kind == "end":
                    raise self.error("columns of an array")
                self.i += 1
        rows: list[Node] = []
        cells: list[Node] = []
        while True:
            if self.t.kind == "cmd" and self.t.text == "end":
                self.i += 1
                if self._name() != name:
                    raise self.error("another environment's end")
                break
            if self.accept("\\\\"):
                rows.append(Node("row", tuple(cells)))
                cells = []
            elif self.accept("&"):
                pass
            else:
                cells.append(self.items())
                if len(rows) + len(cells) > MAX_ITEMS:
                    raise TooComplex("matrix too large", self.t.pos)
        if cells:
            rows.append(Node("row", tuple(cells)))
        if name.rstrip("*") in ("cases", "align", "aligned", "gathered"):
            return Node("list", tuple(c for r in rows for c in r.args))
        if not rows or name not in ("pmatrix", "bmatrix", "matrix", "array", "vmatrix", "Bmatrix", "smallmatrix"):
            raise self.error(f"environment {name}")
        node = Node("matrix", tuple(rows))
        return Node("fn", (node,), "det") if name == "vmatrix" else node

    def _name(self) -> str:
        self.expect("{")
        name = ""
        while not self.accept("}"):
            if self.t.kind == "end":
                raise self.error("an environment's name")
            name += self.t.text
            self.i += 1
        return name

    def bracket(self) -> Node:
        t = self.t
        self.i += 1
        op = t.text
        if op in ("|", "‖"):
            self.bars += 1
            inner = self.items()
            self.bars -= 1
            self.expect(op)
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
            close = "}" if op == "{" else "s}"
            if self.accept(close):
                return Node("const", (), "empty")
            if op == "{" and self.is_op(","):
                raise self.error("a group")
            self.bars = int(op == "s{")  # so that a bar ends the pattern of a set-builder
            inner = self.items()
            self.bars = 0
            if op == "s{" and self.is_op("|", ":"):
                self.i += 1
                condition = self.items()
                self.expect(close)
                return Node("setb", (inner, condition))
            self.expect(close)
            if op == "s{" or inner.op == "list":
                return Node("set", inner.args if inner.op == "list" else (inner,))
            return inner
        if op == "⟨":
            inner = self.items()
            self.expect("⟩")
            return Node("tuple", inner.args if inner.op == "list" else (inner,))
        if op == "]":
            inner = self.items()
            if inner.op != "list" or len(inner.args) != 2 or not self.is_op("[", "]"):
                raise self.error("an interval")
            close = self.t.text
            self.i += 1
            return Node("interval", inner.args, "(" + (")" if close == "[" else "]"))
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
        if op == "[" and close == "[" and pair:
            return Node("interval", inner.args, "[)")
        if op + close == "()":
            return Node("tuple", inner.args) if inner.op == "list" else inner
        if op + close == "[]":
            if inner.op == "matrix":
                return inner
            return Node("bracket", inner.args if inner.op == "list" else (inner,))
        if not pair:
            raise self.error("mismatched brackets")
        return Node("interval", inner.args, op + close)


_WORDS = frozenset(
    [
        "odd",
        "yes",
        "no",
        "cat",
        "dog",
        "red",
        "one",
        "two",
        "six",
        "ten",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "is",
        "it",
        "an",
        "as",
        "by",
        "not",
        "all",
        "any",
        "day",
        "man",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
        "so",
        "if",
        "per",
        "for",
        "ft",
        "cm",
        "mm",
        "km",
        "kg",
        "lb",
        "oz",
        "hr",
        "min",
        "sec",
        "mph",
        "pct",
        "usd",
        "mi",
        "yd",
        "am",
        "pm",
    ]
)


def parse(text: str, *, group: bool = True, decimal_comma: bool = False) -> Node:
    """Tree of a cleaned answer. Raises Unparsable or TooComplex."""
    return Parser(tokenize(text, group=group, decimal_comma=decimal_comma)).answer()
