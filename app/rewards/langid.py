"""Which language a stretch of text is in: by script where that decides, by function words where they are plain, by
eldc's n-grams for the rest. A language that is expected gets the benefit of the doubt."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache

import eldc

_FUNCTION_WORDS = {
    "en": "the of and is are was were be to that this it we you he she they have has had with for from by at on as "
    "an which then there each what how if because since would can will not but into when more than so her his their "
    "our its first next therefore let now find must if these those and get gets many much out up after do does",
    "de": "der die das und ist sind ein eine einen einem einer nicht mit von zu für auf dass wir sie es den dem des "
    "wie werden wird haben hat auch dann also aus bei oder nach durch sich wenn aber noch jetzt zuerst",
    "fr": "le la les des et est sont un une dans pour que qui avec sur pas nous vous il elle du au aux ce cette ces "
    "donc puis alors par plus ou ont avons sera chaque d'abord ensuite maintenant",
    "es": "el la los las y es son un una de en que con por para no se del al lo como más pero entonces luego ahora "
    "primero cada cuando hay tiene tenemos esta este ya su sus cuántos porque esto otra "
    "otro voy muy así tanto entre antes",
    "it": "il lo la gli le e è sono un una di che con per non si del della dei delle nel nella al alla come più ma "
    "quindi poi ora prima ogni quando abbiamo questo questa anche dalla dal",
    "pt": "o os as e é são um uma de em que com por para não se do da dos das no na nos nas ao como mais mas então "
    "depois agora primeiro cada quando há temos esta este já seu sua também pelo pela isto outra "
    "outro vou muito assim portanto entre antes",
    "vi": "là và của có được cho không một các này đó với trong để thì ta chúng những khi nếu vậy số bằng cộng đầu "
    "tiên sau bao nhiêu mỗi đã sẽ ra vào tất cả còn lại người",
    "tr": "ve bir bu için ile da de değil olan olarak daha sonra her çok ne kadar önce şimdi o zaman biz var yok "
    "gibi ama eğer kaç toplam olur ise göre böylece",
    "nl": "de het een en is van te dat die in niet met op voor zijn er maar om ook als aan bij nog dan naar we wij",
    "pl": "i w z na się nie jest do że to jak o po ale więc jego są dla od przez lub czy oraz teraz mamy",
}  # fmt: skip
_WORDS_OF = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
_PLAIN = {
    code: own.difference(*(other for name, other in _WORDS_OF.items() if name != code))
    for code, own in _WORDS_OF.items()
}
"""Function words that no other of these languages has."""
_PLAIN_BYTES = {code: frozenset(word.encode() for word in words) for code, words in _PLAIN.items()}
_NO_BYTES: frozenset[bytes] = frozenset()
_NO_WORDS: frozenset[str] = frozenset()
_PLAIN_HITS = 2
_PLAIN_SHARE = 0.2
"""Function words make 30-50 % of running text of their language, and rarely 20 % of another's."""

_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_SCRIPTS = {
    "cyrillic": (re.compile(r"[\u0400-\u04ff]"), ("ru", "uk", "bg", "be", "sr")),
    "arabic": (re.compile(r"[\u0600-\u06ff]"), ("ar", "fa", "ur")),
    "devanagari": (re.compile(r"[\u0900-\u097f]"), ("hi", "mr")),
    "thai": (re.compile(r"[\u0e00-\u0e7f]"), ("th",)),
    "greek": (re.compile(r"[\u0370-\u03ff]{2}"), ("el",)),
    "hebrew": (re.compile(r"[\u0590-\u05ff]"), ("he",)),
}
_TRAIL_BYTES = range(0xA1, 0xFF)
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_OTHER_SCRIPTS = frozenset(("zh", "ja", "ko", *(code for _, languages in _SCRIPTS.values() for code in languages)))
_FEW_LETTERS = 24
"""Fewer Latin letters in a text of another script are terms and variables."""
_ROW_LETTERS = 40
"""A row of names may be as long; prose of as many letters has a function word."""
UNKNOWN = "und"
"""ISO 639-2's code for a language that can't be told."""
_SPECIAL_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SCORES = 20
"""As many scores as eldc gives: the expected language must be among them to be compared."""
_MARGINS = ((60, 0.08), (30, 0.18), (0, 0.3))
"""(letters, how far another language must lead over an expected one): names mislead n-grams in short sentences."""
_WEAK = 0.35
"""An n-gram score below this is no sign of the language."""
_UNEXPECTED_MARGIN = 0.05
CHARS_TO_TELL = 12
"""Shorter Latin text is a name, a unit or a `So` as often as a sentence: it is in its neighbours' language."""


eldc.init()  # with the import, so that workers share its tables by fork
_detector = eldc.instance()
_detector.set_scores(_SCORES)


