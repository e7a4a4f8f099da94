"""Sets of real numbers as unions of intervals: put in order, joined, intersected, compared.

Ends are constants of any form. Their order is decided exactly or by disjoint balls; where it can't be, the set is
compared piece by piece as it is written.
"""

from collections.abc import Callable
from functools import cmp_to_key
from typing import NamedTuple

from app.mathcheck.ast import Node, is_scalar, symbols
from app.mathcheck.limits import MAX_ITEMS, TooComplex, Unparsable
from app.mathcheck.outcome import Outcome, Same, Undecided, different, equal, undecided, weaker

INF = Node("const", (), "inf")
NEG_INF = Node("neg", (INF,))

Order = Callable[[Node, Node], int]
"""Sign of the difference of two finite ends. Raises Undecided."""


class Interval(NamedTuple):
    low: Node
    high: Node
    closed_low: bool
    closed_high: bool


class RealSet(NamedTuple):
    pieces: tuple[Interval, ...]
    variable: str = ""
    """The unknown that the set is about, where one was named."""


REALS = RealSet((Interval(NEG_INF, INF, False, False),))
EMPTY = RealSet(())


def is_infinite(n: Node) -> bool:
    return n == INF or (n.op in ("neg", "add", "mul") and any(is_infinite(a) for a in n.args))


def interval(low: Node, high: Node, brackets: str) -> Interval:
    """A piece from two ends and `[)`-like brackets; an infinite end is open however it is written."""
    left = NEG_INF if is_infinite(low) else low
    right = INF if is_infinite(high) else high
    return Interval(left, right, brackets[0] == "[" and left != NEG_INF, brackets[1] == "]" and right != INF)


def point(x: Node) -> Interval:
    return Interval(x, x, True, True)


def points(xs: tuple[Node, ...]) -> RealSet:
    return RealSet(tuple(point(x) for x in xs))


class Line:
    """Set algebra on the real line, with one way of putting two ends in order."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def order(self, x: Node, y: Node) -> int:
        if x == y:
            return 0
        if x == NEG_INF or y == INF:
            return -1
        if x == INF or y == NEG_INF:
            return 1
        return self._order(x, y)

    def _low_order(self, p: Interval, q: Interval) -> int:
        return self.order(p.low, q.low) or int(q.closed_low) - int(p.closed_low)

    def normal(self, s: RealSet) -> RealSet:
        """Disjoint pieces in order, none empty, none touching another."""
        if len(s.pieces) > MAX_ITEMS:
            raise TooComplex("too many intervals")
        kept = [p for p in s.pieces if self._holds(p)]
        kept.sort(key=cmp_to_key(self._low_order))
        merged: list[Interval] = []
        for p in kept:
            if merged and self._touch(merged[-1], p):
                merged[-1] = self._join(merged[-1], p)
            else:
                merged.append(p)
        return s._replace(pieces=tuple(merged))

    def _holds(self, p: Interval) -> bool:
        """Whether a piece has points."""
        o = self.order(p.low, p.high)
        return o < 0 or (o == 0 and p.closed_low and p.closed_high)

    def _touch(self, p: Interval, q: Interval) -> bool:
        """Whether q, which begins no earlier, leaves no gap behind p."""
        o = self.order(q.low, p.high)
        return o < 0 or (o == 0 and (q.closed_low or p.closed_high))

    def _join(self, p: Interval, q: Interval) -> Interval:
        o = self.order(p.high, q.high)
        if o > 0:
            return p
        return p._replace(high=q.high, closed_high=q.closed_high or (o == 0 and p.closed_high))

    def union(self, a: RealSet, b: RealSet) -> RealSet:
        return self.normal(RealSet(a.pieces + b.pieces, a.variable or b.variable))

    def intersection(self, a: RealSet, b: RealSet) -> RealSet:
        if len(a.pieces) * len(b.pieces) > MAX_ITEMS**2 // 4:
            raise TooComplex("too many intervals")
        return self.normal(
            RealSet(tuple(self._meet(p, q) for p in a.pieces for q in b.pieces), a.variable or b.variable)
        )

    def _meet(self, p: Interval, q: Interval) -> Interval:
        low = p if self._low_order(p, q) > 0 else q
        o = self.order(p.high, q.high)
        if o == 0:
            return Interval(low.low, p.high, low.closed_low, p.closed_high and q.closed_high)
        high = p if o < 0 else q
        return Interval(low.low, high.high, low.closed_low, high.closed_high)

    def complement(self, s: RealSet) -> RealSet:
        gaps: list[Interval] = []
        low, closed = NEG_INF, False
        for p in self.normal(s).pieces:
            gaps.append(Interval(low, p.low, closed, not p.closed_low and p.low != NEG_INF))
            low, closed = p.high, not p.closed_high and p.high != INF
        gaps.append(Interval(low, INF, closed, False))
        return self.normal(RealSet(tuple(g for g in gaps if g.low != INF and g.high != NEG_INF), s.variable))

    def difference(self, a: RealSet, b: RealSet) -> RealSet:
        return self.intersection(a, self.complement(b))._replace(variable=a.variable)


def compare_sets(a: RealSet, b: RealSet, line: Line, same: Same) -> Outcome:
    """Whether two sets have the same points."""
    for p in (*a.pieces, *b.pieces):
        if not all(is_infinite(x) or is_scalar(x) for x in (p.low, p.high)):
            raise Unparsable("an interval's end")
    try:
        a, b = line.normal(a), line.normal(b)
    except Undecided as reason:
        return _as_written(a, b, same, str(reason))
    if len(a.pieces) != len(b.pieces):
        return different("different numbers of intervals")
    certificate = "exact"
    for p, q in zip(a.pieces, b.pieces, strict=True):
        if (p.closed_low, p.closed_high) != (q.closed_low, q.closed_high):
            return different("an end that is open in one and closed in the other")
        for x, y in ((p.low, q.low), (p.high, q.high)):
            o = _same_end(x, y, same)
            if not o.equal:
                return o
            certificate = weaker(certificate, o.certificate)
    return Outcome(True, certificate, "the same intervals")


def _as_written(a: RealSet, b: RealSet, same: Same, reason: str) -> Outcome:
    """Piece by piece, in any order, for ends whose order is not known: `(a, b)` with letters."""
    if len(a.pieces) != len(b.pieces):
        return undecided(reason)
    left = list(b.pieces)
    certificate = "exact"
    for p in a.pieces:
        for i, q in enumerate(left):
            if (p.closed_low, p.closed_high) == (q.closed_low, q.closed_high):
                ends = [_same_end(p.low, q.low, same), _same_end(p.high, q.high, same)]
                if all(o.equal for o in ends):
                    certificate = weaker(certificate, weaker(ends[0].certificate, ends[1].certificate))
                    del left[i]
                    break
        else:
            single = len(a.pieces) == 1
            return different("different intervals") if single else undecided(reason)
    return Outcome(True, certificate, "the same intervals")


def _same_end(x: Node, y: Node, same: Same) -> Outcome:
    if x in (INF, NEG_INF) or y in (INF, NEG_INF):
        return equal("infinite ends") if x == y else different("one end is infinite")
    return same(x, y)


def has_letters(s: RealSet) -> bool:
    return any(symbols(p.low) or symbols(p.high) for p in s.pieces)
