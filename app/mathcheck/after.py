"""What the words after a value make of it: a question, a denial, a retraction, a range, a condition."""

# ruff: noqa: E501  (patterns)

import re

from app.mathcheck.before import tokens
from app.mathcheck.phrases import AFTER_MARKS, rough_words
from app.mathcheck.voice import MARKS_AFTER

_END = re.compile(r"(?<!approx)(?<!ca)[.!?](?=\s|$)|[。！？]|\n\s*\n|</?[a-zA-Z|][^<>\n]{0,40}>")
_CHINESE = re.compile(
    r"^[\s$*)}\]]*(?:吗|左右|上下|还是|或者?|不对|是错|错误|以上|以下|如果|若|，?(?:否)?则|，?(?:但|不过|其实|不)|(?:和|与|到|至).{1,12}之间)"
)
_TAKEN_BACK = re.compile(
    r"^[\s.$)\]}*!,;:—–(-]*(?:(?:but|however|and|hmm|oh|well|though|actually)\b,?\s*){0,2}(?:"
    r"(?:i(?:'m|’m| am)\s+)?(?:not\s+(?:\w+\s+)?(?:sure|certain)|unsure|uncertain)\b|no\b,?\s+wait\b|wait\b(?!\s+times?\b)|no\b[,.!:]|(?:or\s+)?alternatively\b,?\s+(?:it(?:'s|\s+(?:is|could|may|might|equals))|the answer|\$|\\|\d)|"
    r"i(?:['’]ve|\s+have)?\s+(?:made|make|see)\s+(?:an?|some|my|the)\s+(?:\w+\s+)?(?:error|mistake)|"
    r"(?:[$\\({*]*[-\d][^\s]{0,30}|(?:this|that|others?|other\s+\w+))\s+(?:is|are|could\s+be|may\s+be|might\s+be|would\s+be|works?|fits?|satisf\w+)\s+also\b|"
    r"(?:[$\\({*]*[-\d][^\s]{0,30}|others?|other\s+\w+)\s+(?:also|could|may|might|would)\s+(?:also\s+)?(?:works?|fits?|be|is|satisf\w+)\b|"
    r"sorry\b(?!\s+(?:for|about|if))|oops\b|i was wrong|not!|i can(?:no|['’])t\s+(?:solve|answer|help)|or\s+(?:maybe|perhaps|is it)\b|correction\b|i (?:mean|disagree|take (?:it|that) back)\b|on second thought|scratch that|just (?:kidding|a guess)|or not\W*\Z|"
    r"(?:actually|rather|or rather|no),?\s+[$\\(]{0,3}-?\d|on (?:reflection|second thoughts?|closer inspection|review|checking),?\s+(?:it(?:'s| is| should be)|the answer is|that(?:'s| is))\s+[$\\(]{0,3}-?\d|"
    r"actually,?\s+(?:no\b|it(?:'s|\s+is|\s+should)|that(?:'s|\s+is)\s+(?:wrong|not)|the\s+\w+\s+is)|"
    r"(?:this|that|which|it)(?:['’]s|\s+(?:is|was|seems|looks|may be|might be|must be|can(?:not|['’]t) be))\s+(?:\w+ly\s+)?(?:wrong|incorrect|false|impossible|off\b|not\s+(?:right|correct|the answer|possible))(?!\s+(?:to|that|for)\b))",
    re.I,
)
_DENIED = re.compile(
    r"^[\s$)\]}*\"'’]*(?:(?:is|was|are|were|can|could|does|do|would|will|seems)(?:\s?n['’]t\b|\s+not\b(?!\s+only))|can['’]t\b|cannot\b|won['’]t\b|fails\b|would be wrong|[,;:—–(\[-]*\s*(?:can be|must be|should be|has to be|is|was|are|were|seems|would be|leads to a)?\b\s*\(?"
    r"(?:wrong|incorrect|false|invalid|impossible|excluded|ruled out|rejected|discarded|too (?:large|small|big|high|low)|off by(?: \w+)?|out of the question|contradictory|contradiction|absurd|extraneous)\b(?=\W*(?:$|[,;.)!]|since|because|as\b|by\b)))",
    re.I,
)
_RETRACTED = re.compile(
    r"\b(?:but|although|though|however|yet|and|which|that|i['’]m afraid|unfortunately|sadly|alas)\b,?\s*(?:(?:it|that|this|he|she|they|i)\b\s*(?:['’](?:s|re|m)|is|was|were|are|am)?\s*|(?:is|was)\s+)(?:\w+\s+){0,2}?"
    r"\b(?:wrong|incorrect|mistaken|false|an?\s+(?:\w+\s+)?(?:mistake|error|blunder)|not\s+(?:right|correct|true|the\s+answer))\b",
    re.I,
)
"""Further on in the sentence, of the value and no other."""
_DENIED_ELSEWHERE = re.compile(
    r"^[\s$)\]}*\"'’」]*(?:(?:では|じゃ)(?:ない|ありません)|[이가]?\s?아니|[이가]?\s?아닙|değil|नहीं|ではな)"
)
"""Languages that deny after the value."""
_CROSSED = re.compile(r"[\s$)\]}*.\\]*[✗✘❌✖🚫👎❎☒]")
_ROUGH_MARKS = AFTER_MARKS | MARKS_AFTER
_SPACES = re.compile(r"\s{2,}")
_GAP = re.compile(r"\\(?:[ ,;:!]|q?quad\b)|~")
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mbox)\s*\{")
_CLOSED = r"^[\s$)\]}*\"'”’`]*(?:\\[)\]])?[\s$*]*"
_VALUE = r"(?:\s*[\\$({\[*-]*\s*(?:\d|boxed|frac|sqrt|pi\b))"
_STEP = r"(?!\s+(?:(?:\w+ly\s+)?\w+ed\b|taken\b|we|you|one|i|simplified|rounded|written|expressed|reduced|it is (?:rounded|simplified|written))\b)"
_CONTINUED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(_CLOSED + pattern, re.I), reason)
    for pattern, reason in (
        (r"(?:\w+\s+){0,3}?[,(]?\s*(?:and\s*/\s*)?or\s+(?:maybe|perhaps|possibly|even|is it|it)\b", "several competing answers"),
        (r"[,(]?\s*(?:-?\s?ish\b|or\s+(?:so|thereabouts|something|such|similar|whatever)\b|approximately\b|approx\b|est\b|estimate\b|roughly\b|give or take|more or less\b|at (?:the very )?(?:least|most|best|worst)\b)", "the value is only approximate"),
        (r"(?:or\s+(?:more|less|fewer|greater|above|below|higher|over|under)\b|\+\s*(?:$|[.,;])|and (?:up|above|over|below)\b|(?:minimum|maximum)\b(?!\s+\w))", "the value is only a bound"),
        (r"(?:tops\b\W*$|and counting\b)", "the value is only a bound"),
        (r"(?:vs\b|versus\b)", "several competing answers"),
        (r"(?:to|through|until|up to)\b" + _VALUE, "the value is one end of a range"),
        (r"(?:[,;(]?\s*(?:only\s+)?(?:if|whenever|unless|provided|assuming|depending|except)|\s*when)\b" + _STEP, "the value stands under a condition"),
        (r"[,;(]?\s*for\s+(?:(?:even|odd|some)\s+\$?[a-z]\b|\$?[a-z]\$?\s*(?:=|<|>(?!\s*0\b)|\\le|\\(?:geqslant|geq|ge)(?![a-z])(?!\s*[012]\b)))", "the value stands under a condition"),
        (r"[,;]?\s*(?:otherwise|else)\W+(?:it\s+is\s+|the answer is\s+)?(?=[\d$\\-])", "the value stands under a condition"),
        (r"[,;(—–-]?\s*\(?(?:if i(?:'m| am) (?:not mistaken|right)|maybe|perhaps|possibly|probably|i guess|(?:just\s+)?guess(?:ing)?\b|un(?:verified|confirmed|checked)\b|i suppose|i'm guessing|at a guess)\b", "the value is only a guess"),
        (r"(?:would|could|might|may)\b", "the value is only supposed"),
        (r"(?:minus|plus|divided\s+by|multiplied\s+by|increased\s+by|decreased\s+by|reduced\s+by)\b", "the value is a part of a larger expression"),
        (r"(?:squared|cubed)\b", "the value is a part of a larger expression"),
        (r"(?:\\(?:neq?|approx|sim|pm)\b|≠|≈|±|\\not\b)", "the value stands in a relation"),
    )
)  # fmt: skip


