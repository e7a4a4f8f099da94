"""Equality of whole answers: containers, relations, quantities, text; scalars go down the ladder."""

import re

from flint import fmpq

from app.mathcheck.ast import Node, is_scalar, num, substitute, symbols
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.policy import Policy
from app.mathcheck.ratfun import RationalFunctions
from app.mathcheck.scalar import Outcome, compare_scalars
from app.mathcheck.solutions import as_set, compare_sets
from app.mathcheck.units import parse_unit

_SEQUENCES = frozenset(["list", "tuple", "set", "bracket"])
_RANK = {"exact": 0, "identity": 1, "ball": 1, "text": 1}


def different(detail: str) -> Outcome:
    return Outcome(False, "exact", detail)


def both(outcomes: list[Outcome]) -> Outcome:
    """All of the parts must be equal; the weakest certificate stands for the whole."""
    weakest = Outcome(True, "exact", "all parts are equal")
    for o in outcomes:
        if o.equal is not True:
            return o
        if _RANK.get(o.certificate, 2) > _RANK.get(weakest.certificate, 2):
            weakest = o
    return weakest


def label(node: Node) -> bool:
    """Whether a left side only names what the right side is: `x`, `f(x)`, `|AB|`, `(p, q)`."""
    if node.op in ("sym", "app", "text"):
        return True
    if node.op == "tuple":
        return all(a.op == "sym" for a in node.args)
    names = symbols(node)
    if not names or not all(n[0].isupper() for n in names):
        return False
    return _only(node, frozenset(["mul", "div", "sym", "fn", "ratio", "app"]))


def _only(node: Node, ops: frozenset[str]) -> bool:
    return node.op in ops and all(_only(a, ops) for a in node.args)


def assigned(node: Node) -> tuple[Node, Node] | None:
    """Name and value of `name = value`, `value = name`, or of a chain that ends in a value."""
    if node.op != "rel":
        return None
    ops = node.value.split()
    if ops in (["="], ["≈"], ["∈"]):
        left, right = node.args
        if label(left) and not (left.op == "sym" and left.value in symbols(right)):
            return left, right
        if ops == ["="] and right.op == "sym" and not symbols(left):
            return right, left
    return None


def expand(node: Node) -> Node:
    """Write ± out, flatten lists of lists that one item made, and drop a chain's steps after checking them."""
    if node.op == "pm":
        left, right = node.args
        plus, minus = Node("add", (left, right)), Node("add", (left, Node("neg", (right,))))
        return Node("list", (plus, minus))
    if node.op == "rel" and node.value.split() == ["="]:
        name, value = node.args
        value = expand(value)
        if value.op == "list" and value.args and label(name):
            return Node("list", tuple(Node("rel", (name, v), "=") for v in value.args))
    if node.op == "div" or node.op == "mul" or node.op == "neg":
        parts = [expand(a) for a in node.args]
        for i, p in enumerate(parts):
            if p.op == "list" and node.args[i].op == "pm":
                return Node("list", tuple(node._replace(args=(*parts[:i], v, *parts[i + 1 :])) for v in p.args))
    if node.op == "bracket" and all(a.op == "bracket" for a in node.args):
        return Node("matrix", tuple(Node("row", a.args) for a in node.args))
    if node.op in ("add", "mul") and all(a.op == "matrix" for a in node.args):
        return _matrix_arithmetic(node)
    if node.op in ("list", "set"):
        items: list[Node] = []
        for a in node.args:
            e = expand(a)
            items.extend(e.args if e.op == "list" and (a.op in ("pm", "div", "mul", "neg", "rel")) else (e,))
        return node._replace(args=_inherit(items))
    return node


def _matrix_arithmetic(node: Node) -> Node:
    total = node.args[0]
    for other in node.args[1:]:
        xs, ys = total.args, other.args
        if node.op == "add":
            if [len(r.args) for r in xs] != [len(r.args) for r in ys]:
                return node
            cells = [
                [Node("add", pair) for pair in zip(r.args, s.args, strict=True)] for r, s in zip(xs, ys, strict=True)
            ]
        else:
            width = len(ys[0].args)
            if (
                any(len(r.args) != len(ys) for r in xs)
                or any(len(s.args) != width for s in ys)
                or len(ys) > MAX_ITEMS // 10
            ):
                return node
            cells = [
                [
                    Node("add", tuple(Node("mul", (x, s.args[j])) for x, s in zip(r.args, ys, strict=True)))
                    for j in range(width)
                ]
                for r in xs
            ]
        total = Node("matrix", tuple(Node("row", tuple(c)) for c in cells))
    return total


