"""The last sentence that says which the answer is: "the answer is …", "A: …", 答案是 …"""

# ruff: noqa: E501  (patterns and word tables)

import re

from app.mathcheck.candidate import Candidate, Found
from app.mathcheck.competing import has_rival_key
from app.mathcheck.verdict import NoAnswer

_KEYWORDS = (
    "answer",
    "答案",
    "故选",
    "结果",
    "ans:",
    "a:",
    "result",
    "réponse",
    "antwort",
    "respuesta",
    "resposta",
    "risposta",
    "ответ",
    "答え",
    "答：",
    "答:",
)
_MARKUP = r"[\s*_`\"'”’}]{0,8}"
_STATES = re.compile(
    rf"(?:答案|结果|答え)\s{{0,20}}(?:分别\s{{0,20}})?(?:{_MARKUP})(?:是|为|為|は|等于|应为|应该是|[:：=])|故选\s*[:：]?|答[:：]|"
    rf"(?:ans|a){_MARKUP}[:=]|"
    r"(?:answers?|result|réponse|antwort|respuesta|resposta|risposta|ответ)(?:\s+(?:correcta?|finale?|richtige))?"
    rf"(?:\s+(?:to|of|for|in)\s+[^.:\n$=]{{1,60}}?)?{_MARKUP}"
    r"(?:\b(?:is|are|was|equals|becomes|comes out to(?:\s+be)?|would be|should be|must be|will be|est|es|ist|é|è)\b|[:：=]|—|это\b)"
)
_ADVERBS = re.compile(
    r"(?:\s|\*\*|[_:：]|</?(?:b|strong|em|i|code|u)>|\}(?=\s*[-\d\\$])|therefore\b|thus\b|then\b|hence\b|simply\b|just\b|indeed\b|clearly\b|also\b|exactly\b|equal to\b|given by\b|option\b|choice\b|"
    r"the final answer is\b|the answer is\b|the number\b|,(?=\s*(?:therefore|thus|then|hence)))*",
    re.I,
)
_FOREIGN = re.compile(
    r"\b(?:wrong|incorrect|false|other|reference|expected|textbook|previous|other|naive|student(?:'s)?|first|initial|original|alternative|alternate|tempting|obvious|"
    r"claimed|official|gold|golden|key|target|correct-looking|her|his|their|your|user(?:'s)?|intermediate|partial|possible|sample|example)\s+(?:final\s+)?\Z",
    re.I,
)
_SUPPOSED = re.compile(r"\b(?:if|unless|were|suppose|had)\b[^.!?\n]*\Z", re.I)
"""A sentence that begins so and goes on "the answer would be" states none."""
_ANOTHER = re.compile(r"\b(?:other|another|alternative|alternate|second)\s+(?:possible\s+)?\Z", re.I)
_DELIMITERS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("`", "`"),
    ("'", "'"),
    ('\\"', '\\"'),
    ("\\\\[", "\\\\]"),
    ("\\\\(", "\\\\)"),
)
_MONEY = re.compile(r"\$\s?\d[\d,.]*")
_WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_JOINED = re.compile(r"(?:\s*(?:,|;|\band\b|\bor\b|&)+\s*(?:\$[^$]{1,200}\$|\\\([^\n]{1,200}?\\\)))+")
_SENTENCE = re.compile(r"\n|。|．|(?<=[^\d\W])\.(?:\s|$)|\.(?:\s+[A-Z$\\]|\s*$)|<\||</?[A-Za-z]|\\boxed|\\fbox")
_DECORATION = re.compile(r"(?:\*\*)?[\s✅✔✓☑🎉🎊🏆👍💯🚀🔥😊🙂\ufe0f]{1,20}\Z")
"""Cheer at the end."""
_JSON = re.compile(
    r"""\s*(?:"((?:[^"\\\n]|\\.){0,2000})"|'([^'\n]{0,2000})'|(-?\d(?:[^,}\n\]]|,(?=\d{3}(?!\d))){0,200}))"""
)
_QUOTED_KEY = re.compile(r"[\"']\s*[:=]\Z")
_LINE_START = re.compile(r"(?:\n|\A)[ \t*_#>-]{0,8}\Z")
_ASCII_LOWER = {code: code + 32 for code in range(65, 91)}
END = 2_000
"""Characters at the end in which the last statement is looked for first."""
STATEMENTS = 200
"""Occurrences of the words looked at, from the end."""
LONGEST = 4_000
"""Characters of a stated answer."""


