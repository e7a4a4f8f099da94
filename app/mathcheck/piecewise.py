"""Functions by cases: equal where their domains are and the values agree on every common part."""

from flint import fmpq

from app.mathcheck.ast import Node, is_scalar, num, substitute, symbols
from app.mathcheck.balls import OutOfDomain, ball
from app.mathcheck.inequalities import RealSets
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.outcome import Outcome, Undecided, both, different, undecided
from app.mathcheck.policy import Policy
from app.mathcheck.reals import EMPTY, REALS, Line, RealSet, compare_sets
from app.mathcheck.scalar import by_points, compare_scalars, order


def compare_cases(a: Node, b: Node, policy: Policy) -> Outcome:
    """Two functions of one variable of which one at least is by cases."""
    line = Line(order)
    try:
        xs, ys = _pieces(a, line), _pieces(b, line)
        if xs is None or ys is None:
            return undecided("a function by cases")
        if "cases" not in (a.op, b.op) or a.op != b.op:
            xs, ys = _whole_line(xs, ys, line), _whole_line(ys, xs, line)
        domains = compare_sets(_domain(xs, line), _domain(ys, line), line, lambda p, q: compare_scalars(p, q, policy))
        if domains.equal is not True:
            return domains if domains.equal is None else different("different domains")
        if len(xs) * len(ys) > MAX_ITEMS:
            raise TooComplex("too many cases")
        names = symbols(a) | symbols(b)
        return both(
            [
                _on(v, w, line.intersection(s, t), names, policy, line)
                for v, s in xs
                for w, t in ys
                if line.intersection(s, t).pieces
            ]
        )
    except Undecided as reason:
        return undecided(str(reason))


def _pieces(node: Node, line: Line) -> list[tuple[Node, RealSet]] | None:
    if node.op != "cases":
        return [(node, REALS)]
    sets = RealSets(line)
    found: list[tuple[Node, RealSet]] = []
    for row in node.args:
        value, condition = row.args
        if condition.op == "text":
            where = line.complement(_domain(found, line))
        else:
            where = sets.of(condition)
            if where is None and condition.op == "rel" and condition.value == "=":
                where = sets.of(Node("list", (condition, Node("rel", condition.args, ">")), "or"))
                where = where and line.difference(where, sets.of(condition._replace(value=">")) or EMPTY)
        if where is None or not is_scalar(value):
            return None
        found.append((value, where))
    return found


def _whole_line(
    xs: list[tuple[Node, RealSet]], ys: list[tuple[Node, RealSet]], line: Line
) -> list[tuple[Node, RealSet]]:
    """A formula without conditions, without the isolated points at which it has no value."""
    if len(xs) != 1 or xs[0][1] != REALS:
        return xs
    value = xs[0][0]
    gaps = line.complement(_domain(ys, line))
    names = symbols(value)
    if len(names) != 1 or any(p.low != p.high or _has_value(value, names, p.low) for p in gaps.pieces):
        return xs
    return [(value, line.difference(REALS, gaps))]


def _has_value(node: Node, names: set[str], at: Node) -> bool:
    try:
        ball(substitute(node, next(iter(names)), at), {}, 64)
    except (OutOfDomain, ZeroDivisionError):
        return False
    return True


def _domain(pieces: list[tuple[Node, RealSet]], line: Line) -> RealSet:
    total = EMPTY
    for _, s in pieces:
        total = line.union(total, s)
    return total._replace(variable="")


def _on(v: Node, w: Node, where: RealSet, names: set[str], policy: Policy, line: Line) -> Outcome:
    """Two values on a part of the line: at its isolated points, and as functions inside of its intervals."""
    if len(names) > 1:
        return compare_scalars(v, w, policy)
    outcomes: list[Outcome] = []
    name = next(iter(names), "x")
    for p in where.pieces:
        if p.low == p.high:
            outcomes.append(compare_scalars(substitute(v, name, p.low), substitute(w, name, p.low), policy))
            continue
        same = compare_scalars(v, w, policy)
        if same.equal:
            outcomes.append(same)
            continue

        def inside(x: fmpq, low: Node = p.low, high: Node = p.high) -> bool:
            return line.order(num(x), low) > 0 and line.order(num(x), high) < 0

        outcomes.append(by_points(v, w, policy, inside) if symbols(v) | symbols(w) else same)
    return both(outcomes)
