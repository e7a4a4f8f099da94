"""Throw hostile text at mathcheck: no exception, no slow case, no growth of memory.

python -m benchmarks.math_fuzz --seconds 290 [--engine atheris]     (pip install atheris for coverage guidance)

Without atheris the texts are grown from a list of seeds by mutation. Prints the slowest case in processor time (another
process's work is not counted), the peak memory before and after, and every case that raised or took over the limit.
Exits 1 if there is one.
"""

# ruff: noqa: E501  (seeds)

import argparse
import json
import random
import resource
import sys
import time

from app.mathcheck import check, check_answer

LIMIT_S = 0.1
"""Processor seconds that one comparison may take."""
MAX_GROWTH_KB = 64_000
"""Growth of peak memory after the warm-up that is not yet a leak."""
WARM_UP = 2_000
MAX_CHARS = 20_000
SEEDS = (
    "9^{9^{9^{9}}}", "2^{10^{10}}", "(10^9)!", "10^9!", "5!!!!!!", "\\binom{10^9}{5*10^8}", "\\sum_{k=1}^{10^9} k", "\\prod_{k=1}^{10^8}k",
    "(x+1)^{100000}", "(a+b+c+d+e+f)^{200}", "\\frac{1}{" * 10_000 + "1" + "}" * 10_000, "\\sqrt{" * 500 + "2" + "}" * 500, "(" * 2000, "{" * 5000, "}" * 50,
    "1" * 20_000, "0." + "9" * 3000, "1e999999999", "-" * 3000 + "1", "1" + "/1" * 1500, "|" * 200, "x'''''''", "\\int_0^1 " * 50 + "x" + "dx" * 50,
    "\x00", "\ud800", "\u202e42\u202c", "4\u200b2", "４２", "__import__('os').system('id')", "lambda x: x", "\\input{/etc/passwd}", "\\def\\a{\\a\\a}\\a",
    "\\begin{pmatrix}" + "1&" * 400 + "\\end{pmatrix}", "\\begin{cases}" * 50, "\\boxed{" * 3000, "\\boxed{42}" * 2000, "<answer>" * 2000, "<think>" * 2000,
    "The answer is " * 1000, "$" * 3001, "**" * 3000, "\\phantom{" * 2000, "~~a~~" * 2000, "<!--" * 2000, "42 or " * 1000, "not " * 2000 + "42", "if " * 2000,
    "\\frac12", "\\dfrac{3\\sqrt{2}}{4}", "[1, 2) \\cup (3, \\infty)", "\\{1, 2, 3\\}", "(x-1)(x+2)=0", "x \\equiv 2 \\pmod{5}", "1,234.56", "1.234,56", "12:30 PM",
    "5\\text{ m/s}^2", "\\$1,000", "50\\%", "3 + 4i", "\\log_2 8", "\\sin^2 x", "101_2", "x = 1 \\text{ or } x = 2", "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}",
    "0.\\overline{3}", "2\\frac{1}{2}", "\\lim_{x\\to 0}\\frac{\\sin x}{x}", "\\sum_{n=1}^\\infty \\frac{1}{n^2}", "\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
    "|x-3|<2", "x^2<4", "\\lfloor 3.7 \\rfloor", "\\sqrt[3]{2+\\sqrt5}", "e^{i\\pi}+1", "twenty-five", "(B) 12", "答案是42", "\\{x : x > 2\\}", "\\pm\\sqrt{3}", "f(x)=x^2",
)  # fmt: skip
REFERENCES = (
    "42",
    "x+1",
    "\\frac{1}{2}",
    "(1,2)",
    "\\{1,2\\}",
    "[0,1)",
    "x^2+y^2=1",
    "\\sqrt{2}+\\sqrt{3}",
    "B",
    "yes",
    "\\sin x",
    "3\\text{ cm}",
    "\\begin{pmatrix}1\\\\2\\end{pmatrix}",
)
PIECES = ("\\", "{", "}", "^", "_", "(", ")", "[", "]", "|", "$", ",", ";", ":", "=", "<", ">", "!", "'", "%", "&", "~", ".", "/", "*", "+", "-", " ", "\n", "0", "1", "9", "x", "e", "i", "\\frac", "\\sqrt", "\\boxed{", "\\text{", "^{99}", "!", "\\pi", "\\sum_{k=1}^{9}", "\ud800", "\x00", "½", "or", "not ")  # fmt: skip