def _inherit(items: list[Node]) -> tuple[Node, ...]:
    """`a = 4, -8, -10`: the name holds for what follows."""
    named = len(items) > 1 and items[0].op == "rel" and items[0].value == "=" and items[0].args[0].op == "sym"
    if named and not any(i.op == "rel" for i in items[1:]):
        return (items[0], *(Node("rel", (items[0].args[0], i), "=") for i in items[1:]))
    return tuple(items)


def compare(a: Node, b: Node, policy: Policy) -> Outcome:
    """Whether two answers are the same object. Raises Unparsable, TooComplex."""
    a, b = expand(a), expand(b)
    if a == b and a.op != "rel":
        return Outcome(True, "exact", "the same expression")
    if is_scalar(a) and is_scalar(b):
        a, b = _same_constant(a, b)
        return compare_scalars(a, b, policy)
    if "text" in (a.op, b.op):
        return _text(a, b)
    chain_a, chain_b = chain_value(a, policy), chain_value(b, policy)
    if chain_a != a or chain_b != b:
        return compare(chain_a, chain_b, policy)
    if a.op == "rel" or b.op == "rel":
        return _relations(a, b, policy)
    if "pct" in (a.op, b.op):
        return _percent(a, b, policy)
    if "quantity" in (a.op, b.op) or "deg" in (a.op, b.op):
        return _quantities(a, b, policy)
    sets = as_set(a), as_set(b)
    if sets[0] is not None and sets[1] is not None and not (a.op == b.op == "tuple"):
        return compare_sets(sets[0], sets[1], lambda x, y: compare_scalars(x, y, policy))
    if a.op in _SEQUENCES and b.op in _SEQUENCES:
        return _sequences(a, b, policy)
    if a.op == "list" and is_scalar(b):
        return _repeated(a, b, policy)
    if b.op == "list" and is_scalar(a):
        return _repeated(b, a, policy)
    if a.op == "set" and len(a.args) == 1:
        return compare(a.args[0], b, policy)
    if b.op == "set" and len(b.args) == 1:
        return compare(a, b.args[0], policy)
    if a.op == b.op == "matrix":
        if [len(r.args) for r in a.args] != [len(r.args) for r in b.args]:
            return different("matrices of different shapes")
        return both(
            [
                compare(x, y, policy)
                for r, s in zip(a.args, b.args, strict=True)
                for x, y in zip(r.args, s.args, strict=True)
            ]
        )
    if "matrix" in (a.op, b.op) and {a.op, b.op} <= {"matrix", "tuple", "bracket"}:
        m, t = (a, b) if a.op == "matrix" else (b, a)
        cells = [c for r in m.args for c in r.args]
        if len(m.args) in (1, len(cells)) and len(cells) == len(t.args):
            return both([compare(x, y, policy) for x, y in zip(cells, t.args, strict=True)])
        return different("a matrix and a tuple of different shapes")
    if "ratio" in (a.op, b.op):
        return _ratios(a, b, policy)
    if a.op == b.op == "mod":
        same = both([compare_scalars(a.args[0], b.args[0], policy), compare_scalars(a.args[2], b.args[2], policy)])
        if same.equal is not True:
            return same
        gap = Node("div", (Node("add", (a.args[1], Node("neg", (b.args[1],)))), a.args[2]))
        return compare_scalars(gap, Node("fn", (gap,), "floor"), policy)
    if a.op == b.op and len(a.args) == len(b.args) and a.args and a.value == b.value:
        return both([compare(x, y, policy) for x, y in zip(a.args, b.args, strict=True)])
    return different(f"{a.op} is not {b.op}")


