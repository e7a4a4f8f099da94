"""Values of written numbers: digits, repeating decimals, other bases, English words."""

# ruff: noqa: E501, SIM905  (word tables)

import re

from flint import fmpq

from app.mathcheck.limits import Unparsable

_REPEAT = re.compile(r"(\d*)\.(\d*)(?:\((\d+)\)|\\(?:overline|dot|bar)\s*\{?(\d+)\}?)(?:(\d*)\\dot\s*\{?(\d)\}?)?")
_ONES: dict[str, int] = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS: dict[str, int] = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4} | {
    f"{stem}th{s}": n
    for s in ("", "s")
    for stem, n in (("four", 4), ("fif", 5), ("six", 6), ("seven", 7), ("eigh", 8), ("nin", 9), ("ten", 10))
}
NUMBER_WORDS = frozenset([*_ONES, *_TENS, *_LARGE, "hundred"])
_WORD = re.compile(r"[a-z]+")
MAX_WORDS = 24


def number(text: str) -> fmpq:
    """Exact value of a literal: integer, decimal, scientific, repeating, hexadecimal."""
    if text.isdigit():
        return fmpq(int(text))
    if text[:2] in ("0x", "0b", "0o"):
        return fmpq(int(text, 0))
    m = _REPEAT.fullmatch(text)
    if m:
        whole, fixed, period = m[1] or "0", m[2], m[3] or m[4] + (m[5] or "") + (m[6] or "")
        scale = 10 ** len(fixed)
        cycle = scale * (10 ** len(period) - 1)
        return fmpq(int(whole + fixed), scale) + fmpq(int(period), cycle)
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    value = fmpq(int(whole + decimals or "0"), 10 ** len(decimals))
    if exponent:
        value *= fmpq(10) ** int(exponent)  # bounded by the lexer
    return value


def in_base(digits: str, base: int, position: int) -> fmpq:
    """Value of a numeral such as `101.1` or `1F` in a base of 2 to 36. Raises Unparsable."""
    whole, _, part = digits.partition(".")
    try:
        return fmpq(int(whole + part, base), base ** len(part))
    except ValueError:
        raise Unparsable(f"digits of base {base}", position) from None


def base_of(words: str) -> int | None:
    """Base that a text names: `base 2`, `(base two)`, `two`; None if it names none."""
    m = re.fullmatch(r"\(?\s*(?:in\s+)?(?:base[\s-]*)?(\d{1,2}|[a-z]+)\s*\)?", words.strip().lower())
    value = None if m is None else int(m[1]) if m[1].isdigit() else _ONES.get(m[1])
    return value if value is not None and 2 <= value <= 36 else None


def is_number_words(text: str) -> bool:
    words: list[str] = _WORD.findall(text) if len(text) < 200 else []
    return bool(words) and re.fullmatch(r"[a-z][a-z -]*", text) is not None and value_of_words(words) is not None


def value_of_words(words: list[str]) -> fmpq | None:
    """`two hundred five`, `three quarters`: the number that a phrase names, or None."""
    if not 0 < len(words) <= MAX_WORDS:
        return None
    if "and" in words[1:-1] and words[-1] in _PARTS:  # one and a half
        at = words.index("and")
        whole, part = (
            value_of_words(words[:at]),
            value_of_words(["one" if w in ("a", "an") else w for w in words[at + 1 :]]),
        )
        return None if whole is None or part is None or whole.q != 1 or part >= 1 else whole + part
    if len(words) > 1 and words[-1] in _PARTS:
        top = value_of_words(words[:-1])
        return None if top is None or words[:-1] == ["zero"] else top / _PARTS[words[-1]]
    if "point" in words[1:-1]:
        at = words.index("point")
        whole, digits = value_of_words(words[:at]), [_ONES.get(w, 10) for w in words[at + 1 :]]
        if whole is None or max(digits) > 9:
            return None
        return whole + fmpq(int("".join(map(str, digits))), 10 ** len(digits))
    total = group = 0
    last = 10**15  # the next word must be smaller than what may still follow
    for word in words:
        if word in _ONES or word in _TENS:
            value = _ONES.get(word, _TENS.get(word, 0))
            if group % 100 and not (group % 100 in _TENS.values() and 0 < value < 10):
                return None
            if group and not value:
                return None
            group += value
        elif word == "hundred":
            if not 0 < group < 100:
                return None
            group *= 100
        elif word in _LARGE:
            if not group or _LARGE[word] >= last:
                return None
            last = _LARGE[word]
            total, group = total + group * last, 0
        else:
            return None
    return fmpq(total + group)


def in_figures(text: str) -> str | None:
    """A text that is nothing but a number in words, in figures: `minus five`, `half`, `a dozen`; None if it is not."""
    words: list[str] = _WORD.findall(text.lower()) if len(text) < 200 else []
    sign = "-" if words[:1] in (["minus"], ["negative"]) else ""
    words = words[1:] if sign else words
    if words[-1:] == ["dozen"]:
        count = fmpq(1) if words[:-1] in ([], ["a"]) else value_of_words(words[:-1])
        value = None if count is None else count * 12
    elif words in (["half"], ["a", "half"]):
        value = fmpq(1, 2)
    else:
        value = value_of_words(["one", *words[1:]] if words[:1] in (["a"], ["an"]) and len(words) > 1 else words)
    return None if value is None else f"{sign}{value}"
