"""Arithmetic expressions with exact values, and the steps that work them out."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple, Optional

Operator = Literal["+", "-", "*", "/"]
_PRIORITY: dict[str | None, int] = {"+": 1, "-": 1, "*": 2, "/": 2, None: 3}


class Expression(NamedTuple):
    """A number, or an operator between two expressions."""

    operator: Operator | None
    left: Optional["Expression"] = None
    right: Optional["Expression"] = None
    number: Fraction = Fraction(0)


class Step(NamedTuple):
    """One operation on two numbers."""

    left: Fraction
    operator: Operator
    right: Fraction
    result: Fraction


def leaf(number: Fraction) -> Expression:
    return Expression(None, number=number)


def value(e: Expression) -> Fraction:
    """The exact value. Raises ZeroDivisionError."""
    if e.operator is None or e.left is None or e.right is None:
        return e.number
    return apply(value(e.left), e.operator, value(e.right))


def apply(a: Fraction, operator: Operator, b: Fraction) -> Fraction:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b


def steps(e: Expression) -> Iterator[Step]:
    """The operations in the order in which a person does them: inner ones first, left before right."""
    if e.operator is None or e.left is None or e.right is None:
        return
    yield from steps(e.left)
    yield from steps(e.right)
    a, b = value(e.left), value(e.right)
    yield Step(a, e.operator, b, apply(a, e.operator, b))


def render(e: Expression) -> str:
    """As text, with the parentheses that it needs."""
    return _render(e, 0, right=False)


def _render(e: Expression, outer: int, *, right: bool) -> str:
    if e.operator is None or e.left is None or e.right is None:
        return _number(e.number, outer)
    mine = _PRIORITY[e.operator]
    text = f"{_render(e.left, mine, right=False)} {e.operator} {_render(e.right, mine, right=True)}"
    return f"({text})" if mine < outer or (right and mine == outer) else text


def _number(x: Fraction, outer: int) -> str:
    text = number_text(x)
    return f"({text})" if outer and (x < 0 or "/" in text) else text


def number_text(x: Fraction) -> str:
    """A number as a person writes it, exactly."""
    if x.denominator == 1:
        return str(x.numerator)
    rest, twos, fives = x.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1 or max(twos, fives) > 4:
        return f"{x.numerator}/{x.denominator}"
    places = max(twos, fives)
    digits = f"{abs(x.numerator) * 10**places // x.denominator:0{places + 1}d}"
    return f"{'-' if x < 0 else ''}{digits[:-places]}.{digits[-places:]}"
