"""Each reward on a 16 KB completion, one core, beside the peer's own way in the same run; language also on 4 KB.

`python -m benchmarks.rewards`. Needs langdetect for the language ratio (extra `bench`). Peers: langdetect on the whole
text, and on each sentence; a multi-line regular expression for format; a set of zipped slices for n-grams, as open-r1.
"""

import re
import statistics
import time
from collections.abc import Callable

from app.rewards import registry
from app.rewards.base import Sample
from app.rewards.prose import Prose, stretches
from tests.rewards.language_set import SENTENCES

SIZE = 16_384
ROUNDS = 15
RUN_S = 0.02
BAR = ("format", "language", "repetition/ngram", "repetition/loop", "length/dapo")
MORE = ("readability", "repetition/compression", "format/tag-count", "format/open-r1")
_OPEN_R1 = re.compile(r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", re.DOTALL | re.MULTILINE)


def thought(size: int) -> str:
    """An English chain of thought with formulas, in which no sentence repeats word by word."""
    parts: list[str] = []
    length = n = 0
    while length < size:
        templates = SENTENCES["en"]
        text = templates[n % len(templates)].format(name=f"Josh{n}", n=n)
        parts.append(f"{text} So ${n} + {n + 1} = {2 * n + 1}$.{chr(10) if n % 3 == 0 else ' '}")
        length += len(parts[-1])
        n += 1
    return "".join(parts)[:size]


def median_us(run: Callable[[], object]) -> float:
    """Median CPU time of a call in microseconds, over rounds of many calls: others on the machine count for little."""
    started = time.process_time()
    run()
    count = max(1, int(RUN_S / max(time.process_time() - started, 1e-7)))
    times: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(count):
            run()
        times.append((time.process_time() - started) / count * 1e6)
    return statistics.median(times)


def ngram_peer(text: str) -> float:
    words = text.lower().split()
    grams: set[tuple[str, ...]] = set()
    total = 0
    for gram in zip(*[words[i:] for i in range(3)], strict=False):
        grams.add(gram)
        total += 1
    return 1 - len(grams) / total


def langdetect_peer(text: str) -> Callable[[], object] | None:
    try:
        import langdetect
    except ImportError:
        return None
    langdetect.DetectorFactory.seed = 0
    return lambda: langdetect.detect(text)


def langdetect_by_sentence(text: str) -> Callable[[], object] | None:
    """The same question, the share of words by language, asked of langdetect: each sentence on its own."""
    if langdetect_peer(text) is None:
        return None
    import langdetect

    sentences = [part.text for part in stretches(Prose(text).text) if len(part.words) > 2]
    return lambda: [langdetect.detect(sentence) for sentence in sentences]


def scorer(name: str, text: str) -> Callable[[], object]:
    """One call as the worker makes it: a fresh sample, so that nothing found before is reused."""
    reward = registry.get(name)
    params = reward.params()
    return lambda: reward.score(Sample(text, "How many apples are there in the basket?"), params)


def main() -> None:
    text = f"<think>\n{thought(SIZE)}\n</think>\n<answer>\n42\n</answer>"
    peers: dict[str, Callable[[], object] | None] = {
        "format/open-r1": lambda: _OPEN_R1.match(text),
        "repetition/ngram": lambda: ngram_peer(text),
        "language": langdetect_peer(text),
    }
    total = 0.0
    for name in (*BAR, *MORE):
        own = median_us(scorer(name, text))
        total += own if name in BAR else 0.0
        peer = peers.get(name)
        beside = ""
        if peer:
            theirs = median_us(peer)
            beside = f"  peer {theirs:9.1f} us  {theirs / own:7.1f}x"
        print(f"{name:24}{own:9.1f} us{beside}")
    print(f"{' + '.join(BAR)} on {SIZE // 1024} KB: {total / 1000:.2f} ms")
    short = thought(4096)
    peer = langdetect_peer(short)
    if peer:
        own, theirs = median_us(scorer("language", short)), median_us(peer)
        print(f"language on 4 KB: {own:.1f} us, langdetect {theirs:.1f} us: {theirs / own:.0f}x")
        by_sentence = langdetect_by_sentence(short)
        if by_sentence:
            started = time.process_time()
            by_sentence()
            theirs = (time.process_time() - started) * 1e6
            print(f"language on 4 KB: {own:.1f} us, langdetect a sentence {theirs:.0f} us: {theirs / own:.0f}x")


if __name__ == "__main__":
    main()
