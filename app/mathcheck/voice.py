"""Whose answer a sentence states and in which mood: the writer's own and asserted, or another's, supposed, taken back.

A box commits its writer unless what is said around it says otherwise. `before.py` and `after.py` read the words nearest
to a value; the shapes here span the sentence: who answers ("most students write"), by which way ("the naive count
gives"), in which mood ("if we forgot it, we'd get"), what the box is for ("placeholder:"), and what is said of it then
("that can't be right"). `<name>` is a class of `voice_words`; each shape has one with a `!`, without a word of which it
cannot match: from these the quick look is derived that spares the shapes in nearly all texts.
"""

# ruff: noqa: E501  (patterns)

import re
from functools import cached_property

from app.mathcheck.clean import unmixed
from app.mathcheck.phrases import MEASURE, rough_words
from app.mathcheck.voice_words import CLASSES

_SHORT = {
    "open": r"^(?:[\s>*#_–—$-]|(?:so|now|note that|note|thus|well|hmm|but|and|here|then|also|again|clearly|admittedly|however|indeed|in fact|unfortunately|initially|at first|yet|please|though|first|finally)\b,?)*",
    "that": r"(?: (?:at|in|on|with|for|up with|to see|to be|me to say|me|us|him|it|equals|that|to|as|it is|it's|the|an?|is|answer|result|value|of|be|their|his|her|number|final|sum|product|total|area|limit|probability|count|x|n|was|equals|should be|must be|just|only|exactly|my|instead|as an answer))*",
    "end": r"[\s:$(\[{*\\,=-]*$",
    "adv": r"(?: (?:\w+ly|almost|most likely|in all likelihood|no doubt|a little bit|to me|a bit|a little|quite|very|rather|somewhat|just|way|still|so|totally|like|also|only|merely|simply|nothing but|even|really))*",
    "this": r"(?:(?:that|this|it|the above)(?![a-z])|(?:the |my |that |this |our )?(?:above |final |boxed |last |previous |whole |entire |sanity )*(?:check|verification|substitution|test|answer|result|value|box|number|calculation|computation|reasoning|conclusion|solution|step|argument|derivation|approach|logic)(?![a-z]))",
    "sep": r"^[\s,;:(\[—–.-]*",
}  # fmt: skip
_BEFORE = (
    ("(?:<open>|, )(?:(?:but )?according to )?<!many>(?: of)?(?: the| my| our)?(?: \\w+)? (?:<people>|others|ones?|solutions?|sites?)(?:,? \\w+){0,2}?(?: <often>)* <answers>(?: out| down| forward)?<that><end>", "the value is somebody else's"),
    ("<open>(?:an? |the )?<!people>(?: [a-z]+){0,4}?(?: <often>)+ <answers>(?: out| down| forward)?<that><end>", "the value is somebody else's"),
    ("(?:they|you|he|she|somebody) <!wants> (?:me|us) to <answers><that><end>", "the value is somebody else's"),
    ("<open>(?:one|an?|another) (?:\\w+ )?<!candidate>(?: <thing>)? (?:is|would be|could be)<end>", "several competing answers"),
    ("<!at first>,? (?:i|we)(?: had| have)? <answers><that><end>", "the value is taken back"),
    ("<!assumption>\\b.*<!not our case>.*<end>", "the value stands under a condition"),
    ("^(?!.*\\b(?:we|i|you)\\b).*<!habit>(?: \\w+)? <answers>(?: out| down| forward)?<that><end>", "the value is somebody else's"),
    ("\\b(?:the|an?|this|his|her|their) (?:\\w+ )?<!published>(?: <thing>| key)+(?: (?:in|on|from|of) (?:the |that |this |an? )?\\w+)? (?:<answers>|<yields>|has|had|lists)<that><end>", "the value is somebody else's"),
    ("\\b<!mine too>(?: \\w+){0,3} <answers>(?: out| down| forward)? (?:it is|it's|that it is|by)<that><end>", "the value is somebody else's"),
    ("<open>(?:<mine>) (?:\\w+ )?<!acquaintance>(?:'s \\w+)?(?: once| just| later| also| even| first| keeps| kept)?(?: <often>)* <answers><that><end>", "the value is somebody else's"),
    ("<open>(?:half (?:of )?|much of |most of |all of |the )?<!source>(?: on \\w+ \\w+)?(?: <often>| just| here| seems to)* (?:<answers>|need|needs|lists|has)<that><end>", "the value is somebody else's"),
    ("according to <!source>(?: \\w+)?,?(?: (?:it|this|the \\w+) (?:is|was|equals))?<that><end>", "the value is somebody else's"),
    ("according to (?:<mine>) (?:\\w+ )?<!acquaintance>,?(?: (?:it|this|the \\w+) (?:is|was|equals))?<that><end>", "the value is somebody else's"),
    ("<!fooled>(?: \\w+)? (?:into|to) <answers><that><end>", "the value is said to be a mistake"),
    ("<!rumor>", "the value is somebody else's"),
    ("<!usual>(?: but)?(?: \\w+){0,2}? (?:<mistake>|<bad>)\\b.*?(?:<yields>|:)<that><end>", "the value is said to be a mistake"),
    ("<open>(?:(?:an?|the|one|this|that|another|my|any|some) )?(?:(?!number|percent|percentage|expected|total|absolute|relative|standard error|maximum|minimum|average|mean|rounding|largest|smallest)\\w+,? (?:but |yet |and |or )?){0,2}?<!wrong>(?!,)(?: (?!number|amount|probability|questions|people|answers)[\\w'-]+){0,8}? <yields><that><end>", "the value is said to be a mistake"),
    ("<open>(?:\\w+ )?<!slip>(?! nothing)[^,;:]* <yields>(?: us| you| one| me)?<that><end>", "the value is said to be a mistake"),
    ("<open>(?:if|when|whenever|should|because|after) <we>(?: \\w+)? <!slip>\\b.*<end>", "the value is said to be a mistake"),
    ("\\b(?:with|in|under|by|from|using) (?:the |an? |this )?<!wrong> \\w+(?: \\w+)? <yields><that><end>", "the value is said to be a mistake"),
    ("<open>(?:with|using|by|from|under|through|via|due to|because of|in|owing to) (?:the |an? |this |that |some |my )?(?:\\w+ )?<!wrong>\\b[^;]*?,? (?:<we>|it|students)(?:(?: \\w+)? (?:<answers>|have|had|is)|'s)<that><end>", "the value is said to be a mistake"),
    ("<!tempting>(?: would be)?(?: it is)? to <answers><that><end>", "the value is said to be a mistake"),
    ("<!unreal>\\b.*\\b<we> ?<could>(?: then| only| instead| still| just)* (?:<answers>|have|be left with)<that><end>", "the value is only supposed"),
    ("<!unreal>\\b.*\\b<result> ?<could>(?: been| be| become| equal| come to| come out as)<that><end>", "the value is only supposed"),
    ("<!other case>\\b.*\\b<result>(?: \\w+){0,6}? ?<could>(?: been| be| become| equal)<that><end>", "the value is only supposed"),
    ("<open>(?:as )?(?:(?:this|that|it|here)(?: is|'s) )?(?:the |an? |my |this |your |some |just |only |merely )*(?:(?!number|size|amount)\\w+ )?<!placeholder>(?: <thing>)*(?: only)? ?(?:[:=—–-]|is|was|would be|looks like)?(?: this)?<that><end>", "the value is an example or a placeholder"),
    ("<open>(?:todo: |note: )?<!placeholder>(?: <thing>)* ?:.{0,60}$", "the value is an example or a placeholder"),
    ("\\b(?:an?|the) <!placeholder>(?: <thing>)? (?:of|for) (?:the|this|your|a) <thing><end>", "the value is an example or a placeholder"),
    ("\\bthe <!placeholder><end>", "the value is an example or a placeholder"),
    ("<!like>[\\s:,]*(?:<we> )?(?:of )?(?:<answers>|box)?<end>", "the value is an example or a placeholder"),
    ("<use> (?:the|this|a|that) (?:\\w+ )?<!placeholder>(?: of)?<end>", "the value is an example or a placeholder"),
    ("<!replace>(?: the| this| my| your| with| by| result| answer| value| number| here)*<end>", "the value is an example or a placeholder"),
    ("<!meanwhile>(?:\\b[^.]{0,40})?,? (?:let me |let us )?(?:i|we)?(?:'ll| will|'d| would)?(?: just| simply)? ?(?:<answers>|write|use|enter|leave|take|assume|set|stick with)<that><end>", "the value is an example or a placeholder"),
    ("i(?:'ll| will|'d)? (?:just |simply )?<!replace><that><end>", "the value is an example or a placeholder"),
    ("<!guess>(?: (?:is|of|was|would be|here|then|again|tells|chosen|i|we))*[ ,:=—-]*(?:i (?:\\w+ )?|is |here is )?(?:<answers>)?<end>", "the value is only a guess"),
    ("<!credit>\\b[^.]{0,60}$", "the text speaks of the grader"),
    ("<!helpless>(?: (?:this out|it out|this|it|that|how|what|whether|if|the (?:answer|solution|problem|question|proof|task|value)|for sure|exactly|yet|anymore|any further|here|in time|at this point|really))*(?=[\\s,;:.—-]*(?:$|so\\b|but\\b|here\\b|i\\b|maybe\\b|perhaps\\b|then\\b|anyway\\b|just\\b|let\\b|and\\b|my\\b|hence\\b|therefore\\b))[^.]{0,60}$", "the text says that there is no answer"),
    ("<!refuse>(?: \\w+){0,2}? (?:<answers>|<commit>)<that><end>", "the value is denied"),
    ("\\bi (?:\\w+ ){0,3}?<!retract>(?: those who)?(?: \\w+){0,2}?<that><end>", "the value is taken back"),
    ("<open>(?:(?:we|i|you|one|let us|let's|please)(?: must| should| have to| can| may| need to| will|'ll)? )?<!discard>(?: the| my| this| that)?(?: \\w+)?<end>", "the value is taken back"),
    ("\\b(?:my|our|the|an?) <!before> <try>(?: of \\w+ \\w+)?(?: was| is| gave| of| had| said|,)?<end>", "the value is taken back"),
    ("\\b(?:i|we) <!at first>(?: <answers>| concluded)<that><end>", "the value is taken back"),
    ("<!possible>(?!.*\\b(?:so|therefore|thus|hence|then)\\b)[^,]*$", "the value is only a guess"),
    ("\\b(?:the|this|an?) <!claim>(?: the answer is| it is)?<end>", "the value is claimed, not stated"),
    ("<open>(?:for|when|if|whenever|provided)(?: (?:all|any|every|some))? [^,]*\\b<!parity>\\b[^,]*,(?: (?:then|we get|we have|it is|it's|this is))?<end>", "the value stands under a condition"),
    ("<open><!unreal world>\\b[^,]*,<that><end>", "the value is only supposed"),
    ("<open><!seemingly>,?<that><end>", "the value is said to be a mistake"),
    ("(?:'s|s'|\\bhis|\\bher|\\btheir|\\byour) (?:\\w+ )?<!opinion> (?:is|was|of)<that><end>", "the value is somebody else's"),
    ("<open>(?:one|you|people|we|anyone|everyone) (?:would|might|may|could) (?:\\w+ )?<!expect><that><end>", "the value is only supposed"),
    ("<open><!whoever>\\b[^,;:=]*? <answers>(?: out| at| up)?<that><end>", "the value is somebody else's"),
    ("<open>(?:your|his|her|their) (?:\\w+ )?<!attempt> (?:<yields>|<answers>|came out as|had)<that><end>", "the value is somebody else's"),
    ("\\bi(?:'m| am| was|'ve been| have been) <!bidden> to <answers><that><end>", "the value is somebody else's"),
    ("\\bi (?:\\w+ )?<!past belief>(?: that)? (?:it|this|that|the \\w+) (?:was|were|would be|had to be)<that><end>", "the value is taken back"),
    ("<open>(?:before|prior to|until|till) [^,;:=]*<!fault>.*<that><end>", "the value is taken back"),
    ("\\bno (?:\\w+ )?<!evidence>\\b[^,;:=]*<end>", "the value is doubted"),
    ("\\b<!both> [^,;:=]{1,40} and<end>", "several competing answers"),
    ("<!limit of><end>", "the value is only a bound"),
    ("<!range from> [^,;:=]{1,40} (?:and|to)<end>", "the value is one end of a range"),
    ("<!fails to><that><end>", "the value is denied"),
    ("\\b(?:for|in) (?:an?|the|another|some) (?:\\w+ )?(?:simpler|easier|harder|different|similar|modified|related|relaxed) <!variant>\\b.*<end>", "the value is only supposed"),
    ("<open><!only under>\\b[^,;:=]*<end>", "the value stands under a condition"),
    ("<!nonfactive>[^:=;,\\d]*<end>", "the value is only supposed"),
    ("<open>(?:(?:let us|let's|let me|we|i|one|you|next|could|can|may|might|will|'ll|should),? ?)*<!try it>(?: out| with)?(?: the)?(?: (?:value|number|case|candidate|guess))?(?: of| n| x)?[ $(\\[{*]*$", "the value is only supposed"),
    ("<open>(?:the|an?|some) <!previous> <people>(?: \\w+)? <answers>(?: out| down)?<that><end>", "the value is somebody else's"),
    ("\\b(?:author|setter|poser|examiner|asker|teacher|publisher|creator|writer)s?(?: \\w+)? <!intended>(?: to \\w+)?(?: for)?<that><end>", "the value is somebody else's"),
    ("\\b(?:the|these|those|possible|its|our|some) (?:\\w+ )?<!options> (?:\\w+ )?(?:include|includes|contain|contains|are|list)<that><end>", "several competing answers"),
    ("<open>(?:the|an?|my|this|that|one|another) (?!.*\\b(?:number|amount|percentage|probability|fraction|proportion|rate|ratio)\\b)(?:[\\w-]+,? ){0,4}?<!wrong> (?:answer|result|value|solution|guess|response)s?(?: here)?(?: is| was| would be)?<end>", "the value is said to be a mistake"),
    ("\\b(?:the|an?|its|one) <!operator> of(?: the (?:number|value|result|answer))?[ $(\\[{*]*$", "the value is a part of a larger expression"),
    ("<open><!combine>\\b[^:=]* (?:to|from|by|with)[ $(\\[{*]*$", "the value is a part of a larger expression"),
)  # fmt: skip
_AFTER = (
    ("^[ $)}\\]*\"'”]*<is><adv> <!doubted>\\b(?! (?:only|by|because of a))", "the value is doubted"),
    ("^[ $)}\\]*\"'”]*<!not><adv>(?: <holds>)+\\b", "the value is denied"),
    ("^[ $)}\\]*\"'”]*,? ?<copula> (?:(?!because|since|while|when|if|that|and|but|not|n't|only)[\\w']+ ){0,6}?<!damning>\\b(?! (?:to|that|for|by|only|because|of (?!the format))\\b)", "the value is doubted"),
    ("^[ $)}\\]*\"'”]*<copula> (?:(?!because|since|while|when|if|that|and|but|as|only)[\\w']+ ){0,4}?(?:not|never|hardly|barely|n't) (?:\\w+ ){0,2}?<!right>\\b(?! (?:to|that|for|by|only|because)\\b)", "the value is denied"),
    ("^[ $)}\\]*\"'”]*[,;:(—–-] ?(?:[a-z]+ ){0,2}?(?:which|that|this|it)\\b[^.;]{0,30}(?:n't|not|never|hardly) (?:\\w+ ){0,2}?<!believed>\\b", "the value is doubted"),
    ("^[ $)}\\]*\"'”]*<!contradicts>\\b(?! \\d)", "the value is denied"),
    ("^[ $)}\\]*\"'”]*(?:is|was|'s)<adv>(?: an?| the| my| your| some)?(?: (?:first|common|classic|tempting|random|wild|mere|format|popular|typical))* <!note>\\b(?! (?:rate|of (?!the format))\\b)", "the value is said to be none"),
    ("^[ $)}\\]*\"'”]*(?:is|was|would be)<adv> <!their>\\b", "the value is somebody else's"),
    ("^[ $)}\\]*\"'”]*(?:is|was)<adv> (?:an?|the) <!usual>(?: \\w+)? <answered>\\b", "the value is somebody else's"),
    ("^[ $)}\\]*\"'”]*(?:is|was|were)<adv> (?:my|our|the|his|her|their) <!before> <try>", "the value is taken back"),
    ("^[ $)}\\]*\"'”]*(?:is|was) (?:an?|the) <!wrong>\\b", "the value is denied"),
    ("<sep>(?:\\w+ )?<but>(?:,? (?:i|i'm|i am|it|this|that|the \\w+|don't|do not|please|he|she|they|we|may|might|have|has|be|is|was|am|are|could|\\w+ly|not|now|very|quite|still|also|just|of|on|in|to|computation|above|check|calculation|'m|really))* ?<!distrusted>\\b(?! (?:from|the (?:first|initial|common|previous|earlier|naive|assumption))\\b)", "the value is doubted"),
    ("<sep>(?:\\w+'s|another|the other|others)(?: \\w+)? <!rivals>\\b", "several competing answers"),
    ("^[ $)}\\]*\"'”]*[,;(—–-]+ ?<but> (?:(?!naive|first|students|many|most|other|another|common|initial|textbook|claim|since|because|not)[a-z']+ ){0,5}?<!damning>\\b", "the value is doubted"),
    ("<sep>[^.]{0,30}\\bi(?:'m| am| was| still| really)* <!distrusted>\\b", "the value is doubted"),
    ("<sep>(?:but |and |so |please |though |only |just )*<!unready>\\b", "the value is doubted"),
    ("^[ $)}\\]*\"'”]*,? ?the (?:exact|true|real|actual|correct) (?:value|answer) (?:is|remains) <!unknown>\\b", "the value is only a bound"),
    ("^[ $)}\\]*\"'”]*<!stands for>\\b", "the value is said to be none"),
    ("^[ $)}\\]*\"'”]*(?:is|was)<adv> (?:the|an?) (?:answer|result|value|outcome|product|fruit) of (?:an?|the|some) <!bad>\\b", "the value is said to be a mistake"),
    ("<sep>(?:\\w+ )?<!contrast>\\b[^.;]{0,40}?\\b(?:(?:should|must|ought to|has to) be|(?:truth|answer|value|result|count|number|total) (?:is|was)) [$(\\\\]*-?\\d", "several competing answers"),
    ("<sep>(?:\\w+ )?<!contrast> [$(\\\\]*-?\\d[\\d.]*[$)\\\\]* (?:is|seems|looks|would be) (?:just as|equally|more|also|as|at least as)\\b", "several competing answers"),
    ("^[ $)}\\]*\"'”]*(?:as|to be) <!bad>\\b", "the value is denied"),
    ("^[ $)}\\]*\"'”]*(?:is|was)<adv> what (?!we |i |you |it |the (?:problem|question|task|table|graph|figure|diagram) )(?:[\\w']+ ){1,8}?<!states>\\b", "the value is somebody else's"),
    ("^[ $)}\\]*\"'”]*(?:is|was)<adv> (?:the |an? )?(?:\\w+ )?(?:answer|solution|result|value)s? (?:to|for|of|in) (?:(?:an?|the|some|that) )?<!different>\\b", "the value is somebody else's"),
    ("^[ $)}\\]*\"'”]*(?:is|was)<adv>(?: an?| the| our| its)?(?: (?:only|just|merely|rough|crude|trivial|weak|simple|naive))* <!bound>\\b(?!.*\\b(?:attained|achieved|reached|sharp|tight|equality|also|least|best|greatest)\\b)", "the value is only a bound"),
)  # fmt: skip
_NEXT = (
    ("<lead>(?:i (?:think|believe|suspect|fear|feel|realize|see|notice)(?: now)?(?: that)? )?(?:[^.]{0,60}, (?:so|and|but|hence|therefore) )?(?:<this>|something)(?: ?<is>)?<adv> <!doubted>\\b(?! (?:to|that|for|by|only)\\b)", "the value is taken back"),
    ("<lead>(?:i (?:think|believe|suspect|fear|feel|realize|see|notice)(?: now)?(?: that)? )?<this>(?: ?<is>)? <!not><adv>(?: <holds>)+\\b(?! (?:to|that|for)\\b)", "the value is taken back"),
    ("<lead><this>(?: ?(?:is|was|'s))?<adv> not<adv>(?: the)? <!right>\\b(?! (?:to|that|for)\\b)", "the value is taken back"),
    ("<lead><this><adv> <!contradicts>\\b", "the value is taken back"),
    ("<lead><this> ?(?:is|was|'s)<adv>(?: an?| the| my)?(?: (?!(?:not|no|never|without|where|how|why)\\b)[\\w,-]+){0,3}? <!note>\\b(?! of\\b)", "the value is said to be none"),
    ("<lead>(?:please )?(?:don't|do not|never) <!heed> (?:this|that|it|my|me|the)\\b", "the value is taken back"),
    ("<lead>something (?:is|was|has|have|must have|seems|looks|may have)(?: \\w+)? <!astray>\\b", "the value is taken back"),
    ("<lead>(?:you can |you should |do )?<!scratch>(?: (?:that|this|it|my|what i|all of|everything|about|the (?:above|answer|box|value|result|previous|last|number))\\b| to that|[.!,]|$)", "the value is taken back"),
    ("<lead>i(?:'m| am|'ve| have)?(?: (?:\\w+ly|just|now|still|also|even|must|should|may|might|could|do|did|think|believe|see|that|i|will|would|am|was|have|really|only|totally|completely)(?:'ve)?)* <!doubting>\\b", "the value is taken back"),
    ("<lead>(?:let me|let's|let us|we (?:should|must|need to|have to)) <!again>\\b", "the value is taken back"),
    ("<lead><!sigh>\\b", "the value is taken back"),
)  # fmt: skip
_DERIVED = {
    "wrong": CLASSES["bad"] + "|" + CLASSES["mistake"],
    "unknown": "unknown|unclear|different|another|larger|smaller",
    "mine too": CLASSES["people"] + "|of mine",
    "right": "right|correct|the answer|true|answer|possible|valid|it|what",
}
"""Classes made of others."""
_SLOT = re.compile(r"<(!?)([a-z ]+)>")


