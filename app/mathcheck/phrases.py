"""Words that make of a value another statement than the value, by what they do."""

# ruff: noqa: E501  (word tables)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LETTERS = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256))


def rough_words(text: str) -> list[str]:
    """The runs of letters of an ASCII text, in lower case: cheaper than its tokens."""
    return text.encode(errors="replace").translate(_LETTERS).decode().split()


DENIAL = _words(
    "rules disproves notin hardly scarcely barely rejected dismissed dismiss dismisses refuted not no never nor neither none nobody isn aren wasn cannot ne neq neg ≠ ¬ != \u0338 wrong incorrect false untrue impossible except excluding exclude "
    "excludes without instead than unlike contradicts contradicting refute refutes nonsense deny denies rule reject rejects ruled mistaken mistake discard "
    "discarded eliminate eliminated unequal different opposite invalid undefined avoid avoids avoided avoiding lnot oops formerly previously nope nah error disproved disprove"
)
EXCLUSIVE = _words("anything everything nothing any all every never values")
"""Before "but", these deny what follows; else "but" begins another clause."""
HEDGE = _words(
    "maybe perhaps possibly probably presumably likely unlikely could might may either guess guessing unsure uncertain unclear unknown undetermined supposedly "
    "hopefully conceivably potentially seemingly doubt doubtful whether say example instance eg something alternatively"
)
APPROXIMATE = _words(
    "about around approximately approx roughly nearly almost circa near close sim simeq ≈ ~ ∼ approximates approaching approaches tends estimate estimated "
    "ballpark somewhere neighborhood neighbourhood vicinity order like"
)
APPROXIMATED = _words("approximately approx ≈ sim simeq")
"""Words and signs with which a rounded decimal is usually stated."""
BOUND = _words(
    "least most more less over under above below exceeds exceed exceeding excess beyond between within greater larger bigger smaller fewer higher lower bounded "
    "upwards capped shy ranging < > ≤ ≥ ge le geq leq geqslant leqslant gt lt up pm ± range ranges lies"
)
CONDITION = _words("if unless suppose supposing assume assuming assumes provided whenever imagine pretend case")
METHOD = _words("we you one i you're we're simplified this that so they everything and all")
"""After "if", these begin a step of the work and no condition on the answer."""
DOUBT = _words(
    "think believe sure certain say claim claims mean conclude know convinced true correct case tell suggest imply shown proved proven established clear evident known"
)
SAYS = _words(
    "say says said told tell tells claim claims claimed thinks thought think believes believe suggests stated states argues answered reads prints printed reports reported outputs posted lists listed submits submitted blurts blurted shouts shouted yelled cried "
    "assumed guessed hears heard wrote writes picked picks reply replies replied respond responds responded swear swears swore insist insists insisted asserts asserted"
)
"""Somebody's statement, unless it is the writer's."""
WRITER = _words("i we i'd me can safe let")
UNWILLING = _words("refuse refuses refused decline declines unwilling hesitate not never cannot")
"""Before a statement, these take it back: "I refuse to say 42"."""
COUNTABLE = _words("wrong incorrect false error errors mistake mistakes guess guesses")
DISCARDED = _words("eliminate eliminated discard discarded exclude excluded reject rejected")
GROUNDS = _words(
    "vieta pythagoras euler fermat gauss heron bayes formulas theorems identity inequality lemma principle equation axiom table graph chart figure diagram formula theorem rule rules definition law property problem statement condition data schedule recipe map"
)
"""According to these something is so."""
MEASURE = _words(
    "number probability chance percent percentage fraction relative absolute standard margin amount count expected average mean"
)
REPAIRS = _words(
    "correcting fixing fixed removing avoiding accounting resolving repairing corrected undoing after adjusting"
)
"""With these a sentence is about how many, or how large: the number of wrong answers, the percent error."""
DENIED_ELSEWHERE = _words("nicht kein keine keinen niemals niet nunca pas jamais non nie")
"""Denials of other languages, which are read as phrases."""
INSTRUCTION = _words("write put enter type submit place give state provide report return express box fill mark")
"""With these a sentence begins that says how to answer."""
HYPOTHESIS = _words("suppose supposing assume assuming imagine pretend")
QUOTED = _words(
    "reference expected textbook wrong incorrect previous grader gold golden target accept accepted mark key other student naive given ignore "
    "instructions official claimed alleged according truth"
)
FOREIGN = _words("grader accept accepted mark ignore instructions key reference truth according")
"""These speak of an answer that is not the writer's, whatever stands between."""
WORK = _words("compute find evaluate calculate determine simplify compare consider")
"""What these ask for is the question's, not the answer's."""
OPERATION = _words("minus negative plus half twice thrice double triple")
LISTED = _words("possible candidate potential")
CLAUSE = _words("; and because since as while although")
"""Where another clause begins, whose words are not about the value."""
FILLER = _words(
    "the a an be been is are was were to equal equals equaling of it its this that there he she they we you i answer answers value values number result solution "
    "solutions total sum text mathrm textbf mathbf boxed fbox displaystyle left quad qquad exactly precisely just simply only definitely clearly so thus hence "
    "therefore final correct being as at which in by fact s well have has had get gets gives give yields yield obtain left x y n has for us usd rs "
    "dollars eur option choice letter way another any quite really certainly surely would should must will of a = : ( )"
)
GOVERNING = _words(
    "conclude deduce infer is are was were be been equals equal = : get gets got gives give yields yield obtain obtains have has had need needs needed find found make makes made makes earn "
    "earns earned cost costs pay pays paid spend spends spent take takes took answer value result total sum solution so thus hence therefore then remain remains "
    "left number only just exactly precisely simply total altogether product difference quotient probability area volume length width height distance "
    "perimeter radius angle price cost speed rate average mean median mode score age amount usd rs dollars eur us set point interval pair values solutions "
    "numbers roots base degree count and contains contain hours therefore lautet est es ist vaut con with receive receives received reach reaches reached weighs weigh sells sold buys bought"
)
"""Words that may stand right before the value in a short bare answer."""
PREPOSITIONS = _words("as of times for than per root")
"""Right before a value these make a part of a phrase of it ("twice as much as 42"), but for "a total of 42"."""
GIVEN = _words("given let problem question consider compute find what why how")
"""With these a sentence begins that states the question."""
UNABLE = _words("cannot unable refuse sorry found mentions exists help solve")
"""With a denial these say that there is no answer."""
REMOVED = _words(
    "far away differs differ differing different distinct apart conflict conflicts inconsistent incompatible contradiction disagree disagrees"
)
"""With "from" or "with", these deny what follows."""
NO_MEANS = _words("means circumstances account case way all conditions event respect wise nowise")
"""With "no" or "not at", these deny: by no means, not at all."""
ROUNDING = _words("rounding rounded round nearest")
"""A question for a rounded value is answered by one."""
CONNECTING = _words(
    "the a an exactly precisely just only simply also that it its text textbf mathrm mathbf displaystyle left quad qquad boxed s her him them me"
)
BEFORE_MARKS = (
    DENIAL
    | WORK
    | {"but", "out", "or"}
    | HEDGE
    | APPROXIMATE
    | BOUND
    | CONDITION
    | QUOTED
    | SAYS
    | LISTED
    | OPERATION
    | INSTRUCTION
    | DENIED_ELSEWHERE
    | REMOVED
    | {"such", "against"}
)
BOXED_MARKS = BEFORE_MARKS - WORK - OPERATION
AFTER_MARKS = _words(
    "tops reflection thoughts inspection review checking rather unfortunately sadly alas counting won question or ish approximately approx roughly give more less at least most to through until up if when whenever unless provided assuming otherwise else "
    "depending except only maybe perhaps possibly probably guess guessing suppose not cannot wrong incorrect false invalid impossible excluded ruled "
    "rejected too off contradictory absurd sure unsure uncertain certain wait no sorry correction mean alternatively second scratch actually kidding oops neq ne sim "
    "pm above below minimum maximum squared cubed fails leads would could might may can disagree extraneous contradiction for vs versus estimate best worst must should then was also error mistake mistaken blunder discarded unverified unconfirmed unchecked est over back minus plus divided multiplied increased decreased reduced"
)
BARE_MARKS = (
    (frozenset(w for w in BEFORE_MARKS if w.isalpha() and w.isascii() and len(w) > 1) | AFTER_MARKS)
    - _words(
        "or over up out range ranges ne neq neg sim simeq approx pm ge le geq leq geqslant leqslant gt lt given mark other at to too for off second mean "
        "can through squared cubed only order case more likely way must should then was with est back"
    )
) | {"more"}
"""Words that send a bare answer with a value to be read as a sentence."""
