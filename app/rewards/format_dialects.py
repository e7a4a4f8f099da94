"""The format rewards of other trainers, each as its source computes it, without regular expressions that backtrack."""

import re
from itertools import islice

from app.rewards.base import Component, Params, Sample, reward

_OPEN, _CLOSE = "<think>", "</think>"
_TAG_COUNT_MARKS = ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>")
_ORDERED_TAGS = ("<think>", "</think>", "<answer>", "</answer>")
_MARKS = re.compile("([<>/])")
_BETWEEN = re.compile(r"</think>\s*<answer>")
_STEPS = re.compile(r"Step \d+:|^\d+\.|\n[-*]|(?:First|Second|Next|Finally),")
_STEPS_WANTED = 3


class FormatDialectParams(Params):
    """Parameters of the format rewards of other trainers: none."""


class BoxedParams(Params):
    """Parameters of `format/boxed`."""

    outside_think: bool = True
    """Boxes in the chain of thought do not count."""


@reward("format/tag-count", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def tag_count(sample: Sample, params: FormatDialectParams) -> Component:
    r"""0.25 for each mark that stands exactly once: `<think>\n`, `\n</think>\n`, `\n<answer>\n`, `\n</answer>`.

    Range: {0, 0.25, 0.5, 0.75, 1}. Source: open-r1, `src/open_r1/rewards.py`, `tag_count_reward`.
    Example: a completion with its think block right and no answer block: 0.5.
    """
    counts = [sample.completion.count(mark) for mark in _TAG_COUNT_MARKS]
    wrong = {m.strip(): n for m, n in zip(_TAG_COUNT_MARKS, counts, strict=True) if n != 1}
    return Component(0.25 * counts.count(1), evidence={"wrong_counts": wrong} if wrong else {})


@reward("format/open-r1", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def open_r1(sample: Sample, params: FormatDialectParams) -> Component:
    r"""1 if the completion begins `<think>\n…\n</think>\n<answer>\n…\n</answer>`, up to the end of a line, else 0.

    Text on later lines is let through, as the source's multi-line `$` does. Range: {0, 1}.
    Source: open-r1, `src/open_r1/rewards.py`, `format_reward`. Example: the same tags without line breaks: 0.
    """
    text = sample.completion
    if not text.startswith("<think>\n"):
        return _wrong("does not begin with <think> and a line break", 0)
    middle = "\n</think>\n<answer>\n"
    found = text.find(middle, len("<think>\n"))
    if found < 0:
        return _wrong("</think> and <answer> on lines of their own are missing", len(text))
    end = text.find("\n</answer>", found + len(middle))
    while end >= 0:
        after = end + len("\n</answer>")
        if after == len(text) or text[after] == "\n":
            return Component(1.0)
        end = text.find("\n</answer>", after)
    return _wrong("</answer> at the end of a line is missing", len(text))


@reward("format/trl-think", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def trl_think(sample: Sample, params: FormatDialectParams) -> Component:
    """1 if the completion begins with its only `<think>` and closes it, else 0.

    Range: {0, 1}. Source: TRL, `trl/rewards/format_rewards.py`, `think_format_reward`. Example: `<think>a</think>b`: 1.
    """
    text = sample.completion
    if not text.startswith(_OPEN):
        return _wrong("does not begin with <think>", 0)
    again = text.find(_OPEN, len(_OPEN))
    if again >= 0:
        return _wrong("a second <think>", again)
    if text.find(_CLOSE, len(_OPEN)) < 0:
        return _wrong("<think> is never closed", 0)
    return Component(1.0)


@reward("format/logic-rl", version=1, params=FormatDialectParams, bounds=(-1.0, 1.0))
def logic_rl(sample: Sample, params: FormatDialectParams) -> Component:
    """1 if `<think>`, `</think>`, `<answer>`, `</answer>` stand exactly once each and in this order, else -1.

    A think block that the prompt opened counts as opened. Range: {-1, 1}.
    Source: Logic-RL (arXiv 2502.14768), `verl/utils/reward_score/kk.py`, `validate_response_structure`.
    Example: two `<answer>`: -1.
    """
    text = sample.completion
    prefix = _OPEN if sample.prompt.rstrip().endswith(_OPEN) else ""
    full = prefix + text
    for tag in _ORDERED_TAGS:
        if full.count(tag) != 1:
            return Component(-1.0, evidence={"problem": f"{tag} stands {full.count(tag)} times"})
    places = [full.index(tag) for tag in _ORDERED_TAGS]
    if places != sorted(places):
        return Component(-1.0, evidence={"problem": "the tags are out of order"})
    return Component(1.0)


@reward("format/tinyzero", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def tinyzero(sample: Sample, params: FormatDialectParams) -> Component:
    """1 if the completion's last line has an `<answer>…</answer>`, else 0; TinyZero pays 0.1 for it.

    Range: {0, 1}. Source: TinyZero, `verl/utils/reward_score/countdown.py`, `extract_solution`.
    Example: `<answer> (1 + 2) * 3 </answer>`: 1.
    """
    text = sample.completion
    start = text.find("<answer>", text.rfind("\n") + 1)
    end = text.find("</answer>", start) if start >= 0 else -1
    if end < 0:
        return _wrong("no <answer> block on the last line", text.rfind("\n") + 1)
    return Component(1.0, evidence={"span": [start, end + len("</answer>")]})


@reward("format/easy-r1", version=2, params=FormatDialectParams, bounds=(0.0, 1.0))
def easy_r1(sample: Sample, params: FormatDialectParams) -> Component:
    r"""1 if the completion begins with `<think>`, closes it, and has a `\boxed{…}` after that, else 0.

    White space around `<`, `>` and `/` does not count, as in the source. Range: {0, 1}.
    Source: EasyR1, `examples/reward_function/math.py`, `compute_score`. Example: `<think>a</think> \boxed{2}`: 1.
    """
    text = _tight(sample.completion)
    if not text.startswith(_OPEN):
        return _wrong("does not begin with <think>", 0)
    close = text.find(_CLOSE)
    if close < 0:
        return _wrong("<think> is never closed", 0)
    box = text.find("\\boxed{", close)
    if box < 0 or text.find("}", box) < 0:
        return _wrong("no \\boxed{} after </think>", sample.completion.rfind(">") + 1)
    return Component(1.0)


def _tight(text: str) -> str:
    """Without the white space around `<`, `>` and `/`."""
    parts = _MARKS.split(text)
    last = len(parts) - 1
    for at, part in enumerate(parts):
        parts[at] = part.strip() if 0 < at < last else part.rstrip() if at < last else part.lstrip() if at else part
    return "".join(parts)


@reward("format/r1-v", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def r1_v(sample: Sample, params: FormatDialectParams) -> Component:
    """1 if the completion is `<think>…</think> <answer>…</answer>` with white space alone between, else 0.

    What the blocks hold is free, tags too: `format` is stricter. Range: {0, 1}.
    Source: EasyR1, `examples/reward_function/r1v.py`, `format_reward`, and R1-V before it.
    Example: `<think>a</think><answer>b</answer> so`: 0.
    """
    text = sample.completion
    if not text.startswith(_OPEN):
        return _wrong("does not begin with <think>", 0)
    if not text.endswith("</answer>"):
        return _wrong("does not end with </answer>", len(text))
    between = _BETWEEN.search(text, len(_OPEN), len(text) - len("</answer>"))
    return Component(1.0) if between else _wrong("<answer> does not follow </think>", len(_OPEN))


@reward("format/reasoning-steps", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def reasoning_steps(sample: Sample, params: FormatDialectParams) -> Component:
    r"""How many marks of steps there are, of three: `Step 1:`, a leading `1.`, bullets at line starts, `First,` ….

    Formula: min(1, marks / 3). Range: [0, 1]. Source: open-r1, `src/open_r1/rewards.py`, `reasoning_steps_reward`.
    Example: `First, add. Finally, halve.`: 2/3.
    """
    marks = sum(1 for _ in islice(_STEPS.finditer(sample.completion), _STEPS_WANTED))
    return Component(min(1.0, marks / _STEPS_WANTED), evidence={"marks": marks})


@reward("format/boxed", version=1, params=BoxedParams, bounds=(0.0, 1.0))
def boxed(sample: Sample, params: BoxedParams) -> Component:
    r"""1 if the completion has a `\boxed{…}` whose braces balance and that is not blank, else 0.

    Range: {0, 1}. Source: Qwen2.5-Math and Dr. GRPO templates. Example: `so \boxed{\frac{1}{2}}`: 1.
    """
    text = sample.completion
    spans = sample.sections.outside if params.outside_think else ((0, len(text)),)
    for start, end in reversed(spans):
        box = text.rfind("\\boxed{", start, end)
        if box >= 0:
            close = _closing_brace(text, box + len("\\boxed"), end)
            if close < 0:
                return _wrong("\\boxed{ is never closed", box)
            if not text[box + len("\\boxed{") : close].strip():
                return _wrong("\\boxed{} is blank", box)
            return Component(1.0, evidence={"span": [box, close + 1]})
    return _wrong("no \\boxed{}", len(text))


def _closing_brace(text: str, opening: int, end: int) -> int:
    depth = 0
    for at in range(opening, end):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    return -1


def _wrong(problem: str, at: int) -> Component:
    return Component(0.0, evidence={"problem": problem, "at": at})
