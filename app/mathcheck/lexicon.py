"""The vocabulary of LaTeX and plain mathematics: what each command and word becomes."""

# ruff: noqa: E501, SIM905  (word tables)

OPERATORS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pm": "±", "mp": "∓", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=",
    "approx": "≈", "simeq": "≈", "equiv": "≡", "in": "∈", "cup": "∪", "cap": "∩", "setminus": "∖",
    "backslash": "∖", "to": "→", "rightarrow": "→", "mid": "|", "vert": "|", "lvert": "l|", "rvert": "r|",
    "colon": ":", "{": "s{", "}": "s}", "lbrace": "s{", "rbrace": "s}", "langle": "⟨", "rangle": "⟩",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "%": "%", "$": "$", "circ": "∘", "degree": "°",
    "Vert": "‖", "|": "‖", "lVert": "‖", "rVert": "‖", "prime": "'", "ldots": "…", "dots": "…", "cdots": "…",
    "lor": "or", "vee": "or", "land": "and", "wedge": "and", "lbrack": "[", "rbrack": "]", "dotsc": "…", "&": "&",
    "#": "#", "_": "_", "cdotp": "*", "bullet": "*", "longrightarrow": "→", "mapsto": "→", "sim": "≈",
    "bigcup": "∪", "bigcap": "∩", "smallsetminus": "∖", "iff": "⇔", "Leftrightarrow": "⇔", "implies": "⇒",
    "Rightarrow": "⇒", "cong": "≅", "pounds": "£", "euro": "€", "textdollar": "$", "star": "*",
}  # fmt: skip
PLAIN_OPERATORS = {"**": "^", "==": "=", "<>": "!=", "->": "→", "=>": ">="}
DROPPED = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle limits nolimits boxed fbox "
    "mathstrut strut rm bf it hfill noindent ensuremath scriptstyle middle large Large LARGE huge Huge small normalsize".split()
)
"""Commands of layout alone."""
SKIPPED_ARGUMENT = frozenset("phantom hphantom vphantom hspace vspace label tag color textcolor hskip".split())
TEXT = frozenset(
    "text mathrm textbf mathbf textit mathit textrm mbox hbox textnormal textsf mathsf texttt mathtt operatorname "
    "boldsymbol bm emph underline textup mathcal mathfrak mathscr mathnormal pmb".split()
)
UPRIGHT = frozenset("text mathrm textrm mbox hbox textnormal textup".split())
"""Commands that set units upright."""
FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan arccot asin acos atan sinh cosh tanh ln log lg exp abs floor ceil "
    "max min gcd lcm Re Im arg det erf sgn tr cis".split()
)
GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell "
    "hbar partial".split()
)
CONSTANTS = {"pi": "pi", "infty": "inf", "emptyset": "empty", "varnothing": "empty", "i": "i", "infin": "inf"}
WORD_CONSTANTS = {"pi": "pi", "infinity": "inf", "inf": "inf", "oo": "inf", "Infinity": "inf"}
STRUCTURE = frozenset(
    "frac dfrac tfrac cfrac sqrt surd cbrt binom dbinom tbinom choose sum prod int begin end pmod bmod mod overline "
    "bar vec hat widehat tilde overrightarrow angle triangle mathbb over operatorname lim".split()
)
CONNECTIVES = frozenset(["and", "or"])
SETS_OF_NUMBERS = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
REAL_WORDS = frozenset(
    [
        "all real numbers",
        "all reals",
        "the real numbers",
        "all real values",
        "any real number",
        "the set of real numbers",
    ]
)
SET_WORDS = {
    words: name
    for name, phrases in (
        ("integers", "all integers|the integers|integers|any integer|the set of integers|the set of all integers|all the integers"),
        ("positive integers", "all positive integers|positive integers|any positive integer|the set of positive integers|the set of all positive integers|the positive integers"),
        ("rationals", "all rational numbers|the rational numbers|the set of rational numbers|the set of all rational numbers"),
        ("complexes", "all complex numbers|the complex numbers|the set of complex numbers|the set of all complex numbers"),
        ("positive reals", "all positive real numbers|all positive reals|positive real numbers|the set of positive real numbers|the positive reals"),
        ("reals", "the set of all real numbers|all real numbers x|real numbers"),
    )
    for words in phrases.split("|")
}  # fmt: skip
"""Sets of numbers in words."""
EMPTY_WORDS = frozenset(
    ["no solution", "no solutions", "no real solution", "no real solutions", "empty set", "the empty set"]
)
WORDS = frozenset(
    "odd yes no cat dog red one two six ten the of to in on at is it an as by not all any day man mon tue wed thu fri "
    "sat sun jan feb mar apr may jun jul aug sep oct nov dec so if per for ft cm mm km kg lb oz hr min sec mph pct usd "
    "mi yd am pm mod sq cu ml gal mol rad deg base half zero four five nine".split()
)
"""Short words that are no product of letters."""
CHANGING_WORDS = frozenset(
    "not no isn't wrong incorrect false maybe perhaps less more than least most about over under above below between "
    "minus plus times dozen hundred thousand million billion trillion except approximately roughly nearly almost "
    "around half twice or either neither without only if is are was because so hence therefore but unless".split()
)
"""Words behind a value that make another statement of it."""
SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "hundred": 2}
FUNCTION_LETTERS = frozenset("fghFGHPQWpq")
"""Letters before a bracket that name a function rather than a factor."""
ALIASES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log"}
MONTHS = {
    name: k
    for k, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|"
        "november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
