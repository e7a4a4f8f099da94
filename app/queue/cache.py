"""Scores by content hash, the most recently used ones: in a GRPO group many completions are equal."""

from collections import OrderedDict

import msgspec

from app.queue.pending import Components


class ScoreCache:
    """One per API process, bounded by number. Abstentions are never kept: the next try may do better."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._scores: OrderedDict[bytes, Components] = OrderedDict()

    def get(self, key: bytes) -> Components | None:
        found = self._scores.get(key)
        if found is not None:
            self._scores.move_to_end(key)
        return found

    def put(self, key: bytes, components: Components) -> None:
        """Keep scores, marked as cached; the least recently used ones make room."""
        if not self._most or any(score.status.abstains for _, score in components):
            return
        self._scores[key] = as_cached(components)
        if len(self._scores) > self._most:
            self._scores.popitem(last=False)

    def __len__(self) -> int:
        return len(self._scores)


def as_cached(components: Components) -> Components:
    """The same scores, had for nothing."""
    return [(index, msgspec.structs.replace(score, cached=True, elapsed_us=0)) for index, score in components]
