"""Words that make of a value another statement than the value, by what they do."""

# ruff: noqa: E501, SIM905  (patterns and word tables)

import re

DENIAL = frozenset(
    "not no never nor neither none nobody n't isn aren wasn cannot ne neq neg ≠ ¬ != \u0338 wrong incorrect false untrue impossible except excluding exclude "
    "excludes without instead than unlike contradicts contradicting refute refutes nonsense deny denies rule reject rejects ruled mistaken mistake discard discarded eliminate eliminated".split()
)
CLAUSE = frozenset("; and because since as while although".split())
"""Where another clause begins, whose words are not about the value."""
EXCLUSIVE = frozenset("anything everything nothing any all every never".split())
"""Before "but", these deny what follows; else "but" begins another clause."""
HEDGE = frozenset(
    "maybe perhaps possibly probably presumably likely unlikely could might may either guess guessing unsure uncertain unclear unknown undetermined supposedly hopefully "
    "conceivably potentially seemingly".split()
)
APPROXIMATE = frozenset(
    "about around approximately approx roughly nearly almost circa near close sim simeq ≈ ~ ∼ approximates approaching approaches estimate estimated "
    "ballpark somewhere".split()
)
APPROXIMATED = frozenset("approximately approx ≈ sim simeq".split())
"""Words and signs with which a rounded decimal is usually stated."""
BOUND = frozenset(
    "least most more less over under above below exceeds exceed exceeding beyond between within greater larger bigger smaller fewer higher lower < > ≤ ≥ "
    "ge le geq leq geqslant leqslant gt lt up pm ± range ranges".split()
)
CONDITION = frozenset("if unless suppose supposing assume assuming assumes provided whenever imagine".split())
METHOD = frozenset("we you one i you're we're simplified this that so they everything and all".split())
"""After "if" or "when", these begin a step of the work and no condition on the answer."""
DOUBT = frozenset(
    "think believe sure certain say claim claims mean conclude know convinced true correct case tell suggest imply".split()
)
QUOTED = frozenset(
    "reference expected textbook wrong incorrect previous grader gold target accept accepted mark key other student naive stated given ignore "
    "instructions official claimed alleged".split()
)
TASK = frozenset("grader accept accepted mark ignore instructions key".split())
WORK = frozenset("compute find evaluate calculate determine simplify compare consider".split())
"""What these ask for is the question's, not the answer's."""
LISTED = frozenset("possible candidate potential several many multiple".split())
FILLER = frozenset(
    "the a an be been is are was were to equal equals equaling of it its this that there he she they we you i answer answers value values number result solution "
    "solutions total sum text mathrm textbf mathbf boxed fbox displaystyle left quad qquad exactly precisely just simply only definitely clearly so thus hence "
    "therefore final correct case being as at which in fact s have has had get gets gives give yields yield obtain left x y n has for us usd rs "
    "dollars eur only another other any = : ( )".split()
) - {"other"}
BEFORE_MARKS = (
    DENIAL
    | WORK
    | {"but", "out"}
    | HEDGE
    | APPROXIMATE
    | BOUND
    | CONDITION
    | QUOTED
    | (LISTED - {"several", "many", "multiple"})
    | {"or"}
)
BOXED_MARKS = BEFORE_MARKS - WORK
_COUNT = r"^[\s$)\]}*\"'”’`]*(?:\\[)\]])?[\s$*]*"
_NEXT = r"(?:\s*[\\$({\[*-]*\s*(?:\d|boxed|frac|sqrt|pi\b))"
UNCLEAR_AFTER: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(_COUNT + r"(?:\w+\s+){0,3}?,?\s*(?:and\s*/\s*)?or\s+(?:maybe|perhaps|possibly|even|is it|it)\b", re.I), "several competing answers"),
    (re.compile(_COUNT + r"(?:-?\s?ish\b|,?\s*or\s+(?:so|thereabouts)\b|approximately\b|approx\b|roughly\b|give or take|more or less\b|at (?:least|most)\b)", re.I), "the value is only approximate"),
    (re.compile(_COUNT + r"(?:or\s+(?:more|less|fewer|greater|above|below|higher|over|under)\b|\+\s*(?:$|[.,;])|and (?:up|above|over|below)\b)", re.I), "the value is only a bound"),
    (re.compile(_COUNT + r"(?:to|through|until|up to)" + _NEXT, re.I), "the value is one end of a range"),
    (re.compile(_COUNT + r"(?:[,;]?\s*(?:only\s+)?(?:if|whenever|unless|provided|assuming|otherwise|else|depending|except)|\s*when)\b(?!\s+(?:\w+ed\b|taken\b|we|you|one|i|simplified|rounded|written|expressed|reduced|it is (?:rounded|simplified|written))\b)", re.I), "the value stands under a condition"),
    (re.compile(_COUNT + r"[,;]?\s*(?:maybe|perhaps|possibly|probably|i guess|i suppose|i'm guessing|at a guess)\b", re.I), "the value is only a guess"),
    (re.compile(_COUNT + r"(?:\\(?:neq?|approx|sim|pm)\b|≠|≈|±|\\not\b)"), "the value stands in a relation"),
)  # fmt: skip
AFTER_MARKS = frozenset(
    "or ish approximately approx roughly give more less at least most to through until up if when whenever unless provided assuming otherwise else "
    "depending except only maybe perhaps possibly probably guess guessing suppose n't not cannot wrong incorrect false invalid impossible excluded ruled "
    "rejected too off contradictory absurd sure unsure certain wait no sorry correction mean alternatively second scratch actually kidding neq ne ≠ ≈ sim "
    "pm ± and just this that which it i am".split()
) - {"this", "that", "which", "it", "i", "am", "and", "just"}
BARE_MARKS = (
    frozenset(w for w in BEFORE_MARKS if w.isalpha() and w.isascii() and len(w) > 1)
    | frozenset("ish otherwise when whenever approximately roughly depending guess".split())
) - frozenset(
    "or over up out range ranges ne neq neg sim simeq approx pm ge le geq leq geqslant leqslant gt lt given stated key mark other".split()
)
"""Words that send a bare answer with a value to be read as a sentence."""
