"""Completions whose truth is known by how they are made: carriers of an answer × values, right and wrong."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "adversarial"
SEED = 20250120


class Value(NamedTuple):
    kind: str
    latex: str
    plain: str
    """Empty where plain text has no usual form of it."""
    reference: str
    wrong: str
    """Another value, in a form that both LaTeX and plain text take."""


class Case(NamedTuple):
    completion: str
    reference: str
    right: bool
    why: str


def lines(name: str) -> list[tuple[str, str]]:
    """First word and rest of each line of a table; `\\n` is a line feed where no command begins with it."""
    rows = (DATA / name).read_text().split("\n")
    pairs = (row.partition(" ") for row in rows if row and not row.startswith("#"))
    return [(first, _line_feeds(rest)) for first, _, rest in pairs]


def _line_feeds(text: str) -> str:
    for command in ("\\neq", "\\ne ", "\\not", "\\neg"):
        text = text.replace(command, command.replace("\\n", "\\\0"))
    return text.replace("\\n", "\n").replace("\\\0", "\\n")


def fill(carrier: str, **parts: str) -> str:
    for name, text in parts.items():
        carrier = carrier.replace("{" + name + "}", text)
    return carrier


def values(rng: random.Random) -> Iterator[Value]:
    """Values of all simple kinds; each has a form for LaTeX, for plain text and for the reference."""
    a, b, c = rng.randint(20, 97), rng.randint(3, 9), rng.randint(101, 998)
    yield Value("integer", str(a), str(a), str(a), str(a + 1))
    yield Value("number", f"-{a}", f"-{a}", f"-{a}", str(a))
    yield Value("integer", f"{b},{c}", f"{b},{c}", f"{b}{c}", f"{b},{c + 1}")
    yield Value("number", f"{a}.{b}", f"{a}.{b}", f"{a}.{b}0", f"{a}.{b}1")
    yield Value("number", f"\\frac{{{a}}}{{{c}}}", f"{a}/{c}", f"\\dfrac{{{a}}}{{{c}}}", f"{a + 1}/{c}")
    yield Value("number", f"{b}\\sqrt{{{2 * a + 1}}}", f"{b}√{2 * a + 1}", f"{b}\\sqrt{{{2 * a + 1}}}", f"{b}")
    yield Value("number", f"{a}\\pi", f"{a}π", f"\\pi\\cdot {a}", f"{a}")
    yield Value("number", f"{b} + {a}i", f"{b} + {a}i", f"{a}i+{b}", f"{b} - {a}i")
    yield Value("any", f"{b}x^2 - {a}x + 1", f"{b}x^2 - {a}x + 1", f"1-{a}x+{b}x^2", f"{b}x^2 + {a}x + 1")
    yield Value("any", f"({b}, {a})", f"({b}, {a})", f"\\left({b},{a}\\right)", f"({a}, {b})")
    yield Value("any", f"[{b}, {a})", f"[{b}, {a})", f"\\left[{b},{a}\\right)", f"[{b}, {a}]")
    yield Value("any", f"\\{{{b}, {a}\\}}", "", f"\\{{{a},{b}\\}}", f"\\{{{b}, {a + 1}\\}}")
    yield Value(
        "any",
        f"\\begin{{pmatrix}}{a}\\\\{b}\\end{{pmatrix}}",
        "",
        f"\\begin{{pmatrix}}{a}\\\\ {b}\\end{{pmatrix}}",
        f"\\begin{{pmatrix}}{b}\\\\{a}\\end{{pmatrix}}",
    )


_KINDS = {"integer": ("any", "number", "integer"), "number": ("any", "number"), "any": ("any",)}


def stated(rounds: int) -> Iterator[Case]:
    """Completions that state one answer plainly: the right one, and a wrong one in the same words."""
    rng = random.Random(SEED)
    for _ in range(rounds):
        drawn = list(values(rng))
        for kind, carrier in lines("carriers.txt"):
            for value in drawn:
                if kind not in _KINDS[value.kind] or ("{p}" in carrier and not value.plain):
                    continue
                yield Case(fill(carrier, a=value.latex, p=value.plain), value.reference, True, carrier)
                yield Case(fill(carrier, a=value.wrong, p=value.wrong), value.reference, False, carrier)


_ROUNDS = re.compile(r"\\approx|≈|approximately|\\sim|约")
"""Words with which a rounded decimal is usually stated: "pi is approximately 3.14" states 3.14."""


def hostile(rounds: int) -> Iterator[Case]:
    """Completions and bare answers, boxed, tagged, introduced, that do not state the reference as their answer."""
    rng = random.Random(SEED)
    wraps = (
        "{t}",
        "\\boxed{{t}}",
        "The answer is {t}",
        "<answer>{t}</answer>",
        "**Answer:** {t}",
        "$\\boxed{{t}}$",
        "So the final answer is ${t}$.",
        "#### {t}",
        "答案是 {t}。",
        "<think>hm</think>\n{t}",
        "$$\\boxed{\\text{{t}}}$$",
    )
    for _ in range(rounds):
        a = rng.randint(20, 97)
        pairs = ((str(a), str(a + rng.randint(1, 9))), (f"{a}/7", f"{a}/11"), (f"{a}.5", f"{a}.25"))
        for kind, carrier in lines("hostile.txt"):
            for right, wrong in pairs:
                if "." in right and _ROUNDS.search(carrier):
                    continue
                text = fill(carrier, a=right, w=wrong)
                for wrap in wraps if kind == "both" else ("{t}",):
                    yield Case(fill(wrap, t=text), right, False, f"{wrap} | {carrier}")
