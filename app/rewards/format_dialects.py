"""The format rewards of other trainers, each as its source computes it, without regular expressions that backtrack."""

from app.rewards.base import Component, Params, Sample, reward

_OPEN, _CLOSE = "<think>", "</think>"
_TAG_COUNT_MARKS = ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>")
_ORDERED_TAGS = ("<think>", "</think>", "<answer>", "</answer>")


class FormatDialectParams(Params):
    """Parameters of the format rewards of other trainers: none."""


class BoxedParams(Params):
    """Parameters of `format/boxed`."""

    outside_think: bool = True
    """Boxes in the chain of thought do not count."""


@reward("format/tag-count", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def tag_count(sample: Sample, params: FormatDialectParams) -> Component:
    r"""0.25 for each mark that stands exactly once: `<think>\n`, `\n</think>\n`, `\n<answer>\n`, `\n</answer>`.

    Range: {0, 0.25, 0.5, 0.75, 1}. Source: open-r1, `tag_count_reward`.
    Example: a completion with its think block right and no answer block: 0.5.
    """
    counts = [sample.completion.count(mark) for mark in _TAG_COUNT_MARKS]
    wrong = {m.strip(): n for m, n in zip(_TAG_COUNT_MARKS, counts, strict=True) if n != 1}
    return Component(0.25 * counts.count(1), evidence={"wrong_counts": wrong} if wrong else {})


@reward("format/open-r1", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def open_r1(sample: Sample, params: FormatDialectParams) -> Component:
    r"""1 if the completion begins `<think>\n…\n</think>\n<answer>\n…\n</answer>`, up to the end of a line, else 0.

    Text on later lines is let through, as the source's multi-line `$` does. Range: {0, 1}.
    Source: open-r1, `format_reward`. Example: the same tags without line breaks: 0.
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

    Range: {0, 1}. Source: TRL, `think_format_reward`. Example: `<think>a</think>b`: 1.
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
    Source: Logic-RL (arXiv 2502.14768), `validate_response_structure`. Example: two `<answer>`: -1.
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

    Range: {0, 1}. Source: TinyZero, `countdown.py`, `extract_solution`.
    Example: `<answer> (1 + 2) * 3 </answer>`: 1.
    """
    text = sample.completion
    start = text.find("<answer>", text.rfind("\n") + 1)
    end = text.find("</answer>", start) if start >= 0 else -1
    if end < 0:
        return _wrong("no <answer> block on the last line", text.rfind("\n") + 1)
    return Component(1.0, evidence={"span": [start, end + len("</answer>")]})


@reward("format/easy-r1", version=1, params=FormatDialectParams, bounds=(0.0, 1.0))
def easy_r1(sample: Sample, params: FormatDialectParams) -> Component:
    r"""1 if the completion begins with `<think>`, closes it, and has a `\boxed{…}` after that, else 0.

    Range: {0, 1}. Source: EasyR1, `format_reward` of its math example. Example: `<think>a</think> \boxed{2}`: 1.
    """
    text = sample.completion.strip()
    if not text.startswith(_OPEN):
        return _wrong("does not begin with <think>", 0)
    close = text.find(_CLOSE)
    if close < 0:
        return _wrong("<think> is never closed", 0)
    box = text.find("\\boxed{", close)
    if box < 0 or text.find("}", box) < 0:
        return _wrong("no \\boxed{} after </think>", close)
    return Component(1.0)


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
