"""Inputs that the rewards of other projects were run on: ordinary, edge and hostile ones, made by a seeded program."""

import random
from typing import Any, NamedTuple
from zlib import crc32

_SEED = 7_024
_THOUGHTS = (
    "We add 3 and 4, which gives 7.",
    "Step 1: read the question.\nStep 2: multiply.\n- carry the one\n* done",
    "First, halve it. Next, add one.\nFinally, check.\n1. fine\n2. fine",
    "",
    "\n",
    "先加再乘",
    "a < b and b > c",
    "so the path is a/b /c",
)
_ANSWERS = ("7", "\\boxed{7}", "\\boxed{\\frac{1}{2}}", "", "\n", "The answer is 7.", "<b>7</b>", "{7}")
_GAPS = ("", " ", "\n", "\n\n", " so ", "\t")
_TAILS = ("", "\n", " ", "\nthat is all", " that is all", "\n</answer>", "</think>", "<think>", "\\boxed{8}")
_PIECES = (
    *("<think>", "</think>", "<answer>", "</answer>", "<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"),
    *("<answer>\n", "\n</think>", "< think >", "</ think>", "<THINK>", "<thinking>", "\\boxed{", "}", "\\boxed{3}"),
    *("a", "\n", " ", "\t", "\u3000", "\r\n", "/", "<", ">", "7", "Step 2:", "\n- ", "\n3. ", "First,", "then"),
)
_WORDS = ("so", "we", "add", "the", "two", "numbers", "And", "and", "again", "7", "x=1", "然后", "É", "é")


class Overlong(NamedTuple):
    tokens: int
    longest: int
    cache: int


def format_texts() -> list[str]:
    """Completions with and without faults of their template, and random rows of its pieces."""
    rng = random.Random(_SEED)
    found: dict[str, None] = {}
    for _ in range(140):
        line = rng.choice(("\n", "\n", ""))
        think, answer = rng.choice(_THOUGHTS), rng.choice(_ANSWERS)
        head = rng.choice(("", "", "", " ", "\n", "Sure. "))
        found[
            f"{head}<think>{line}{think}{line}</think>{rng.choice(_GAPS)}<answer>{line}{answer}{line}</answer>"
            f"{rng.choice(_TAILS)}"
        ] = None
        found[f"<think>{line}{think}{line}</think>{rng.choice(_GAPS)}{answer}{rng.choice(_TAILS)}"] = None
    while len(found) < 480:
        found["".join(rng.choice(_PIECES) for _ in range(rng.randint(0, 12)))] = None
    return list(found)


def repetition_texts() -> list[dict[str, Any]]:
    rng = random.Random(_SEED + 1)
    rows: list[dict[str, Any]] = []
    for _ in range(300):
        few = rng.sample(_WORDS, rng.randint(1, len(_WORDS)))
        text = rng.choice((" ", "  ", "\n", " \t")).join(rng.choice(few) for _ in range(rng.randint(0, 60)))
        rows.append({"text": text, "n": rng.randint(1, 6), "max_penalty": rng.choice((-1.0, -0.5, -2.0, 0.0))})
    return rows


def repetition_ids() -> list[dict[str, Any]]:
    rng = random.Random(_SEED + 2)
    return [
        {
            "ids": [rng.randint(0, rng.choice((1, 5, 50_000))) for _ in range(rng.randint(0, 80))],
            "n": rng.randint(1, 6),
            "max_penalty": rng.choice((-1.0, -0.25)),
        }
        for _ in range(200)
    ]