def _same_constant(a: Node, b: Node) -> tuple[Node, Node]:
    """`+ c` and `+ C`: the name of a constant of integration is free."""
    only_a, only_b = symbols(a) - symbols(b), symbols(b) - symbols(a)
    if len(only_a) == len(only_b) == 1 and only_a | only_b <= {"c", "C", "K", "k"}:
        by = Node("sym", (), only_b.pop())
        name = only_a.pop()
        if a.op == b.op == "add" and Node("sym", (), name) in a.args and by in b.args:
            return substitute(a, name, by), b
    return a, b


def chain_value(node: Node, policy: Policy) -> Node:
    """`28 + 32 = 60` is 60 if the steps are true; `√3/3 ≈ 0.577` is its exact side."""
    if node.op != "rel" or set(node.value.split()) - {"=", "≈"}:
        return node
    ops: list[str] = str(node.value).split()
    terms = list(node.args)
    named = label(terms[0]) and len(terms) > 2
    body: list[Node] = terms[1:] if named else terms
    steps = ops[1:] if named else ops
    if len(body) < 2 or any(not is_scalar(t) and t.op not in ("pct", "quantity") for t in body):
        return node
    if not named and any(symbols(t) for t in body):
        return node
    for op, x, y in zip(steps, body, body[1:], strict=False):
        if op == "=":
            if compare(x, y, policy).equal is not True:
                return node
        elif compare_scalars(bare(x), bare(y), Policy(rel_tol=0.01)).equal is not True:
            return node
    value: Node = body[steps.index("≈")] if "≈" in steps else body[-1]
    return Node("rel", (terms[0], value), "=") if named else value


def _repeated(items: Node, one: Node, policy: Policy) -> Outcome:
    """One value said several times, in several forms, is that value."""
    if not all(is_scalar(i) for i in items.args):
        return different("several answers and one")
    outcome = both([compare_scalars(i, one, policy) for i in items.args])
    return outcome if outcome.equal else different("several answers and one")


def bare(node: Node) -> Node:
    return node.args[0] if node.op in ("quantity", "pct", "deg") else node


def _percent(a: Node, b: Node, policy: Policy) -> Outcome:
    if not all(is_scalar(bare(n)) for n in (a, b)):
        return different("a percentage and another kind")
    if "quantity" in (a.op, b.op):
        return different("a percentage and a quantity")
    as_fraction = compare_scalars(_hundredths(a), _hundredths(b), policy)
    if as_fraction.equal or a.op == b.op or policy.percent == "fraction":
        return as_fraction
    return compare_scalars(bare(a), bare(b), policy)


def _hundredths(n: Node) -> Node:
    return Node("div", (n.args[0], num(100))) if n.op == "pct" else n


def _quantities(a: Node, b: Node, policy: Policy) -> Outcome:
    ua, ub = _unit(a), _unit(b)
    x, y = bare(a), bare(b)
    if x.op in ("quantity", "pct") or y.op in ("quantity", "pct"):
        return different("nested units")
    if {ua, ub} == {"°", "rad"}:
        return compare(
            Node("deg", (x,)) if ua == "°" else x, Node("deg", (y,)) if ub == "°" else y, Policy(units="required")
        )
    if {"celsius", "fahrenheit"} & {ua, ub} and ua != ub:
        return different("a temperature on a scale of its own")
    if ua and ub:
        ka, kb = parse_unit(ua), parse_unit(ub)
        if ka and kb:
            if ka.dims != kb.dims:
                return different(f"{ua} and {ub} measure different things")
            if ka.factor != kb.factor:
                return compare(_scaled(x, ka.factor), _scaled(y, kb.factor), policy)
        elif ((ka or kb) and "unit" not in f"{ua} {ub}") or (ka is None and kb is None and not _related(ua, ub)):
            return different(f"{ua} is not {ub}")
    elif policy.units == "required":
        return different("a unit is missing")
    outcome = compare(x, y, policy)
    if outcome.equal is not True and (ua == "°") != (ub == "°") and not (ua and ub) and is_scalar(x) and is_scalar(y):
        return compare_scalars(Node("deg", (x,)) if ua else x, Node("deg", (y,)) if ub else y, policy)
    return outcome


