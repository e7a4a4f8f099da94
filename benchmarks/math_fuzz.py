"""Throw hostile text at mathcheck: no exception, no slow case, no growth of memory.

python -m benchmarks.math_fuzz --seconds 290 [--engine atheris]     (pip install atheris for coverage guidance)

Without atheris the texts are grown from a list of seeds by mutation. A case is judged by the processor time of its thread:
wall time counts what other programs of the machine do meanwhile. The garbage collector is off while a case runs and
runs between cases, since a pause depends on what earlier cases left and not on the case; what it would collect counts as
memory all the same. Prints the slowest case, every case that raised or took over the limit, whole, and the resident
memory after the warm-up, at half time and at the end. Exits 1 if a case is bad or memory grows in the second half.
"""

# ruff: noqa: E501  (seeds)

import argparse
import gc
import json
import random
import resource
import sys
import time

from app.mathcheck import check, check_answer

LIMIT_S = 0.1
"""Processor seconds that one comparison may take."""
MAX_GROWTH_KB = 8_000
"""Growth of resident memory in the second half of a run: caches are full by then, so that more is a leak."""
WARM_UP = 2_000
COLLECT = 100
"""Cases between two runs of the garbage collector."""
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
    "+".join(f"\\sqrt{{{p}}}*{'7' * 3000}{i}x^{i}" for i, p in enumerate((2, 3, 5, 7, 11, 13, 17))), "1+\\frac{1}{" * 40 + "x" + "}" * 40,
    "\\frac{x+1}{x-" * 30 + "2" + "}" * 30, "\\begin{pmatrix}a&b\\\\c&d\\end{pmatrix}^{30}", "\\begin{pmatrix}1&1\\\\1&0\\end{pmatrix}^{29}", "((x+y+z+1)^{9})^{9}",
    "\\sqrt{2+" * 20 + "x" + "}" * 20, "\\sin(" * 12 + "x" + ")" * 12, "x^{" * 30 + "2" + "}" * 30, "\\log(" * 20 + "x" + ")" * 20, "10^{60000}+1", "\\frac{7^{20000}}{3^{30000}}",
    "\\{x : x^{20}-3x^{19}+7x-1 > 0\\}", "x^{24}-x-1<0", "|" * 6 + "x" + "-1|" * 6 + "<2", "\\binom{9000}{4500}+\\sqrt{2}", "\\sum_{k=1}^{500} k^{300}", "\\sum_{k=1}^{100}\\sum_{j=1}^{100} jk",
    "\\prod_{k=1}^{400}(1+\\frac{1}{k^{50}})", "\\int_0^1 \\int_0^1 e^{x y} dx dy", "\\sum_{n=1}^\\infty \\frac{n^{9}}{2^n}", "\\lim_{x\\to0}\\frac{\\sin x-\\tan x}{x^3}", "\\frac{d}{dx}(x^2 \\sin x)",
    "\\gcd(7^{20000}, 3^{30000})", "12^{34^{5}} \\bmod 97", "\\cos\\frac{2\\pi}{17}+\\sqrt[7]{3}+\\sqrt[5]{2}", "\\begin{cases}x^2 & x<1\\\\ 2x & x\\ge 1\\end{cases}", "x=1,y=2,z=3",
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
        started = time.thread_time()
        verdict = judge()
        slowest = max(slowest, (time.thread_time() - started, way))
        assert (verdict.score is None) == verdict.status.abstains
    return slowest


def resident_kb() -> int:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() // 1024


def by_mutation(seconds: float, seed: int) -> int:
    r = random.Random(seed)
    bad = cases = warm = half = 0
    worst = (0.0, "", "")
    started = time.monotonic()
    gc.disable()
    while (elapsed := time.monotonic() - started) < seconds:
        text, reference = grown(r), r.choice(REFERENCES) if r.random() < 0.7 else grown(r)[:500]
        cases += 1
        try:
            spent, way = attack(text, reference)
        except Exception as error:  # noqa: BLE001  (the point of the run: whatever comes is reported with its text)
            bad += 1
            print("RAISED", type(error).__name__, error, json.dumps([text, reference]))
            continue
        worst = max(worst, (spent, way, f"{text[:200]!a} against {reference[:100]!a}"))
        if spent > LIMIT_S:
            bad += 1
            print(f"SLOW {spent * 1e3:.0f} ms as {way}", json.dumps([text, reference]), flush=True)
        if cases % COLLECT == 0:
            gc.collect()
            warm = warm or (resident_kb() if cases >= WARM_UP else 0)
            half = half or (resident_kb() if elapsed > seconds / 2 else 0)
    gc.collect()
    growth = resident_kb() - half if half else 0
    print(
        f"{cases} cases ({3 * cases} comparisons), {bad} bad; slowest {worst[0] * 1e3:.1f} ms as {worst[1]}: {worst[2]}"
    )
    print(f"resident {warm} KB after the warm-up, {half} KB at half time, {growth:+d} KB since")
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