def overlong() -> list[Overlong]:
    rng = random.Random(_SEED + 3)
    rows = [Overlong(n, 100, 20) for n in (0, 1, 79, 80, 81, 90, 99, 100, 101, 5000)]
    for _ in range(240):
        longest = rng.randint(2, 32_768)
        rows.append(Overlong(rng.randint(0, longest * 5 // 4), longest, rng.randint(1, longest)))
    return rows


def cosines() -> list[dict[str, Any]]:
    """Right and wrong answers of many lengths, shorter and longer than the longest."""
    rng = random.Random(_SEED + 4)
    return [
        {
            "completion": "x " * rng.randint(0, 700) + f"\\boxed{{{rng.choice((4, 5))}}}",
            "max_len": rng.choice((100, 1000, 1500)),
            "values": rng.choice(((-1.0, -0.5, 0.5, 1.0), (-10.0, 0.0, 1.0, 2.0), (0.0, 0.0, 0.0, 1.0))),
        }
        for _ in range(200)
    ]


def length_groups() -> list[list[str]]:
    """Groups of completions, of which `\\boxed{4}` is right."""
    rng = random.Random(_SEED + 5)
    rows: list[list[str]] = []
    for _ in range(80):
        same = rng.random() < 0.1
        rows.append(
            [
                "x " * (9 if same else rng.randint(0, 300)) + f"\\boxed{{{rng.choice((4, 4, 5))}}}"
                for _ in range(rng.randint(1, 8))
            ]
        )
    return rows


def budgets() -> list[dict[str, Any]]:
    rng = random.Random(_SEED + 6)
    return [
        {"target": rng.randint(1, 4000), "used": rng.randint(0, 9000), "alpha": rng.choice((0.0003, 0.002, 0.01))}
        for _ in range(250)
    ]


def votes() -> list[list[int]]:
    rng = random.Random(_SEED + 7)
    return [[rng.randint(1, rng.choice((1, 3, 9))) for _ in range(rng.randint(1, 16))] for _ in range(120)]


def passes() -> list[tuple[int, int, int]]:
    """n, c, k with k at most n."""
    rng = random.Random(_SEED + 8)
    rows: list[tuple[int, int, int]] = []
    for _ in range(250):
        n = rng.randint(1, rng.choice((4, 16, 256)))
        rows.append((n, rng.randint(0, n), rng.randint(1, n)))
    return rows


def reward_groups() -> list[list[float]]:
    rng = random.Random(_SEED + 9)
    return [[rng.choice((0.0, 1.0, 0.1, -0.5, 3.0)) for _ in range(rng.randint(2, 16))] for _ in range(120)]


_NOUNS = ("The river Rhine", "Marie Curie", "an apple", "A 3-2 win", "U.S.A.", "it's 1,000", "Łódź", "北京", "the", "")


def text_pairs() -> list[tuple[str, str]]:
    """Answers and references for the text metrics."""
    rng = random.Random(_SEED + 10)
    rows: list[tuple[str, str]] = []
    for _ in range(300):
        left = [rng.choice(_NOUNS) for _ in range(rng.randint(1, 4))]
        right = list(left) if rng.random() < 0.3 else [rng.choice(_NOUNS) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            rng.shuffle(right)
        sign = rng.choice((" ", ", ", ". ", " - "))
        given, wanted = sign.join(left), rng.choice((" ", ", ")).join(right)
        rows.append((rng.choice((given, given.upper(), f" {given}! ")), wanted))
    return [(a, b) for a, b in rows if a.strip() and b.strip()]


def boxed_answers() -> list[tuple[str, str]]:
    """Completions of EasyR1's math example, and the integer that is right."""
    rng = random.Random(_SEED + 11)
    rows: list[tuple[str, str]] = []
    for _ in range(200):
        right = rng.randint(1, 30)
        given = right if rng.random() < 0.5 else right + 1
        shape = rng.choice(
            (
                "<think>{t}</think> \\boxed{{{a}}}",
                "<think> {t} </think>\n\\boxed{{ {a} }}",
                "{t} \\boxed{{{a}}}",
                "< think >{t}< / think >\\boxed{{{a}}}",
                "<think>{t} \\boxed{{{a}}}",
                " <think>{t}</think>\nso \\boxed{{{a}}}.",
            )
        )
        rows.append((shape.format(t=rng.choice(("add them", "a / b", "x < y")), a=given), str(right)))
    return rows


def tag_answers() -> list[tuple[str, str]]:
    """Completions of TinyZero's multiplication, on one line, and the integer that is right."""
    rng = random.Random(_SEED + 12)
    rows: list[tuple[str, str]] = []
    for _ in range(200):
        right = rng.randint(10, 9999)
        given = rng.choice((str(right), str(right), str(right + 1), f" {right} "))
        shape = rng.choice(("so <answer>{}</answer>", "<answer> {} </answer>", "so {}", "<answer>{}", "x</think>{}"))
        rows.append((shape.format(given), str(right)))
    return rows


def fingerprint() -> int:
    """Of all inputs: numbers that were recorded for others are no use."""
    makers = (format_texts, repetition_texts, repetition_ids, overlong, cosines, length_groups, budgets, votes, passes)
    more = (reward_groups, text_pairs, boxed_answers, tag_answers)
    return crc32(repr([maker() for maker in (*makers, *more)]).encode())