def _related(a: str, b: str) -> bool:
    words = [{w.rstrip("s.") for w in t.lower().split()} for t in (a, b)]
    return bool(words[0] & words[1]) or "unit" in words[0] or "unit" in words[1]


def _unit(n: Node) -> str:
    return n.value if n.op == "quantity" else "°" if n.op == "deg" else ""


def _scaled(n: Node, factor: fmpq) -> Node:
    return Node("mul", (n, Node("num", (), factor)))


def _text(a: Node, b: Node) -> Outcome:
    x, y = _word(a), _word(b)
    if x is not None and y is not None and plain(x) == plain(y):
        return Outcome(True, "text", "the same words")
    return different("different words")


def _word(n: Node) -> str | None:
    """A text, or letters that were read as a product."""
    if n.op in ("text", "sym"):
        return str(n.value)
    if n.op == "mul":
        parts = [_word(a) for a in n.args]
        return None if None in parts else "".join(p for p in parts if p)
    return None


def plain(text: str) -> str:
    """Words of a text answer: no case, articles, punctuation or LaTeX text commands."""
    text = re.sub(r"\\(?:text|textbf|mathrm|mbox|textit|mathbf)\b|[${}\\~]", " ", text)
    text = re.sub(r"\bsolutions\b", "solution", text, flags=re.I)
    words = re.findall(r"[^\W_]+|[-+*/^=<>|%]", text.casefold())
    return " ".join(w for w in words if w not in ("the", "a", "an")) or " ".join(words)


def _sequences(a: Node, b: Node, policy: Policy) -> Outcome:
    xs, ys = list(a.args), list(b.args)
    if len(xs) > MAX_ITEMS or len(ys) > MAX_ITEMS:
        raise TooComplex("too many items")
    if len(ys) == 1 == len(xs):
        return compare(xs[0], ys[0], policy)
    ordered = a.op in ("tuple", "bracket") or b.op in ("tuple", "bracket")
    kinds = {a.op, b.op}
    if "set" in kinds and ordered:
        return different("a set and a tuple")
    if "set" in kinds:
        xs, ys = _distinct(xs, policy), _distinct(ys, policy)
    if len(xs) != len(ys):
        return different(f"{len(xs)} items and {len(ys)}")
    xs, ys, named = _names(xs, ys)
    if named is not None:
        ordered |= named
    if ordered:
        return both([compare(x, y, policy) for x, y in zip(xs, ys, strict=True)])
    outcomes: list[Outcome] = []
    left = list(ys)
    undecided = False
    for x in xs:
        for i, y in enumerate(left):
            o = compare(x, y, policy)
            if o.equal:
                outcomes.append(o)
                del left[i]
                break
            undecided |= o.equal is None
        else:
            return Outcome(None, "undecided(an item)") if undecided else different("an item has no counterpart")
    return both(outcomes)


def _names(xs: list[Node], ys: list[Node]) -> tuple[list[Node], list[Node], bool | None]:
    """Drop names that only one side states; order then matters if the names differ."""
    nx, ny = [assigned(x) for x in xs], [assigned(y) for y in ys]
    if all(nx) and not any(ny):
        names = {n[0] for n in nx if n}
        return [n[1] for n in nx if n], ys, len(names) > 1
    if all(ny) and not any(nx):
        names = {n[0] for n in ny if n}
        return xs, [n[1] for n in ny if n], len(names) > 1
    return xs, ys, None


def _distinct(items: list[Node], policy: Policy) -> list[Node]:
    kept: list[Node] = []
    for x in items:
        if not any(compare(x, y, policy).equal for y in kept):
            kept.append(x)
    return kept


def _ratios(a: Node, b: Node, policy: Policy) -> Outcome:
    if a.op == b.op:
        if len(a.args) != len(b.args):
            return different("ratios of different lengths")
        if _clock(a) and _clock(b):
            return both([compare_scalars(x, y, policy) for x, y in zip(a.args, b.args, strict=True)])
        first, second = a.args[0], b.args[0]
        return both(
            [
                compare(Node("mul", (x, second)), Node("mul", (y, first)), policy)
                for x, y in zip(a.args[1:], b.args[1:], strict=True)
            ]
        )
    r, other = (a, b) if a.op == "ratio" else (b, a)
    if len(r.args) == 2 and is_scalar(other) and all(is_scalar(x) for x in r.args):
        return compare_scalars(Node("div", r.args), other, policy)
    return different("a ratio and another kind")