class Shape:
    """One shape of a sentence. Its pattern is compiled when first asked for: few processes need them all."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        marked = next(name for bang, name in _SLOT.findall(text) if bang)
        self.marks = frozenset(map(_mark, _phrases(marked).split("|")))
        """Of each phrase of the class without which the shape does not match one word."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(_SLOT.sub(lambda m: _alternatives(m[2]), self.text))


def _phrases(name: str) -> str:
    return _DERIVED.get(name) or CLASSES[name]


def _alternatives(name: str) -> str:
    if name == "lead":
        return rf"^[\s$.!()}}\]*…:,;>–—-]*(?:{_alternatives('well')}[\s,.!…:—-]+)*"
    if name in _SHORT:
        return _SHORT[name]
    phrases = _phrases(name).split("|")
    short = "|".join(re.escape(p) for p in phrases if not p[0].isalpha())
    words = "|".join(re.escape(p) for p in phrases if p[0].isalpha())
    return f"(?:(?<![a-z])(?:{words}){'|' if short else ''}{short})(?![a-z])"


_COMMON = frozenset(
    re.findall(
        "[a-z]+",
        "the a an of for in is to i it that this with as from only what you be by one answer value number result solution "
        "problem question final we have has was some my our your e will would should could might must may can when if do "
        "does did or at so",
    )
)


