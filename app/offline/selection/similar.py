"""How alike texts are: n-grams of words, and MinHash signatures of them."""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from app.offline.extras import optional

_WORD = re.compile(r"[\w']+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", re.UNICODE)
_SHINGLE = 5
"""Words of a shingle: fewer make all mathematics alike, more make every rewording new."""
PERMUTATIONS = 64
"""Standard error of a Jaccard estimate: 1 / sqrt(64), 12 points at most."""


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def ngrams(text: str, n: int) -> set[bytes]:
    """Hashes of a text's n-grams of words; of the whole text where it is shorter. Empty for a text without words."""
    found = words(text)
    if not found:
        return set()
    return {_hash(" ".join(found[i : i + n])) for i in range(max(1, len(found) - n + 1))}


def digest(text: str) -> bytes:
    """Equal for texts that differ in case, space and punctuation alone."""
    return _hash(" ".join(words(text)))


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()


def signature(text: str) -> Any:
    """MinHash of a text's shingles."""
    datasketch: Any = optional("datasketch", "to find near-duplicates")
    minhash: Any = datasketch.MinHash(num_perm=PERMUTATIONS)
    shingles = ngrams(text, _SHINGLE)
    if shingles:
        minhash.update_batch(list(shingles))
    return minhash


class Near:
    """Finds whether a text is near to one that was added before."""

    def __init__(self, threshold: float) -> None:
        datasketch: Any = optional("datasketch", "to find near-duplicates")
        self._index: Any = datasketch.MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
        self._threshold = threshold
        self._known: dict[str, Any] = {}

    def seen(self, key: str, text: str) -> bool:
        """Whether one is that near; the text is added if not."""
        mine = signature(text)
        if any(mine.jaccard(self._known[other]) >= self._threshold for other in self._index.query(mine)):
            return True
        self._index.insert(key, mine)
        self._known[key] = mine
        return False


def spread(texts: Sequence[str], k: int) -> list[int]:
    """k texts that differ most from each other, the shortest first: each next one is farthest from those chosen."""
    if k >= len(texts):
        return list(range(len(texts)))
    signatures = [signature(text) for text in texts]
    chosen = [min(range(len(texts)), key=lambda i: len(texts[i]))]
    while len(chosen) < k:
        rest = (i for i in range(len(texts)) if i not in chosen)
        chosen.append(max(rest, key=lambda i: min(1.0 - signatures[i].jaccard(signatures[j]) for j in chosen)))
    return chosen


class Benchmarks:
    """The n-grams of benchmark questions: a prompt that shares one is contaminated."""

    def __init__(self, texts: Iterable[str], n: int) -> None:
        self._n = n
        self._short: set[bytes] = set()
        """Questions of fewer words, whole."""
        self._grams: set[bytes] = set()
        for text in texts:
            (self._grams if len(words(text)) >= n else self._short).update(ngrams(text, n))

    def holds(self, text: str) -> bool:
        own = ngrams(text, self._n)
        return not own.isdisjoint(self._grams) or digest(text) in self._short
