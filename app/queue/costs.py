"""What an item costs, learned from its scores: micro-batches hold as much work as takes a set time, not a set number.

Cheap items go many at a time, so that the queue costs little beside them; dear ones go alone, so that all children work
on a request and none waits long behind another's.
"""

from collections import OrderedDict
from statistics import median

from app.queue.codec import ItemScores
from app.queue.packing import Limits, Work
from app.rewards.base import CODE_LANE, JUDGE_LANE

_TARGET_US = 15_000.0
"""Time a micro-batch should take: what an online one may have to wait for a child that works on an offline one."""
_FIRST_GUESS_US = {CODE_LANE: 50_000.0, JUDGE_LANE: 500_000.0}
"""Of lanes where one item can take long, until a reply tells."""
_GUESS_US = 250.0
_WEIGHT = 0.2
"""Of each reply against what was known."""
_LOOKED_AT = 8
"""Items of a reply that are looked at. Their median counts: on a busy machine a few of them waited for a core."""
_KEPT = 256


class Costs:
    """Microseconds of an item, for each lane and set of components."""

    def __init__(self, most: Limits) -> None:
        self._most = most
        self._known: OrderedDict[bytes, float] = OrderedDict()

    def limits(self, work: Work) -> Limits:
        """Bounds of a micro-batch of such work."""
        cost = self._known.get(work.encoded) or _FIRST_GUESS_US.get(work.lane, _GUESS_US)
        return Limits(max(1, min(self._most.items, int(_TARGET_US / cost))), self._most.bytes)

    def learn(self, work: Work, scores: list[ItemScores]) -> None:
        """Take in what the items of a reply cost."""
        looked_at = scores[:: max(1, len(scores) // _LOOKED_AT)]
        if not looked_at:
            return
        spent = median(sum(score.elapsed_us for _, score in item.components) for item in looked_at)
        known = self._known.pop(work.encoded, spent)
        self._known[work.encoded] = max(1.0, known + _WEIGHT * (spent - known))
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