def _mark(phrase: str) -> str:
    """The word of a phrase that is rarest in texts, taken to be its longest uncommon one."""
    return max(re.findall("[a-z]+", phrase), key=lambda w: (w not in _COMMON, len(w)))


BEFORE, AFTER, NEXT = (tuple(Shape(*row) for row in table) for table in (_BEFORE, _AFTER, _NEXT))


def _index(shapes: tuple[Shape, ...]) -> dict[str, list[int]]:
    """Positions of the shapes that a word may belong to."""
    found: dict[str, list[int]] = {}
    for at, shape in enumerate(shapes):
        for mark in shape.marks:
            found.setdefault(mark, []).append(at)
    return found


_BEFORE_AT, _AFTER_AT, _NEXT_AT = map(_index, (BEFORE, AFTER, NEXT))
MARKS_BEFORE = frozenset(_BEFORE_AT)
MARKS_AFTER = frozenset(_AFTER_AT) | frozenset(_NEXT_AT)
_COUNTED = re.compile(
    r"[ $)}\]*\\%]*(?:\\text\{)? ?(?!(?:here|at|instead|as|by|when|because|since|but|and|which|while|in|for|is|to|on|yet|though|if|until|with|without|or|was|of|so|we|he|it|be|an|no)\b)[a-z]{2,}"
)
"""A noun after the value: what is counted is no answer that somebody gave."""
_MEASURED = re.compile(
    rf"[\s>*]*(?:\w+, )?(?:so |thus |hence )?the (?:\w+ ){{0,2}}(?:{'|'.join(sorted(MEASURE))}) (?:that|of)\b.* (?:is|are|was|equals|=)[\s:$(\[{{*\\]*$"
)
"""How many there are, or how likely it is, whatever is counted."""
_SENTENCE_END = re.compile(r"(?<!\d)[.!?…](?:\s|$)|[.!?…]+(?=\s|$|\$)|[。！？]|\n")


