"""Roots of integer polynomials as balls: the real ones first, in ascending order."""

from typing import Any

from flint import fmpz_poly


def complex_roots(coefficients: tuple[int, ...]) -> list[Any]:
    """Isolated roots at the working precision, without their multiplicities."""
    polynomial: Any = fmpz_poly(list(coefficients))
    return [root for root, _ in polynomial.complex_roots()]


def integer_coefficients(factor: Any) -> tuple[int, ...]:
    """Of a factor that a rational polynomial was split into, lowest first."""
    return tuple(int(c) for c in factor.numer().coeffs())
