"""Lists, tuples, sets, matrices, ratios: compared part by part."""

from math import gcd

from app.mathcheck.ast import Node, is_scalar
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.names import assigned
from app.mathcheck.outcome import Outcome, Same, both, different, undecided

SEQUENCES = frozenset(["list", "tuple", "set", "bracket"])


def compare_sequences(a: Node, b: Node, same: Same) -> Outcome:
    xs, ys = list(a.args), list(b.args)
    if len(xs) > MAX_ITEMS or len(ys) > MAX_ITEMS:
        raise TooComplex("too many items")
    kinds = {a.op, b.op}
    ordered = bool(kinds & {"tuple", "bracket"})
    if "set" in kinds and ordered:
        return different("a set and a tuple")
    if len(ys) == 1 == len(xs):
        return same(xs[0], ys[0])
    points = kinds == {"list"} and all(x.op == "tuple" for x in (*xs, *ys))  # a solution said twice is one
    if "set" in kinds or points:
        xs, ys = _distinct(xs, same), _distinct(ys, same)
    if len(xs) != len(ys):
        if Node("dots") in xs and Node("dots") in ys:
            return undecided("lists with an ellipsis")
        return different(f"{len(xs)} items and {len(ys)}")
    xs, ys, named = _unnamed(xs, ys)
    if Node("dots") in xs and Node("dots") in ys:
        outcome = both(same(x, y) for x, y in zip(xs, ys, strict=True))
        return outcome if outcome.equal or len(xs) != len(ys) else different("another pattern")
    if ordered or named:
        return both(same(x, y) for x, y in zip(xs, ys, strict=True))
    return _matched(xs, ys, same)


def _matched(xs: list[Node], ys: list[Node], same: Same) -> Outcome:
    """Each item has its own counterpart, in any order."""
    outcomes: list[Outcome] = []
    left = list(ys)
    open_items: list[Node] = []
    for x in _without_twins(xs, left):
        unknown = False
        for i, y in enumerate(left):
            o = same(x, y)
            if o.equal:
                outcomes.append(o)
                del left[i]
                break
            unknown |= o.equal is None
        else:
            if not unknown:
                return different("an item has no counterpart")
            open_items.append(x)
    if open_items and any(all(same(x, y).equal is False for x in open_items) for y in left):
        return different("an item has no counterpart")
    return undecided("an item") if open_items else both(outcomes)


def _without_twins(xs: list[Node], left: list[Node]) -> list[Node]:
    """Items for which the same expression stands on the other side are taken from both, without a comparison."""
    rest: list[Node] = []
    for x in xs:
        if x.op != "rel" and x in left:
            left.remove(x)
        else:
            rest.append(x)
    return rest


def _unnamed(xs: list[Node], ys: list[Node]) -> tuple[list[Node], list[Node], bool]:
    """Drop names that only one side states; order then matters if the names differ."""
    if not any(x.op == "rel" for x in (*xs, *ys)):
        return xs, ys, False
    nx, ny = [assigned(x) for x in xs], [assigned(y) for y in ys]
    if any(x.op == "rel" and n is None for x, n in zip((*xs, *ys), (*nx, *ny), strict=True)):
        return xs, ys, False  # a relation is no value that a name could be left out of
    if all(nx) and not any(ny):
        return [n[1] for n in nx if n], ys, _several([n[0] for n in nx if n])
    if all(ny) and not any(nx):
        return xs, [n[1] for n in ny if n], _several([n[0] for n in ny if n])
    if all(nx) and all(ny):
        # x_1 = 1, x_2 = 2 beside x = 1, x = 2: numbered values of one unknown
        stems = [{_stem(n[0]) for n in names if n} for names in (nx, ny)]
        if stems[0] == stems[1] and len(stems[0]) == 1 and None not in stems[0]:
            return [n[1] for n in nx if n], [n[1] for n in ny if n], False
    return xs, ys, False


def _several(names: list[Node]) -> bool:
    """Whether names tell different unknowns apart: x and y do, x_1 and x_2 are two values of x."""
    return len(set(names)) > 1 and (len({_stem(n) for n in names}) > 1 or None in {_stem(n) for n in names})


def _stem(name: Node) -> str | None:
    return str(name.value).partition("_")[0] if name.op == "sym" else None


def _distinct(items: list[Node], same: Same) -> list[Node]:
    kept: list[Node] = []
    for x in items:
        if x not in kept and not any(same(x, y).equal for y in kept):
            kept.append(x)
    return kept


def compare_repeated(items: Node, one: Node, same: Same) -> Outcome:
    """One value said several times, in several forms, is that value."""
    if not all(is_scalar(i) for i in items.args):
        return different("several answers and one")
    outcome = both(same(i, one) for i in dict.fromkeys(items.args))
    return outcome if outcome.equal is not False else different("several answers and one", outcome.certificate)


def compare_matrices(a: Node, b: Node, same: Same) -> Outcome:
    """Matrices entry by entry; a matrix of one row or one column is a vector, which a tuple may write."""
    if a.op == b.op:
        if [len(r.args) for r in a.args] != [len(r.args) for r in b.args]:
            return different("matrices of different shapes")
        return both(
            same(x, y) for r, s in zip(a.args, b.args, strict=True) for x, y in zip(r.args, s.args, strict=True)
        )
    m, t = (a, b) if a.op == "matrix" else (b, a)
    cells = [c for r in m.args for c in r.args]
    if len(m.args) in (1, len(cells)) and len(cells) == len(t.args):
        return both([same(x, y) for x, y in zip(cells, t.args, strict=True)])
    return different("a matrix and a tuple of different shapes")


def compare_ratios(a: Node, b: Node, same: Same) -> Outcome:
    if a.op == b.op:
        if len(a.args) != len(b.args):
            return different("ratios of different lengths")
        if _clock(a) and _clock(b) and not (_reduced(a) or _reduced(b)):
            return both([same(x, y) for x, y in zip(a.args, b.args, strict=True)])
        first, second = a.args[0], b.args[0]
        return both(
            same(Node("mul", (x, second)), Node("mul", (y, first))) for x, y in zip(a.args[1:], b.args[1:], strict=True)
        )
    r, other = (a, b) if a.op == "ratio" else (b, a)
    if len(r.args) == 2 and is_scalar(other) and all(is_scalar(x) for x in r.args):
        return same(Node("div", r.args), other)
    return different("a ratio and another kind")


def _is_hour(n: Node) -> bool:
    return n.op == "num" and 0 <= n.value <= 24


def _reduced(n: Node) -> bool:
    """Whether a ratio of two integers is in lowest terms: `6:17` is one that `18:51` may stand for, and no time."""
    first, second = n.args[0], n.args[1]
    written = str(n.value).split(" ")[-1]
    if len(n.args) != 2 or first.op != "num" or second.op != "num" or written.startswith("0"):
        return False
    return first.value.q == second.value.q == 1 and gcd(int(first.value), int(second.value)) == 1


def _clock(n: Node) -> bool:
    """`10:30`: two digits behind the colon, below sixty."""
    tail = str(n.value).split(" ")
    return (
        len(n.args) in (2, 3)
        and _is_hour(n.args[0])
        and tail[-2:-1] == [":"]
        and len(tail[-1]) == 2
        and tail[-1].isdigit()
        and tail[-1] < "60"
    )
