"""Commands and functions: fractions, roots, sums, products, integrals, limits, named functions."""

from app.mathcheck.ast import MINUS_ONE, ONE, TWO, Node, num, replace
from app.mathcheck.derivatives import derivative, left_side
from app.mathcheck.lexicon import ALIASES, SETS_OF_NUMBERS
from app.mathcheck.parser.environments import Environments

_FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "cfrac"])
_ACCENTS = frozenset(["overline", "bar", "vec", "hat", "widehat", "tilde", "overrightarrow"])
_SAME_ACCENT = {"bar": "overline", "widehat": "hat", "overrightarrow": "vec"}


_DIFFERENTIALS = (Node("sym", (), "d"), Node("sym", (), "partial"))


def _differentiated(over: Node, under: Node) -> tuple[Node | None, Node, int] | None:
    """What `d/dx`, `d²y/dx²` differentiates, where the fraction says it, by what and how often; None for a quotient."""
    if under.op != "mul" or len(under.args) != 2 or under.args[0] not in _DIFFERENTIALS:
        return None
    d, below = under.args
    variable, n = _base_and_exponent(below)
    body = over.args[1] if over.op == "mul" and len(over.args) == 2 else None
    head, m = _base_and_exponent(over if body is None else over.args[0])
    if head != d or m != n or variable.op != "sym":
        return None
    return body, variable, n


def _base_and_exponent(node: Node) -> tuple[Node, int]:
    if node.op == "pow" and node.args[1].op == "num" and node.args[1].value.q == 1 and node.args[1].value > 0:
        return node.args[0], int(node.args[1].value.p)
    return node, 1


