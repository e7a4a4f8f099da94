# ruff: noqa: E501
"""Mathcheck against Math-Verify 0.9.0 in the same run, warm, a process each: prints ratios.

pip install -e '.[bench]'
python -m benchmarks.math_vs_peers

Completions are chains of thought as a model writes them: numbered steps, formulas in several notations, bold and boxed
intermediate results, numbers everywhere, thought in <think> tags half of the time, and the answer in one of several
usual phrases. Both judges take the same texts, none seen before by either, turn about in blocks as long as a trainer's
batch; before each block a judge warms up on other texts of the same kind. A block's time is processor time and wall
time; the better half of the blocks counts, since other programs share the machine.
"""

import json
import logging
import multiprocessing
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from app.mathcheck import check
from app.mathcheck.readings import remembered

SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[2] / "shared"))
SUITE = SHARED / "cases" / "math_verify_suite.jsonl"
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
BLOCK = 200
"""Texts of a block, and of the warming up before it."""
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


def assay():
    return lambda text, gold: check(text, gold).score == 1.0


def peer():
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def judge(text, gold):
        gold = gold if "$" in gold or "boxed" in gold else f"${gold}$"
        return verify(parse(gold, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None)

    return judge


def items(kind, size, seed):
    rng = random.Random(f"{kind} {size} {seed}")
    made = (PLAIN[kind](rng.randint(100, 9_999)) for _ in range(BLOCK))
    return [(completion(answer, size, rng), gold) for answer, gold in made]


def serve(make, pipe):
    """A judge in its process: answers each block asked for with seconds a text, processor and wall, and how many are right."""
    judge = make()
    for question in iter(pipe.recv, None):
        pipe.send(suite(judge) if question == "suite" else block(judge, *question))


def block(judge, kind, size, seed):
    for text, gold in items(kind, size, f"warm {seed}"):
        judge(text, gold)
    texts = items(kind, size, seed)
    wall, cpu = time.perf_counter(), time.process_time()
    right = sum(bool(judge(text, gold)) for text, gold in texts)
    return (time.process_time() - cpu) / BLOCK, (time.perf_counter() - wall) / BLOCK, right


def suite(judge):
    """Processor seconds of each pair, warm: the second time that the suite is asked, parses forgotten."""
    rows = [json.loads(line) for line in SUITE.read_text().splitlines()]
    spent = []
    for _ in range(2):
        remembered.cache_clear()  # ours remembers what it has parsed
        spent.clear()
        for row in rows:
            started = time.process_time()
            judge(row["pred"], row["gold"])
            spent.append(time.process_time() - started)
    return spent


def ask(judges, question):
    """Both judges' answers, one after the other so that neither disturbs the other."""
    answers = []
    for pipe in judges:
        pipe.send(question)
        answers.append(pipe.recv())
    return answers


def better_half(values):
    return sum(sorted(values)[: len(values) // 2]) / (len(values) // 2)


def plain(judges):
    print(f"plain answers, {BLOCKS * BLOCK} texts: CPU time mathcheck, math-verify, ratio (ratio of wall times), right")
    for size in (200, 4_000, 32_000):
        for kind in PLAIN:
            ours, theirs = zip(*(ask(judges, (kind, size, seed)) for seed in range(BLOCKS)), strict=True)
            cpu, wall = ([better_half([b[k] for b in side]) for side in (ours, theirs)] for k in (0, 1))
            right = [sum(b[2] for b in side) for side in (ours, theirs)]
            print(
                f"{size / 1000:5.1f} KB {kind:9} {cpu[0] * 1e6:8.1f} us {cpu[1] * 1e6:8.0f} us {cpu[1] / cpu[0]:6.0f}x "
                f"({wall[1] / wall[0]:.0f}x)  {right[0]} and {right[1]}",
                flush=True,
            )


def field_suite(judges):
    if not SUITE.exists():
        print(f"suite: skipped, no {SUITE}")
        return
    runs = [ask(judges, "suite") for _ in range(2)]
    ours, theirs = min((r[0] for r in runs), key=sum), min((r[1] for r in runs), key=sum)
    print(
        f"suite of {len(ours)} pairs, warm, CPU time: mean {sum(ours) / len(ours) * 1e6:.0f} us against "
        f"{sum(theirs) / len(theirs) * 1e6:.0f} us, {sum(theirs) / sum(ours):.0f}x; "
        f"worst {max(ours) * 1e3:.1f} ms against {max(theirs) * 1e3:.0f} ms"
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
    start = multiprocessing.get_context("spawn")
    judges = []
    for make in (assay, peer):
        ours, theirs = start.Pipe()
        start.Process(target=serve, args=(make, theirs), daemon=True).start()
        judges.append(ours)
    plain(judges)
    field_suite(judges)
    for pipe in judges:
        pipe.send(None)
    linearity(random.Random(5))
    program = (
        "import time; t=time.perf_counter(); import app.mathcheck,sys; "
        "rss=[l for l in open('/proc/self/status') if 'VmRSS' in l][0].split()[1]; "
        "print(f'import {time.perf_counter()-t:.3f} s, {int(rss)/1024:.0f} MB, sympy loaded: ' + str('sympy' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    main()