def _double_byte(codec: str, leads: range) -> frozenset[str]:
    """The Han characters of a national character set of two bytes a character."""
    pairs = bytes(byte for lead in leads for trail in _TRAIL_BYTES for byte in (lead, trail))
    return frozenset(_HAN.findall(pairs.decode(codec, "ignore")))


@cache
def _chinese_alone() -> re.Pattern[str]:
    """Characters of GB 2312 that JIS X 0208 lacks: simplified forms. To compile it takes as long as all other patterns
    of this file, so whoever never meets a Han character does without."""
    simplified = _double_byte("gb2312", range(0xB0, 0xF8))
    return re.compile(f"[{''.join(sorted(simplified - _double_byte('euc_jp', range(0xB0, 0xF5))))}]")


def plain_words(code: str) -> frozenset[bytes]:
    """Function words that only this language has, in UTF-8; none where they are not known."""
    return _PLAIN_BYTES.get(code, _NO_BYTES)


first_choice: Callable[[str], str] = _detector.detect
"""What the n-grams say of a text, however weakly."""


def language_of(text: str, words: Sequence[str], expected: str | None = None) -> str | None:
    """ISO 639-1 code of the text's language; None where it can't be told. `words` are the text's, in lower case.

    Han characters alone are `zh` here: only the neighbourhood tells them from Japanese.
    """
    if not text.isascii() and _SPECIAL_SCRIPT.search(text):
        by_script = _by_script(text, expected)
        if by_script:
            return by_script
    own = _PLAIN.get(expected or "")
    if own:
        hits = sum(map(own.__contains__, words))
        if hits >= _PLAIN_HITS and hits >= _PLAIN_SHARE * len(words):
            return expected
    return _by_ngrams(text, words, expected)


def language_of_prompt(text: str, words: Sequence[str]) -> str | None:
    """Language of a prompt, which may be as short as `What's 1 + 1?`: function words vote before n-grams are asked."""
    if not text.isascii() and _SPECIAL_SCRIPT.search(text):
        by_script = _by_script(text, None)
        if by_script:
            return by_script
    hits = sorted(((sum(map(known.__contains__, words)), code) for code, known in _WORDS_OF.items()), reverse=True)[:2]
    if hits[0][0] > hits[1][0]:
        return hits[0][1]
    found = _detector.detect(text)
    return found if found and found != "und" else None


def possible(text: str, words: Sequence[str], code: str) -> bool:
    """Whether words that no language claims may be of this one: by their script, and a long row by a function word."""
    letters = sum(map(len, words))
    own = _WORDS_OF.get(code)
    if own is None:
        return letters < _FEW_LETTERS or code not in _OTHER_SCRIPTS or not _LATIN_LETTER.search(text)
    return letters < _ROW_LETTERS or any(map(own.__contains__, words))


def plainly_chinese(text: str) -> bool:
    """Whether a text in Han characters has some that Japanese does not write."""
    return _chinese_alone().search(text) is not None


def _by_script(text: str, expected: str | None) -> str | None:
    """The language that the text's script leaves; None for a script of many, and where most of the text is Latin."""
    if len(_SPECIAL_SCRIPT.findall(text)) * 3 < sum(map(str.isalpha, text)):
        return None
    if _HANGUL.search(text):
        return "ko"
    if _KANA.search(text):
        return "ja"
    if _HAN.search(text):
        return "zh"
    for pattern, languages in _SCRIPTS.values():
        if pattern.search(text):
            return _among(text, languages, expected if expected and expected in languages else languages[0])
    return None


def _among(text: str, languages: Collection[str], likely: str) -> str:
    scores = _detector.detect_details(text).scores
    best = max(languages, key=lambda code: scores.get(code, 0.0))
    return best if scores.get(best, 0.0) - scores.get(likely, 0.0) > _margin(len(text)) else likely


def _margin(letters: int) -> float:
    return next(margin for least, margin in _MARGINS if letters >= least)


def _by_ngrams(text: str, words: Sequence[str], expected: str | None) -> str | None:
    letters = sum(map(len, words))
    scores = _detector.detect_details(text).scores
    if not scores:
        return None
    best = max(scores, key=scores.__getitem__)
    if best == expected:
        return expected
    if letters < CHARS_TO_TELL or scores[best] < _WEAK:
        return None
    lead = scores[best] - scores.get(expected or "", 0.0)
    known = _WORDS_OF.get(best, _NO_WORDS)
    if expected and lead < _margin(letters):
        # Sister languages score alike; the words that only one of them has then tell.
        own = _WORDS_OF.get(expected, _NO_WORDS)
        against = sum(word in known and word not in own for word in words)
        return best if against > sum(word in own and word not in known for word in words) else None
    if lead < _UNEXPECTED_MARGIN:
        return None
    # A sentence of names and nouns scores anywhere; one of the language has its function words, or is far ahead.
    if known and letters < _MARGINS[0][0] and not any(map(known.__contains__, words)) and lead < _margin(0):
        return None
    return best