def grown(r: random.Random) -> str:
    """A text made of seeds: cut, spliced, repeated, with pieces put in and taken out."""
    text = r.choice(SEEDS)
    for _ in range(r.randint(0, 6)):
        at, to = sorted((r.randint(0, len(text)), r.randint(0, len(text))))
        match r.randrange(6):
            case 0:
                text = text[:at] + r.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[to:]
            case 2:
                text = text[:at] + text[at:to] * r.choice((2, 3, 50)) + text[to:]
            case 3:
                text = text[:at] + r.choice(SEEDS)[:500] + text[at:]
            case 4:
                text = f"\\frac{{{text[:300]}}}{{{r.choice(SEEDS)[:300]}}}"
            case _:
                text = text[:at] + str(r.randint(0, 10 ** r.randint(1, 30))) + text[at:]
        text = text[:MAX_CHARS]
    return text


def attack(text: str, reference: str) -> tuple[float, str]:
    """Processor seconds of the slowest of the three ways in, and which it was. Raises what mathcheck raises."""
    slowest = (0.0, "")
    for way, judge in (
        ("answer", lambda: check_answer(text, reference)),
        ("reference", lambda: check_answer(reference, text)),
        ("completion", lambda: check(text, reference)),
    ):
        started = time.process_time()
        verdict = judge()
        slowest = max(slowest, (time.process_time() - started, way))
        assert (verdict.score is None) == verdict.status.abstains
    return slowest


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def by_mutation(seconds: float, seed: int) -> int:
    r = random.Random(seed)
    bad = cases = base = 0
    worst = (0.0, "", "")
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        text, reference = grown(r), r.choice(REFERENCES) if r.random() < 0.7 else grown(r)[:500]
        cases += 1
        try:
            spent, way = attack(text, reference)
        except Exception as error:  # noqa: BLE001  (the point of the run: whatever comes is reported with its text)
            bad += 1
            print("RAISED", type(error).__name__, error, ascii(text[:300]), ascii(reference[:200]))
            continue
        worst = max(worst, (spent, way, f"{text[:200]!a} against {reference[:100]!a}"))
        if spent > LIMIT_S:
            bad += 1
            print(f"SLOW {spent * 1e3:.0f} ms as {way}", json.dumps([text, reference]))
        if cases == WARM_UP:
            base = peak_kb()
    growth = peak_kb() - base if base else 0
    print(
        f"{cases} cases ({3 * cases} comparisons), {bad} bad; slowest {worst[0] * 1e3:.1f} ms as {worst[1]}: {worst[2]}"
    )
    print(f"peak memory {base} KB after the warm-up, {growth:+d} KB since")
    return int(bad > 0 or growth > MAX_GROWTH_KB)


def by_coverage(seconds: float) -> int:
    import atheris  # pyright: ignore[reportMissingImports]  (an optional tool)

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        reference = REFERENCES[provider.ConsumeIntInRange(0, len(REFERENCES) - 1)]
        text = provider.ConsumeUnicode(2_000)
        spent, way = attack(text, reference)
        if spent > LIMIT_S:
            raise AssertionError(f"{spent * 1e3:.0f} ms as {way}: {text[:500]!r} against {reference!r}")

    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", "-max_len=4000", "-timeout=5"], one)
    atheris.Fuzz()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=290)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=["mutation", "atheris"], default="mutation")
    given = parser.parse_args()
    return by_coverage(given.seconds) if given.engine == "atheris" else by_mutation(given.seconds, given.seed)


if __name__ == "__main__":
    sys.exit(main())