_RIGHTED = re.compile(
    r"[;,] (?:(?:but|while|whereas) )?(?=(?:the|our|its) (?:correct|actual|true|right|proper|real) \w+ (?:is|equals)\b)"
)
"""Where a sentence about a mistake goes over to what is right."""


def counts(after: str) -> bool:
    """Whether a noun follows the value, which then counts things: nobody's answer, but the writer's."""
    return _COUNTED.match(after.lower()) is not None


def told_before(sentence: str, *, counted: bool) -> str | None:
    """Why a value at the end of this part of a sentence is not the writer's statement; None if it is."""
    text = _RIGHTED.split(_plain(sentence))[-1]
    shapes = _possible(text, BEFORE, _BEFORE_AT)
    if not shapes or _MEASURED.match(text):
        return None
    for shape in shapes:
        if not (counted and shape.reason in _OF_VALUES) and shape.pattern.search(text):
            return shape.reason
    return None


_OF_VALUES = (
    "the value is somebody else's",
    "the value is said to be a mistake",
    "the value is only supposed",
    "the value is taken back",
    "the value is an example or a placeholder",
)
"""What follows from who says or takes a value; a count is neither."""


NO_ANSWER = ("the value is only a guess", "the text says that there is no answer")
"""What a writer may say of an answer in a sentence of its own before it."""


