# ruff: noqa: E501
"""Mathcheck against Math-Verify 0.9.0 in the same run, warm, one process: prints ratios.

pip install -c requirements.txt 'math-verify[antlr4_13_2]==0.9.0'
python benchmarks/math_vs_peers.py
"""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from app.mathcheck import check

SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[2] / "shared"))
PLAIN = {
    "int": lambda k: (f"{k}", f"{k}"),
    "decimal": lambda k: (f"{k}.25", f"{k}.250"),
    "fraction": lambda k: (f"\\frac{{{2 * k + 1}}}{{7}}", f"{4 * k + 2}/14"),
}
PROSE = "We add the two numbers and see that the sum grows by one each time. "


def seconds(function, repeat):
    function()
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(repeat):
            function()
        best = min(best, (time.perf_counter() - started) / repeat)
    return best


def fresh(judge, make, size, first):
    """Mean seconds over answers not seen before: both sides cache what they have parsed."""
    pairs = [(completion(a, size), g) for a, g in (make(first + k) for k in range(60))]
    judge(*pairs[0])
    started = time.perf_counter()
    for text, gold in pairs[1:]:
        judge(text, gold)
    return (time.perf_counter() - started) / (len(pairs) - 1)


def completion(answer, size):
    return (PROSE * (size // len(PROSE) + 1))[:size] + f"So the answer is \\boxed{{{answer}}}."


def peer():
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def judge(text, gold):
        gold = gold if "$" in gold or "boxed" in gold else f"${gold}$"
        return verify(parse(gold, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None)

    return judge


def main():
    judge = peer()
    print("plain answers            mathcheck   math-verify   ratio")
    for size in (200, 4_000, 32_000):
        for kind, make in PLAIN.items():
            ours, theirs = fresh(check, make, size, 1000), fresh(judge, make, size, 2000)
            row = f"{size / 1000:5.1f} KB {kind:9}  {ours * 1e6:10.1f} us {theirs * 1e6:10.0f} us"
            print(f"{row} {theirs / ours:8.0f}x")
    suite(judge)
    print("linearity: microseconds a KB")
    for size in (4_000, 32_000, 250_000, 1_000_000):
        text = completion("42", size)
        print(f"{size / 1000:8.0f} KB {seconds(lambda t=text: check(t, '42'), 5) * 1e9 / size:8.2f}")
    program = (
        "import time; t=time.perf_counter(); import app.mathcheck,sys; "
        "rss=[l for l in open('/proc/self/status') if 'VmRSS' in l][0].split()[1]; "
        "print(f'import {time.perf_counter()-t:.3f} s, {int(rss)/1024:.0f} MB, sympy loaded: ' + str('sympy' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def suite(judge):
    path = SHARED / "cases" / "math_verify_suite.jsonl"
    if not path.exists():
        print(f"suite: skipped, no {path}")
        return
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    ours, theirs = [], []
    for row in rows:
        started = time.perf_counter()
        check(row["pred"], row["gold"])
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        judge(row["pred"], row["gold"])
        theirs.append(time.perf_counter() - started)
    print(
        f"suite of {len(rows)} pairs: mean {sum(ours) / len(ours) * 1e6:.0f} us against "
        f"{sum(theirs) / len(theirs) * 1e6:.0f} us, {sum(theirs) / sum(ours):.0f}x; worst {max(ours) * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