def _clock(n: Node) -> bool:
    tail = str(n.value).split(" ")
    return (
        len(n.args) in (2, 3) and tail[-2:-1] == [":"] and len(tail[-1]) == 2 and tail[-1].isdigit() and tail[-1] < "60"
    )


def _relations(a: Node, b: Node, policy: Policy) -> Outcome:
    na, nb = assigned(a), assigned(b)
    if na and nb:
        x, y = na[0], nb[0]
        if x.op == y.op == "app" and x.value == y.value and [p.op for p in (*x.args, *y.args)] == ["sym", "sym"]:
            return compare(na[1], substitute(nb[1], str(y.args[0].value), x.args[0]), policy)
        if na[0] == nb[0] or _same_role(na[0], nb[0]):
            return compare(na[1], nb[1], policy)
    elif na and b.op != "rel":
        return compare(na[1], b, policy)
    elif nb and a.op != "rel":
        return compare(a, nb[1], policy)
    sets = as_set(a), as_set(b)
    if sets[0] is not None and sets[1] is not None:
        if sets[0].variable and sets[1].variable and sets[0].variable != sets[1].variable:
            return different("about different variables")
        return compare_sets(sets[0], sets[1], lambda x, y: compare_scalars(x, y, policy))
    if a.op != b.op:
        return different("a relation and another kind")
    oa, ob = a.value.split(), b.value.split()
    if len(oa) == len(ob) == 1:
        return _single(a, b, oa[0], ob[0], policy)
    flipped = Node("rel", tuple(reversed(b.args)), " ".join(_FLIP[o] for o in reversed(ob)))
    for c in (b, flipped):
        if c.value == a.value and len(c.args) == len(a.args):
            outcome = both([compare(x, y, policy) for x, y in zip(a.args, c.args, strict=True)])
            if outcome.equal:
                return outcome
    return different("different chains of relations")


_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "≈": "≈", "≡": "≡", "∈": "∋"}


def _same_role(x: Node, y: Node) -> bool:
    """`y = …` and `f(x) = …`, or the same function with another name for its argument."""
    ops = {x.op, y.op}
    return (ops == {"sym", "app"} and "y" in (x.value, y.value)) or (x.op == y.op == "app" and x.value == y.value)


def _single(a: Node, b: Node, oa: str, ob: str, policy: Policy) -> Outcome:
    if oa not in ("=", "<", ">", "<=", ">=", "!=") or ob not in _FLIP:
        return different("other relations")
    if not all(is_scalar(n) for n in (*a.args, *b.args)):
        return (
            both([compare(x, y, policy) for x, y in zip(a.args, b.args, strict=True)])
            if oa == ob
            else different("other relations")
        )
    da = Node("add", (a.args[0], Node("neg", (a.args[1],))))
    db = Node("add", (b.args[0], Node("neg", (b.args[1],))))
    functions = RationalFunctions(da, db)
    p, q = functions.fraction(da)
    r, s = functions.fraction(db)
    if q == 0 or s == 0 or p == 0 or r == 0:
        return Outcome(True, "identity") if p == r == 0 and oa == ob else different("a relation that says nothing")
    if oa not in ("=", "!=") and not (q.is_constant() and s.is_constant()):
        p, r, q, s = functions.mul(p, q), functions.mul(r, s), q, s
    p, r = functions.reduce(p), functions.reduce(r)
    if p == 0 or r == 0:
        return different("a relation that says nothing")
    c = p.leading_coefficient() / r.leading_coefficient()
    sign = c * s.leading_coefficient() / q.leading_coefficient() if q.is_constant() and s.is_constant() else c
    wanted = oa if oa in ("=", "!=") or sign > 0 else _FLIP[oa]
    if p - r * c == 0 and ob == wanted:
        return Outcome(True, "identity", "the same relation up to a factor")
    return Outcome(False, "identity", "relations that are not multiples of each other")