class Commands(Environments):
    def command(self) -> Node:
        name = self.t.text
        self.i += 1
        if name in _FRACTIONS:
            over, under = self.argument(), self.argument()
            taken = _differentiated(over, under)
            return Node("div", (over, under)) if taken is None else self._derivative(*taken)
        if name in ("sqrt", "surd", "cbrt"):
            return self._root(name)
        if name in ("binom", "dbinom", "tbinom"):
            if self.is_op("("):
                arg = self.bracket()
                if len(arg.args) != 2:
                    raise self.error("two arguments of a binomial")
                return Node("fn", arg.args, "binom")
            return Node("fn", (self.argument(), self.argument()), "binom")
        if name == "mathbb":
            return self._number_set()
        if name == "begin":
            return self.environment()
        if name in ("sum", "prod"):
            return self._series(name)
        if name == "int":
            return self._integral()
        if name == "lim":
            return self._limit()
        if name in _ACCENTS:
            return Node("app", (self.argument(),), _SAME_ACCENT.get(name, name))
        if name in ("angle", "triangle"):
            return Node("app", (self.power(),), name)
        raise self.error(f"\\{name} out of place")

    def _derivative(self, body: Node | None, variable: Node, order: int) -> Node:
        if body is None:
            if not self.starts_factor() and not self.is_op("["):
                raise self.error("a value, not a derivative to take")
            body = self.term()
        if body.op == "bracket" and len(body.args) == 1:
            body = body.args[0]
        return left_side(body, variable, order) if self.is_op("=") else derivative(body, variable, order)

    def _number_set(self) -> Node:
        arg = self.argument()
        if arg.value not in SETS_OF_NUMBERS:
            raise self.error("a set of numbers")
        name = SETS_OF_NUMBERS[arg.value]
        if self.is_op("_", "^") and name in ("reals", "integers", "naturals") and self.ahead().text in "+{":
            start = self.i
            self.i += 1
            braces = self.accept("{")
            if self.accept("+") and (not braces or self.accept("}")):
                return Node("const", (), "positive " + name)
            self.i = start
        return Node("const", (), name)

    def _root(self, name: str) -> Node:
        index = TWO if name != "cbrt" else num(3)
        if name == "sqrt" and self.accept("["):
            index = self.items()
            self.expect("]")
        if self.is_op("("):
            return Node("root", (self.bracket(), index))
        return Node("root", (self.argument() if name == "sqrt" else self.atom(), index))

    def _series(self, name: str) -> Node:
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
        variable, start = low.args
        body = self.term()
        if variable.op == "const" and variable.value in ("i", "e"):
            bound = Node("sym", (), variable.value)
            variable, body = bound, replace(body, variable, bound)
        if variable.op != "sym":
            raise self.error("the variable of a sum")
        return Node(name, (variable, start, high, body))

    def _group_relation(self) -> Node:
        self.expect("{")
        node = self.relation()
        self.expect("}")
        return node

    def _integral(self) -> Node:
        bounds: dict[str, Node] = {}
        while self.is_op("_", "^"):
            which = self.t.text
            self.i += 1
            bounds[which] = self.argument()
        if len(bounds) != 2:
            raise self.error("bounds of an integral")
        self.integral += 1
        body = ONE if self._differential_here() else self.sum()
        self.integral -= 1
        if self._differential_here():
            self.i += 1
            variable = self.atom()
        else:
            found = _numerator(body)
            if found is None:
                raise self.error("the variable of an integral")
            variable, body = found
        return Node("int", (variable, bounds["_"], bounds["^"], body))

    def _differential_here(self) -> bool:
        return self.t.kind == "sym" and self.t.text == "d" and self.ahead().kind == "sym"

    def _limit(self) -> Node:
        self.expect("_")
        self.expect("{")
        if self.t.kind != "sym":
            raise self.error("the variable of a limit")
        variable = Node("sym", (), self.t.text)
        self.i += 1
        self.expect("→")
        sign = 0
        if self.ahead().text == "^" or self.t.text in "+-":
            point = self.atom() if self.t.text not in "+-" else self.signed()
            if self.accept("^"):
                braces = self.accept("{")
                sign = 1 if self.is_op("+") else -1
                if not self.accept("+", "-") or (braces and not self.accept("}")):
                    raise self.error("the side of a limit")
        else:
            point = self.sum()
        self.expect("}")
        return Node("lim", (variable, point, self.term()), sign)

    def function(self) -> Node:
        name = ALIASES.get(self.t.text, self.t.text)
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
        arg = self._operand()
        args = arg.args if arg.op in ("tuple", "list") or (arg.op == "set" and name in ("max", "min")) else (arg,)
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
        elif name == "cis":
            sine = Node("mul", (Node("const", (), "i"), Node("fn", args, "sin")))
            node = Node("add", (Node("fn", args, "cos"), sine))
        else:
            node = Node("fn", args, name)
        return Node("pow", (node, exponent)) if exponent is not None else node

    def _operand(self) -> Node:
        """What a function is applied to: a bracket, or the product that follows."""
        if self.is_op("(", "[", "{"):
            node = self.postfix(self.argument() if self.is_op("{") else self.bracket())
            return Node("deg", (node,)) if self.degree_sign() else node
        if self.is_op("-"):
            return self.signed()
        node = self.power()
        while self.starts_factor() and self.t.kind != "fn" and not self.is_op("("):
            node = Node("mul", (node, self.power()))
        while self.is_op("/") and node.op != "div" and self.ahead().kind == "num":
            self.i += 1
            node = Node("div", (node, self.power()))
        return node


def _numerator(body: Node) -> tuple[Node, Node] | None:
    r"""Variable and integrand of `\int \frac{f\,dx}{g}`."""
    if body.op != "div" or body.args[0].op != "mul":
        return None
    factors: list[Node] = []
    top = body.args[0]
    while top.op == "mul" and len(top.args) == 2:
        factors.append(top.args[1])
        top = top.args[0]
    factors = [top, *reversed(factors)]
    if len(factors) < 2 or factors[-2] != Node("sym", (), "d") or factors[-1].op != "sym":
        return None
    rest = ONE
    for f in factors[:-2]:
        rest = Node("mul", (rest, f))
    return factors[-1], Node("div", (rest, body.args[1]))
