"""Bare answers of other scripts in the grammar's own words: `5厘米` is `5 cm`, `3万` is 3·10⁴, 或 joins as "or".

Only what changes the value is brought over: units, powers of ten, numerals, what joins relations. A noun that counts
("3个", "12人") stays, and is left out as nouns of prose are.
"""

# ruff: noqa: E501  (word tables)

import re

_UNITS = {
    "米": "m", "公尺": "m", "千米": "km", "公里": "km", "分米": "dm", "厘米": "cm", "公分": "cm", "毫米": "mm", "微米": "μm",
    "纳米": "nm", "英里": "mi", "英尺": "ft", "英寸": "inch", "克": "g", "千克": "kg", "公斤": "kg", "毫克": "mg", "吨": "tonne",
    "斤": "jin", "升": "L", "毫升": "mL", "小时": "hour", "小時": "hour", "時間": "hour", "分钟": "minute", "分鐘": "minute",
    "秒": "second", "天": "day", "星期": "week", "个月": "month", "年": "year", "元": "yuan", "块": "yuan", "人民币": "yuan",
    "角": "jiao", "美元": "dollar", "欧元": "euro", "英镑": "gbp", "公顷": "ha", "牛": "N", "牛顿": "N", "焦耳": "J",
    "瓦": "W", "千瓦": "kW", "伏": "V", "安": "A", "帕": "Pa", "摄氏度": "celsius", "华氏度": "fahrenheit", "弧度": "rad",
    "км": "km", "м": "m", "дм": "dm", "см": "cm", "мм": "mm", "кг": "kg", "г": "g", "т": "tonne", "л": "L", "мл": "mL", "ч": "hour",
    "мин": "minute", "сек": "second", "с": "second", "руб": "ruble", "рублей": "ruble", "円": "yen", "원": "krw", "시간": "hour", "초": "second",
}  # fmt: skip
_NAMES = "|".join(sorted(_UNITS, key=len, reverse=True))
_UNIT = rf"(?:平方|立方|кв\.?\s?|куб\.?\s?)?(?:{_NAMES})(?:²|³|\^\{{?[23]\}}?)?(?![^\W\d])"
_MEASURED = re.compile(
    rf"(?<=[\d)}}])\s*(?P<over>{_UNIT})(?:\s*(?:/|每|\bв\b)\s*(?P<under>(?:{_NAMES}|时|分|час)(?:²|³|\^\{{?[23]\}}?)?)(?!\w))?"
)
_POWERS = {"平方": 2, "立方": 3, "кв": 2, "куб": 3}
_PER = _UNITS | {"时": "hour", "分": "minute", "час": "hour"}
_CLOCKED = re.compile(r"(?<!\d)(\d{1,9})\s?(?:小时|小時|时|時間)\s?(\d{1,9})\s?(?:分钟|分鐘|分)(?!\d)")
_SCALED = re.compile(
    r"(?<![\d.,])(\d[\d,]*(?:\.\d+)?)\s*(十|百|千|万|萬|亿|億)(?=(万|萬|亿|億)?)\3?(?![一二三四五六七八九\d])"
)
_SCALES = {"十": 1, "百": 2, "千": 3, "万": 4, "萬": 4, "亿": 8, "億": 8}
_JOINS = (
    (re.compile(r"(?<=[\w)}\]∞])[\s,，;；]*(?:或者?|или)\s*(?=[-\w($\\{])"), r" \\text{ or } "),
    (re.compile(r"(?<=[\w)}\]∞])[\s,，;；]*(?:且|并且|和|与|以及|及)\s*(?=[-\w($\\{])"), r" \\text{ and } "),
)
_WORDS = {
    "无解": "no solution", "无实数解": "no solution", "无实根": "no solution", "空集": "no solution", "全体实数": "\\mathbb{R}",
    "一切实数": "\\mathbb{R}", "任意实数": "\\mathbb{R}", "实数集": "\\mathbb{R}", "正无穷": "\\infty", "无穷大": "\\infty",
    "无穷": "\\infty", "负无穷": "-\\infty", "不存在": "does not exist",
}  # fmt: skip
_PARTS = re.compile(r"([一二三四五六七八九十百千\d]{1,6})分之([零〇一二三四五六七八九十百点\d]{1,6})")
_DIGITS = {c: k for k, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = re.compile(
    r"(负?)([零〇一二两三四五六七八九十百千万亿]{1,20})(?=[个種种人只条名位元天年次倍组对本张件块]?\Z)"
)
_SCRIPT = "\u0400-\u04ff\u3040-\u30ff一-鿿가-힣"
_LETTERS = re.compile(f"[{_SCRIPT}]")
_COUNTED = re.compile(rf"[^{_SCRIPT}]*[{_SCRIPT}]{{0,8}}\s*[^\w]*", re.S)
"""A value with at most a noun behind it: anything else is a sentence, whose value is looked for as in any prose."""


LONGEST = 200
"""Characters of a value with its unit; what is longer is a sentence."""


def in_own_words(text: str) -> str:
    """The same answer without other scripts' units, multiples, numerals and conjunctions."""
    if len(text) > LONGEST or not _LETTERS.search(text):
        return text
    bare = text.strip(" 。.")
    if bare in _WORDS:
        return _WORDS[bare]
    if (numeral := _NUMERAL.match(bare)) and (value := _value(numeral[2])) is not None:
        text = f"{'-' if numeral[1] else ''}{value}{bare[numeral.end() :]}"
    text = _PARTS.sub(_in_parts, text)
    said = _CLOCKED.sub(r"\1 hours \2 minutes", text)
    said = _MEASURED.sub(_unit, said)
    said = _SCALED.sub(_multiple, said)
    for pattern, word in _JOINS:
        said = pattern.sub(word, said)
    said = re.sub(r"(?<=\d)\s*度(?!\w)", "^\\\\circ", said)
    return said if _COUNTED.fullmatch(said) else text


def _unit(m: re.Match[str]) -> str:
    over = m["over"]
    power = next((p for name, p in _POWERS.items() if over.startswith(name)), 0)
    name = re.sub(r"^(?:平方|立方|кв\.?\s?|куб\.?\s?)", "", over)
    name, raised = _raised(name)
    power = power or raised
    found = _UNITS[name] + (f"^{power}" if power else "")
    if m["under"]:
        name, power = _raised(m["under"])
        found += "/" + _PER[name] + (f"^{power}" if power else "")
    return f"\\text{{ {found}}}"


def _raised(name: str) -> tuple[str, int]:
    bare = name.rstrip("²³^{}23")
    return bare, 2 if "²" in name or "2" in name else 3 if bare != name else 0


def _in_parts(m: re.Match[str]) -> str:
    """二分之一 is 1/2."""
    bottom, top = (g if g.isascii() else _value(g) for g in m.groups())
    return m[0] if top is None or bottom is None else f"{top}/{bottom}"


def _multiple(m: re.Match[str]) -> str:
    power = _SCALES[m[2]] + (_SCALES[m[3]] if m[3] else 0)
    return f"({m[1]}\\cdot 10^{{{power}}})"


def _value(numeral: str) -> int | None:
    """The number that a numeral such as 三百二十 writes; None if it is none."""
    total = section = digit = 0
    for c in numeral:
        if c not in _DIGITS and c not in _SCALES:
            return None
        if c in _DIGITS:
            digit = _DIGITS[c] if not digit else -1
        elif (power := _SCALES[c]) >= _SCALES["万"]:
            total = (total + section + digit) * 10**power
            section = digit = 0
        else:
            section += (digit or 1) * 10**power
            digit = 0
        if digit < 0:
            return None
    return total + section + digit
