"""Arithmetic and word problems whose answers are computed exactly. The same seed gives the same problems."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Literal, NamedTuple

from app.offline.coldstart.expression import Expression, Operator, leaf, number_text, render, value

Kind = Literal["sum", "expression", "decimal", "fraction", "percent", "word"]
KINDS: tuple[Kind, ...] = ("sum", "expression", "decimal", "fraction", "percent", "word")
_TRIES = 200
"""Draws for one new problem before the space counts as used up."""


class Problem(NamedTuple):
    """A question, its exact answer, and how it is worked out."""

    id: str
    kind: str
    prompt: str
    answer: str
    expression: Expression
    unit: str = ""


class Options(NamedTuple):
    """What problems to make."""

    kinds: tuple[Kind, ...] = KINDS
    operators: tuple[Operator, ...] = ("+", "-", "*", "/")
    depth: int = 2
    """Operators that stand inside each other, at most."""
    largest: int = 99
    negative: bool = True
    """Whether numbers and answers may be negative."""


class Exhausted(ValueError):
    """There are no more different problems of these options."""


def problems(count: int, seed: int, options: Options) -> Iterator[Problem]:
    """That many different problems. Raises Exhausted where the options allow no more."""
    draw = Random(seed)
    seen: set[str] = set()
    for number in range(count):
        for _ in range(_TRIES):
            kind = draw.choice(options.kinds)
            made = _MAKERS[kind](draw, options)
            if made is not None and made.prompt not in seen:
                break
        else:
            raise Exhausted(f"no more than {number} different problems of these kinds; raise --largest or --depth")
        seen.add(made.prompt)
        yield Problem(
            f"cold-{seed}-{number}", kind, made.prompt, answer_text(made.expression), made.expression, made.unit
        )


def answer_text(expression: Expression) -> str:
    """The exact value: an integer, a decimal where it ends, else a fraction."""
    return number_text(value(expression))


class _Made(NamedTuple):
    prompt: str
    expression: Expression
    unit: str = ""


def _tree(draw: Random, o: Options, depth: int, number: Callable[[], Fraction]) -> Expression:
    if depth == 0 or (depth < o.depth and draw.random() < 0.3):
        return leaf(number())
    left, right = (_tree(draw, o, depth - 1, number) for _ in range(2))
    return Expression(draw.choice(o.operators), left, right)


def _fits(expression: Expression, o: Options) -> bool:
    """Whether all of it has a value that a person would write."""
    try:
        x = value(expression)
    except ZeroDivisionError:
        return False
    parts = (expression.left, expression.right) if expression.operator else ()
    tame = x.denominator <= 10_000 and abs(x.numerator) <= 10**9
    return tame and (o.negative or x >= 0) and all(_fits(part, o) for part in parts if part is not None)


def _integer(draw: Random, o: Options) -> Fraction:
    n = draw.randint(1, o.largest)
    return Fraction(-n if o.negative and draw.random() < 0.15 else n)


def _sum(draw: Random, o: Options) -> _Made | None:
    expression = leaf(Fraction(draw.randint(1, o.largest)))
    for _ in range(draw.randint(1, 3)):
        expression = Expression("+", expression, leaf(Fraction(draw.randint(1, o.largest))))
    return _Made(f"What's {render(expression)}?", expression)


def _asked(draw: Random, expression: Expression, o: Options) -> _Made | None:
    if expression.operator is None or not _fits(expression, o):
        return None
    frame = draw.choice(("What is {}?", "Calculate {}.", "Compute the value of {}.", "Evaluate {}.", "What's {}?"))
    return _Made(frame.format(render(expression)), expression)


def _expression(draw: Random, o: Options) -> _Made | None:
    return _asked(draw, _tree(draw, o, o.depth, lambda: _integer(draw, o)), o)


def _decimal(draw: Random, o: Options) -> _Made | None:
    return _asked(draw, _tree(draw, o, 1, lambda: Fraction(draw.randint(1, o.largest * 10), draw.choice((10, 100)))), o)


def _fraction(draw: Random, o: Options) -> _Made | None:
    return _asked(draw, _tree(draw, o, 1, lambda: Fraction(draw.randint(1, 12), draw.randint(2, 12))), o)


def _percent(draw: Random, o: Options) -> _Made | None:
    rate, whole = draw.randint(1, 99), draw.randint(2, o.largest) * 10
    expression = Expression("*", Expression("/", leaf(Fraction(rate)), leaf(Fraction(100))), leaf(Fraction(whole)))
    frame = draw.choice(("What is {}% of {}?", "Find {}% of {}.", "How much is {}% of {}?"))
    return _Made(frame.format(rate, whole), expression)


_NAMES = ("Ada", "Ben", "Chen", "Dara", "Elif", "Femi", "Grace", "Hana", "Ivan", "Joao", "Kofi", "Lena", "Mona", "Noor")
_THINGS = ("apples", "books", "pencils", "stamps", "marbles", "tickets", "shells", "coins", "stickers", "cards")


def _word(draw: Random, o: Options) -> _Made | None:
    a, b, c = (draw.randint(2, max(3, o.largest)) for _ in range(3))
    one, two = draw.sample(_NAMES, 2)
    things = draw.choice(_THINGS)
    x, y, z = leaf(Fraction(a)), leaf(Fraction(b)), leaf(Fraction(c))
    stories = (
        (
            f"{one} has {a} {things} and gets {b} more from {two}. Then {one} gives {c} away. "
            f"How many {things} are left?",
            Expression("-", Expression("+", x, y), z),
            things,
        ),
        (
            f"A shop sells {things} in boxes of {a}. {one} buys {b} boxes and {two} buys {c}. "
            f"How many {things} do they have together?",
            Expression("*", x, Expression("+", y, z)),
            things,
        ),
        (
            f"{one} saves {a} dollars a week for {b} weeks and then spends {c} dollars. How many dollars are left?",
            Expression("-", Expression("*", x, y), z),
            "dollars",
        ),
        (
            f"{one} shares {a * b} {things} equally among {b} friends. How many does each friend get?",
            Expression("/", leaf(Fraction(a * b)), y),
            things,
        ),
        (
            f"{one} walks {a} metres to school, {two} walks {b} metres. How many metres do both walk to school in "
            f"{c} days?",
            Expression("*", Expression("+", x, y), z),
            "metres",
        ),
    )
    prompt, expression, unit = draw.choice(stories)
    return _Made(prompt, expression, unit) if value(expression) >= 0 else None


_MAKERS: dict[str, Callable[[Random, Options], _Made | None]] = {
    "sum": _sum,
    "expression": _expression,
    "decimal": _decimal,
    "fraction": _fraction,
    "percent": _percent,
    "word": _word,
}
