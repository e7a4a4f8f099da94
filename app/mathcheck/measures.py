"""Values with a percent sign, a unit, a currency or a degree sign."""

from flint import fmpq

from app.mathcheck.ast import Node, is_scalar, num
from app.mathcheck.outcome import Outcome, Same, different
from app.mathcheck.policy import Policy
from app.mathcheck.units import lookup, parse_unit

_OWN_ZERO = frozenset(["celsius", "fahrenheit"])
"""Scales that no factor brings to another, so that a missing name can't be supplied."""


def is_measure(node: Node) -> bool:
    return node.op in ("pct", "quantity", "deg")


def bare(node: Node) -> Node:
    return node.args[0] if is_measure(node) else node


def compare_measures(a: Node, b: Node, policy: Policy, same: Same) -> Outcome:
    """Two values of which one at least is a measure."""
    if "pct" in (a.op, b.op):
        return _percent(a, b, policy, same)
    return _quantities(_letters_as_unit(a, b), _letters_as_unit(b, a), policy, same)


def _letters_as_unit(node: Node, other: Node) -> Node:
    """`3m` beside `3 m`: the letter is the unit that the other side states."""
    if node.op == "mul" and len(node.args) == 2 and node.args[1].op == "sym" and other.op == "quantity":
        name = str(node.args[1].value)
        if lookup(name) is not None and parse_unit(str(other.value)) is not None and node.args[0].op != "sym":
            return Node("quantity", (node.args[0],), name)
    return node


def _percent(a: Node, b: Node, policy: Policy, same: Same) -> Outcome:
    if not all(is_scalar(bare(n)) for n in (a, b)):
        return different("a percentage and another kind")
    if "quantity" in (a.op, b.op):
        return different("a percentage and a quantity")
    as_fraction = same(_hundredths(a), _hundredths(b))
    if as_fraction.equal or a.op == b.op or policy.percent == "fraction":
        return as_fraction
    return same(bare(a), bare(b))


def _hundredths(n: Node) -> Node:
    return Node("div", (n.args[0], num(100))) if n.op == "pct" else n


def _quantities(a: Node, b: Node, policy: Policy, same: Same) -> Outcome:
    a, b = _counted(a), _counted(b)
    ua, ub = _unit(a), _unit(b)
    x, y = bare(a), bare(b)
    if is_measure(x) or is_measure(y):
        return different("nested units")
    if {ua, ub} in ({"°", "rad"}, {"°", ""}, {"rad", ""}):
        return _angles(a, b, policy, same)
    if (ua in _OWN_ZERO or ub in _OWN_ZERO) and ua != ub:
        return different("a temperature on a scale of its own")
    if ua and ub:
        ka, kb = parse_unit(ua), parse_unit(ub)
        if ka and kb:
            if ka.dims != kb.dims:
                return different(f"{ua} and {ub} measure different things")
            if ka.factor != kb.factor:
                return same(_scaled(x, ka.factor), _scaled(y, kb.factor))
        elif ((ka or kb) and "unit" not in f"{ua} {ub}") or (ka is None and kb is None and not _related(ua, ub)):
            return different(f"{ua} is not {ub}", "text")
    elif policy.units == "required":
        return different("a unit is missing")
    return same(x, y)


def _counted(n: Node) -> Node:
    """`3 dozen` is 36: a count has no dimension that could be left out."""
    unit = parse_unit(n.value) if n.op == "quantity" and n.value not in ("°", "rad") else None
    return _scaled(n.args[0], unit.factor) if unit is not None and not unit.dims else n


def _angles(a: Node, b: Node, policy: Policy, same: Same) -> Outcome:
    """Degrees against radians or a bare number: 45° is π/4, and with units optional it is 45 too."""
    ua, ub = _unit(a), _unit(b)
    x, y = bare(a), bare(b)
    in_radians = same(Node("deg", (x,)) if ua == "°" else x, Node("deg", (y,)) if ub == "°" else y)
    stated = "rad" in (ua, ub) and "°" in (ua, ub)
    if in_radians.equal or stated or policy.units == "required" or not (is_scalar(x) and is_scalar(y)):
        return in_radians
    return same(x, y)


def _related(a: str, b: str) -> bool:
    """Nouns that share a word: `3 apples` and `3 red apples`."""
    words = [{w.rstrip("s.") for w in t.lower().split()} for t in (a, b)]
    return bool(words[0] & words[1]) or "unit" in words[0] or "unit" in words[1]


def _unit(n: Node) -> str:
    return str(n.value) if n.op == "quantity" else "°" if n.op == "deg" else ""


def _scaled(n: Node, factor: fmpq) -> Node:
    return Node("mul", (n, Node("num", (), factor)))
