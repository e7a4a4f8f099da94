"""Roots of integer polynomials as balls: the real ones first, in ascending order."""

from functools import lru_cache
from typing import Any

from flint import ctx, fmpz_poly

from app.mathcheck.work import ROOT, spend, transcendental


def complex_roots(coefficients: tuple[int, ...]) -> list[Any]:
    """Isolated roots at the working precision, without their multiplicities."""
    return _isolated(coefficients, ctx.prec)


@lru_cache(maxsize=64)
def _isolated(coefficients: tuple[int, ...], _precision: int) -> list[Any]:
    spend(ROOT * len(coefficients) * transcendental(ctx.prec))
    polynomial: Any = fmpz_poly(list(coefficients))
    return [root for root, _ in polynomial.complex_roots()]


def integer_coefficients(factor: Any) -> tuple[int, ...]:
    """Of a factor that a rational polynomial was split into, lowest first."""
    return tuple(int(c) for c in factor.numer().coeffs())