def told_after(after: str) -> str | None:
    """Why a value before this text is taken back or doubted in its sentence or the next; None if it is not."""
    if MARKS_AFTER.isdisjoint(rough_words(after)):
        return None
    text = _plain(after)
    end = _SENTENCE_END.search(text)
    sentence, following = (text[: end.start()], text[end.end() :]) if end else (text, "")
    parts = [
        (sentence, AFTER, _AFTER_AT),
        (_after_pause(sentence), NEXT, _NEXT_AT),
        *((p, NEXT, _NEXT_AT) for p in _SENTENCE_END.split(following)),
    ]
    for part, shapes, index in parts:
        for shape in _possible(part, shapes, index):
            if shape.pattern.search(part):
                return shape.reason
    return None


def _after_pause(sentence: str) -> str:
    """What is said behind a comma or a dash right after the value, as a sentence of its own."""
    bare = sentence.lstrip(" $)}]*\"'”")
    return bare if bare[:1] in tuple(",;:–—-(…") else ""


def _possible(text: str, shapes: tuple[Shape, ...], index: dict[str, list[int]]) -> list[Shape]:
    """The shapes that a text has a mark of, in their order."""
    at = {n for word in set(rough_words(text)) & index.keys() for n in index[word]}
    return [shapes[n] for n in sorted(at)]


_SPACES = re.compile(r" {2,}")


def _plain(text: str) -> str:
    return _SPACES.sub(
        " ", unmixed(text.lower()).replace("’", "'").replace("\n>", "\n").replace("\n\n", " . ").replace("\n", " ")
    )
