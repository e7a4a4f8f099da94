# ruff: noqa: E501
"""Mathcheck against Math-Verify 0.9.0 in the same run, warm, one process: prints ratios.

pip install -e '.[bench]'
python benchmarks/math_vs_peers.py

Completions are chains of thought as a model writes them: numbered steps, formulas in several notations, bold and boxed
intermediate results, numbers everywhere, thought in <think> tags half of the time, and the answer in one of several
usual phrases. The judges take the same texts in blocks, none seen before by either.
"""

import json
import logging
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from app.mathcheck import check
from app.mathcheck.readings import readings

SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[2] / "shared"))
PLAIN = {
    "int": lambda k: (f"{k}", f"{k}"),
    "decimal": lambda k: (f"{k}.25", f"{k}.250"),
    "fraction": lambda k: (f"\\frac{{{2 * k + 1}}}{{7}}", f"{4 * k + 2}/14"),
}
STEPS = [
    "Let's break this down step by step.\n",
    "First, we compute ${a} \\times {b} = {p}$, and then subtract {c} to get ${p} - {c} = {d}$.\n",
    "So the remaining part is \\( \\frac{{{a}}}{{{b}}} \\) of the total, about {a}.{b}%.\n\n",
    "**Step {n}:** Substitute $x = {a}$ into $f(x) = {b}x^2 - {c}x + {n}$:\n\\[\nf({a}) = {b} \\cdot {a}^2 - {c} \\cdot {a} + {n}.\n\\]\n",
    "Wait, {a} + {b} is not {p}; let me check again. {a} + {b} = {s}. Yes.\n",
    "Then $\\sqrt{{{p}}} > {a}$ because ${a}^2 < {p}$ for every $n \\ge {n}$.\n",
    "- She pays ${a}.50 for each of the {b} tickets, i.e. \\${p} in all (including 5% tax).\n",
    "Since the answer must be positive, we discard $x = -{a}$ and keep **x = {b}**.\n",
    "An intermediate result is $\\boxed{{{d}}}$ for part ({n}), which we need below.\n",
    "Hmm, is it true that {a} \\equiv {b} \\pmod{{{n}}}? We get \\begin{{align*}} {a} - {b} &= {c} \\\\ &\\ne 0 \\end{{align*}}\n",
]
BLOCKS = 6
ENDINGS = [
    "Therefore, the answer is $\\boxed{{{answer}}}$.",
    "So the final answer is \\(\\boxed{{{answer}}}\\).",
    "**Final Answer**\n\\[ \\boxed{{{answer}}} \\]",
    "Thus we obtain \\boxed{{{answer}}}",
]


def steps(size, rng):
    """That many characters of working, no two texts alike."""
    parts, length = [], 0
    while length < size:
        a, b, c, n = rng.randint(2, 99), rng.randint(2, 60), rng.randint(1, 500), rng.randint(1, 9)
        parts.append(rng.choice(STEPS).format(a=a, b=b, c=c, n=n, p=a * b, d=a * b - c, s=a + b))
        length += len(parts[-1])
    return "".join(parts)[:size].rstrip("\\{$")


def completion(answer, size, rng):
    ending = rng.choice(ENDINGS).format(answer=answer)
    if rng.random() < 0.5:
        cut = size * 4 // 5
        return f"<think>\n{steps(cut, rng)}\n</think>\n\n{steps(size - cut, rng)}\n{ending}"
    return f"{steps(size, rng)}\n{ending}"


def blocks(ours, theirs, make, size, count, rng):
    """Seconds of processor time a text of both judges on the same fresh texts, and how many each got right.

    A judge takes a block of texts at a time and so keeps the processor's caches, as it would in a process of its own;
    the better half of the blocks counts, since other programs share the machine.
    """
    spent, right = ([], []), [0, 0]
    for block in range(BLOCKS):
        items = [make(1000 + 700 * block + 7 * k + rng.randint(0, 6)) for k in range(count // BLOCKS)]
        pairs = [(completion(answer, size, rng), gold) for answer, gold in items]
        for side, judge in enumerate((ours, theirs)):
            started = time.process_time()
            right[side] += sum(bool(judge(text, gold)) for text, gold in pairs)
            spent[side].append((time.process_time() - started) / len(pairs))
    return [sum(sorted(s)[: BLOCKS // 2]) / (BLOCKS // 2) for s in spent], right


def assay(text, gold):
    return check(text, gold).score == 1.0


def peer():
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def judge(text, gold):
        gold = gold if "$" in gold or "boxed" in gold else f"${gold}$"
        return verify(parse(gold, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None)

    return judge


def suite(judge):
    path = SHARED / "cases" / "math_verify_suite.jsonl"
    if not path.exists():
        print(f"suite: skipped, no {path}")
        return
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    spent = ([], [])
    for warm in (False, True):
        readings.cache_clear()  # ours remembers what it has parsed
        for side, verify in enumerate((assay, judge)):
            for row in rows:
                started = time.process_time()
                verify(row["pred"], row["gold"])
                if warm:
                    spent[side].append(time.process_time() - started)
    ours, theirs = (sum(s) / len(s) for s in spent)
    print(
        f"suite of {len(rows)} pairs, warm, CPU time: mean {ours * 1e6:.0f} us against {theirs * 1e6:.0f} us, "
        f"{theirs / ours:.0f}x; worst {max(spent[0]) * 1e3:.1f} ms against {max(spent[1]) * 1e3:.0f} ms"
    )


def linearity(rng):
    print("linearity: one completion, nanoseconds a byte")
    for size in (4_000, 32_000, 250_000, 1_000_000):
        text, best = completion("42", size, rng), float("inf")
        for _ in range(5):
            started = time.perf_counter()
            check(text, "42")
            best = min(best, time.perf_counter() - started)
        print(f"{size / 1000:8.0f} KB {best * 1e9 / size:8.2f}   ({best * 1e6:.0f} us)")


def main():
    rng = random.Random(5)
    judge = peer()
    print("plain answers, CPU time  mathcheck   math-verify   ratio   right of 60")
    blocks(assay, judge, PLAIN["fraction"], 500, 10, rng)  # warm both
    for size in (200, 4_000, 32_000):
        for kind, make in PLAIN.items():
            (ours, theirs), right = blocks(assay, judge, make, size, 60, rng)
            row = f"{size / 1000:5.1f} KB {kind:9}  {ours * 1e6:10.1f} us {theirs * 1e6:10.0f} us"
            print(f"{row} {theirs / ours:7.0f}x   {right[0]} and {right[1]}")
    suite(judge)
    linearity(rng)
    program = (
        "import time; t=time.perf_counter(); import app.mathcheck,sys; "
        "rss=[l for l in open('/proc/self/status') if 'VmRSS' in l][0].split()[1]; "
        "print(f'import {time.perf_counter()-t:.3f} s, {int(rss)/1024:.0f} MB, sympy loaded: ' + str('sympy' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    main()