def speaks_after(window: str) -> bool:
    """Whether the window may hold a mark: a quick look that spares the rules."""
    if not window.isascii() or "?" in window or "+" in window or "n't" in window:
        return True
    return not _ROUGH_MARKS.isdisjoint(rough_words(window))


def is_marked(window: str) -> bool:
    """Whether a word or sign stands there without which none of the rules below applies."""
    return not AFTER_MARKS.isdisjoint(tokens(window)) or any(sign in window for sign in ("≠", "≈", "±", "+"))


def read_after(window: str) -> str | None:
    """Why a value before these words is not stated as the answer; None if it is."""
    if not window or window.isspace() or not speaks_after(window):
        return None
    window = _TEXT.sub(" ", _GAP.sub(" ", window))
    end = _END.search(window)
    sentence = window[: end.end()] if end else window
    rest = window[end.end() :] if end else ""
    sentence, rest = _SPACES.sub(" ", sentence), _SPACES.sub(" ", rest)  # many would be tried in all ways
    if sentence.rstrip(" \n*_$)\"'").endswith(("?", "？")):
        return "the value is asked for, not stated"
    if not window.isascii() and _CROSSED.match(window):
        return "the value is denied"
    if not window.isascii() and _DENIED_ELSEWHERE.match(sentence):
        return "the value is denied"
    if not window.isascii() and _CHINESE.match(sentence):
        return "the value is asked for, bounded or conditional"
    if not is_marked(window):
        return None
    if _DENIED.match(sentence) or _RETRACTED.search(sentence):
        return "the value is denied"
    if _TAKEN_BACK.match(sentence) or _TAKEN_BACK.match(rest):
        return "the value is taken back"
    for pattern, reason in _CONTINUED:
        if pattern.match(sentence):
            return reason
    return None
