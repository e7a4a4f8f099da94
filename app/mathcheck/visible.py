"""Blank out what a reader of the rendered text does not see, or sees struck out; positions stay."""

import re

from app.mathcheck.braces import BRACE, closings

_HIDDEN_ARGUMENT = re.compile(
    r"\\(?:phantom|hphantom|vphantom|hspace\*?|vspace\*?|cancel(?:to)?|bcancel|xcancel|sout|st|xout|label|tag|"
    r"textcolor\s*(?:\[\w{1,10}\]\s*)?(?={))\s*(?={)|"
    r"\\enclose\s*\{[^{}]{0,60}strike[^{}]{0,20}\}\s*(?={)|\\color\s*(?:\[\w{1,10}\]\s*)?(?={)"
)
_MAY_HIDE = re.compile(r"\\(?:ph|hph|hsp|vph|vsp|ca|co|bca|begin\s*\{com|xc|xo|so|st|la|ta|textco|enc|if)")
"""What those begin with, by few letters, so that a search leaps from backslash to backslash."""
_SKIPPED = re.compile(r"\\iffalse\b.*?(?:\\fi\b|\Z)|\\begin\s*\{comment\}.*?(?:\\end\s*\{comment\}|\Z)", re.S)
"""What TeX leaves out."""
_WHITE = re.compile(
    r"\{\s*(?:white|transparent|#?[fF]{3}(?:[fF]{3})?|1\s*,\s*1\s*,\s*1|255\s*,\s*255\s*,\s*255|1)\s*\}\s*"
)
_STRUCK = re.compile(r"~~(?=[^\s~])[^~\n]{1,2000}~~")
_TAG = re.compile(
    r"<(?:(?P<struck>s|del|strike)|(?P<styled>[a-z][a-z0-9]{0,15})\b[^<>]{0,200}?"
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|\bhidden\b|opacity\s*:\s*0(?![.\d])|font-size\s*:\s*0(?![.\d])|"
    r"color\s*[:=]\s*[\"']?(?:white|#fff(?:fff)?|transparent)\b)[^<>]{0,200})>",
    re.I,
)
_MAY_BE_TAG = re.compile(r"<[A-Za-z!]")
_COMMENT_LINE = re.compile(r"^[ \t]*%[^\n]*|(?<=[}$)\]])[ \t]*%[ \t]*[$\\(\[]{0,3}(?:\\f?box|answer)[^\n]*", re.M)
_OVERLAID = re.compile("[^=\\s][\u0335-\u0338]")
"""A character crossed out by a combining stroke; `=` with one is `≠` and stays."""
HIDING = 1_000
"""Characters before an answer in which what hides it may begin."""


def hides(text: str) -> bool:
    """Whether anything in the text may hide a part; cheaper than to find out what."""
    return (
        ("\\" in text and _commands_hide(text))
        or ("~" in text and "~~" in text)
        or ("%" in text and _may_comment(text))
        or ("<" in text and _tags_hide(text))
        or not (text.isascii() or _OVERLAID.search(text) is None)
    )


def _commands_hide(text: str) -> bool:
    return _MAY_HIDE.search(text) is not None and (
        _HIDDEN_ARGUMENT.search(text) is not None or _SKIPPED.search(text) is not None
    )


def _tags_hide(text: str) -> bool:
    """Nearly all `<` of a text are signs of comparison, which a look at the next character tells."""
    return _MAY_BE_TAG.search(text) is not None and ("<!" in text or _TAG.search(text) is not None)


def hides_what_ends(text: str, start: int, at: int) -> bool:
    """Whether anything between the two positions may hide what stands from `at` to the end of the text.

    What can only hide within its line, or between two marks, is looked for where it can reach.
    """
    if _MAY_HIDE.search(text, start, at) or (text.find("<", start, at) >= 0 and _MAY_BE_TAG.search(text, start, at)):
        before = text[start:at]
        if _commands_hide(before) or _tags_hide(before):
            return True
    comment = text.rfind("%", start, at)
    return comment >= 0 and comment > text.rfind("\n", start, at)


def _may_comment(text: str) -> bool:
    """Whether a percent sign stands where it can begin a comment: at the start of a line or behind a closing mark."""
    at = text.find("%")
    while at >= 0:
        k = at - 1
        while k >= 0 and text[k] in " \t":
            k -= 1
        if k < 0 or text[k] in "\n}$)]":
            return True
        at = text.find("%", at + 1)
    return False


def visible(text: str) -> str:
    """The text with spaces in place of what is not shown: as long as the text, in linear time."""
    if "\\" in text:
        text = _SKIPPED.sub(_blank, _commands(text))
    if "~~" in text:
        text = _STRUCK.sub(_blank, text)
    if "<" in text:
        text = _html(text)
    if "%" in text and _may_comment(text):
        text = _COMMENT_LINE.sub(_blank, text)
    if not text.isascii() and _OVERLAID.search(text):
        text = _OVERLAID.sub(_blank, text)
    return text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _commands(text: str) -> str:
    ends: dict[int, int] | None = None
    parts: list[str] = []
    done = 0
    for m in _HIDDEN_ARGUMENT.finditer(text):
        if m.start() < done:
            continue
        if ends is None:
            ends = closings(text, m.start())
        end = _hidden_until(text, m, ends)
        if end > m.start():
            parts += (text[done : m.start()], " " * (end - m.start()))
            done = end
    return "".join(parts) + text[done:]


def _hidden_until(text: str, m: re.Match[str], ends: dict[int, int]) -> int:
    """End of what the command hides; its start if it hides nothing. An open group hides all the rest."""
    opening = m.end()
    if "color" not in m[0]:
        return ends.get(opening, len(text))
    white = _WHITE.match(text, opening)
    if white is None:
        return m.start()
    if text.startswith("{", white.end()):
        return ends.get(white.end(), len(text))
    if "textcolor" in m[0]:
        return white.end()
    return _group_end(text, white.end())


def _group_end(text: str, start: int) -> int:
    """Where the group that holds `start` ends: TeX keeps a colour until there."""
    depth = 0
    for m in BRACE.finditer(text, start):
        depth += (m[0] == "{") - (m[0] == "}")
        if depth < 0:
            return m.start()
    return len(text)


def _html(text: str) -> str:
    if "<!--" in text:
        parts: list[str] = []
        done = 0
        while (start := text.find("<!--", done)) >= 0:
            end = text.find("-->", start)
            end = len(text) if end < 0 else end + 3
            parts += (text[done:start], " " * (end - start))
            done = end
        text = "".join(parts) + text[done:]
    parts, done = [], 0
    lower = ""
    for m in _TAG.finditer(text):
        if m.start() < done:
            continue
        lower = lower or text.translate(_LOWER)
        name = (m["struck"] or m["styled"]).lower()
        end = lower.find(f"</{name}>", m.end())
        end = len(text) if end < 0 else end + len(name) + 3
        parts += (text[done : m.start()], " " * (end - m.start()))
        done = end
    return "".join(parts) + text[done:] if parts else text


_LOWER = {code: code + 32 for code in range(65, 91)}