def stated(text: str) -> Found:
    """The last statement of an answer; the end of the text is searched first, since most stand there."""
    floor = max(0, len(text) - END)
    found = _last_stated(text, floor)
    return found if found is not None or not floor else _last_stated(text, 0)


def _last_stated(text: str, floor: int) -> Found:
    """The last statement that begins behind a position."""
    lower = in_lower_case(text[floor:])
    limit = len(lower)
    cached = {word: lower.rfind(word) for word in _KEYWORDS}
    for _ in range(STATEMENTS):
        word = max(cached, key=lambda w: cached[w] if cached[w] < limit else -1)
        at = cached[word]
        if at < 0:
            return None
        found = _statement(text, lower, word, at, floor)
        if found is not None:
            return found
        limit = at + 1
        cached[word] = lower.rfind(word, 0, at + len(word) - 1)
    return None


def in_lower_case(text: str) -> str:
    """In lower case, position by position."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_ASCII_LOWER)


def _statement(text: str, lower: str, word: str, at: int, floor: int) -> Found:
    """The statement that a word at a position of `lower`, which begins at `floor` of the text, begins."""
    m = _STATES.match(lower, at)
    if m is None:
        return None
    at, end = at + floor, m.end() + floor
    if word in ("a:", "ans:") and not _LINE_START.search(text[max(0, at - 12) : at] if at else "\n"):
        return None
    if _ANOTHER.search(text[max(0, at - 24) : at]):
        return NoAnswer("another answer is offered beside the first")
    if _FOREIGN.search(text[max(0, at - 24) : at]):
        return None
    if "would be" in m[0] and _SUPPOSED.search(text[max(0, at - 120) : at]):
        return NoAnswer("the value stands under a condition")
    if _QUOTED_KEY.search(text[at:end]) and (value := _JSON.match(text, end)):
        group = value.lastindex or 1
        if has_rival_key(text, *value.span(group)):
            return NoAnswer("several competing answers")
        content = value[group].replace("\\\\", "\\") if group == 1 else value[group]
        return Candidate(value.start(group), value.end(group), content.strip(), "value of an answer's key")
    adverbs = _ADVERBS.match(text, end)
    start = adverbs.end() if adverbs else end
    if word == "result" and not _MEANS_VALUE.match(text, start):
        return None
    return _value(text, start, (at, start))


_MEANS_VALUE = re.compile(r"[\s*$\\(\[{-]*(?:\d|[\\√π]|[a-z]\b|\()")


def _value(text: str, start: int, phrase: tuple[int, int]) -> Found:
    tail = text[start : start + LONGEST]
    for opening, closing in _DELIMITERS:
        if not tail.startswith(opening):
            continue
        end = tail.find(closing, len(opening))
        if end < 0 or (opening == "$" and _is_money(tail, end)):
            continue
        stop = end + len(closing)
        more = _JOINED.match(tail, stop)
        if more and more[0].strip():
            return Candidate(
                start,
                start + more.end(),
                tail[: more.end()].strip(),
                "stated as the answer",
                (phrase[0], start + more.end()),
            )
        content = tail[len(opening) : end].strip().rstrip(".。")
        if content:
            return Candidate(start, start + stop, content, "stated as the answer", (phrase[0], start + stop))
    m = _SENTENCE.search(tail, 1) if tail else None
    length = m.start() if m else len(tail)
    sentence = _DECORATION.sub("", tail[:length]).strip().strip("*").rstrip(".").strip()
    if sentence.endswith("$") and sentence.count("$") % 4 in (1, 2) and "$" not in sentence.rstrip("$"):
        sentence = sentence.rstrip("$ ")
    if not sentence:
        return None
    return Candidate(start, start + length, sentence, "stated as the answer", (phrase[0], start + length))


def _is_money(tail: str, end: int) -> bool:
    """Whether a dollar sign before a number is a currency and no delimiter: words stand before the next one."""
    return bool(_MONEY.match(tail)) and bool(_WORDS.search(tail, 1, end))
