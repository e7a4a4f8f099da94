"""Mathcheck against sympy and Math-Verify on generated pairs: prints the classes in which they disagree.

pip install -e '.[bench]'
python -m benchmarks.math_differential --pairs 5000 [--peer math-verify] [--rows out.jsonl]

Each pair is made together with its truth: an expression and a rewriting of it by an identity, or a near miss (a sign, a
coefficient, an exponent, an argument changed). With `--peer sympy` the truth is checked once more by sympy itself:
exactly where `simplify` comes to zero, else by values at 60 digits.
"""

# ruff: noqa: E501  (tables of pairs)

import argparse
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.mathcheck import check_answer

DIGITS = 60


class Pair(NamedTuple):
    kind: str
    left: str
    right: str
    equal: bool
    left_sympy: str
    right_sympy: str
    """Python source over sympy's names; empty where sympy has no such object."""


def _frac(p: int, q: int) -> str:
    return f"\\frac{{{p}}}{{{q}}}" if p >= 0 else f"-\\frac{{{-p}}}{{{q}}}"


def rationals(r: random.Random) -> Iterator[Pair]:
    p, q, k = r.randint(-99, 99), r.randint(2, 60), r.randint(2, 9)
    yield Pair(
        "fraction reduced", _frac(p * k, q * k), _frac(p, q), True, f"Rational({p * k},{q * k})", f"Rational({p},{q})"
    )
    yield Pair(
        "fraction near miss",
        _frac(p * k + 1, q * k),
        _frac(p, q),
        False,
        f"Rational({p * k + 1},{q * k})",
        f"Rational({p},{q})",
    )
    a, b, c = r.randint(1, 50), r.randint(2, 20), r.randint(2, 20)
    yield Pair(
        "sum of fractions",
        f"{_frac(a, b)}+{_frac(1, c)}",
        _frac(a * c + b, b * c),
        True,
        f"Rational({a},{b})+Rational(1,{c})",
        f"Rational({a * c + b},{b * c})",
    )
    n, d = r.randint(0, 9999), r.randint(1, 6)
    yield Pair(
        "decimal", f"{n / 10**d:.{d}f}", _frac(n, 10**d), True, f"Rational({n},{10**d})", f"Rational({n},{10**d})"
    )
    big = r.randint(10**30, 10**31)
    yield Pair("large integers", str(big), str(big + 1), False, str(big), str(big + 1))
    yield Pair(
        "digit after thirty places",
        f"0.{big}",
        f"0.{big + 1}",
        False,
        f"Rational({big},{10**31})",
        f"Rational({big + 1},{10**31})",
    )
    m, e = r.randint(1, 99), r.randint(2, 6)
    yield Pair("scientific", f"{m}\\times 10^{{{e}}}", str(m * 10**e), True, f"{m}*10**{e}", str(m * 10**e))


def surds(r: random.Random) -> Iterator[Pair]:
    a, b, k = r.randint(2, 30), r.randint(2, 30), r.randint(2, 7)
    yield Pair(
        "square factor", f"\\sqrt{{{a * k * k}}}", f"{k}\\sqrt{{{a}}}", True, f"sqrt({a * k * k})", f"{k}*sqrt({a})"
    )
    yield Pair(
        "rationalised",
        f"\\frac{{{b}}}{{\\sqrt{{{a}}}}}",
        f"\\frac{{{b}\\sqrt{{{a}}}}}{{{a}}}",
        True,
        f"{b}/sqrt({a})",
        f"{b}*sqrt({a})/{a}",
    )
    yield Pair(
        "surd near miss",
        f"\\sqrt{{{a * k * k + 1}}}",
        f"{k}\\sqrt{{{a}}}",
        False,
        f"sqrt({a * k * k + 1})",
        f"{k}*sqrt({a})",
    )
    m, n = max(a, b) + 1, min(a, b)
    yield Pair(
        "nested radical",
        f"\\sqrt{{{m + n}+2\\sqrt{{{m * n}}}}}",
        f"\\sqrt{{{m}}}+\\sqrt{{{n}}}",
        True,
        f"sqrt({m + n}+2*sqrt({m * n}))",
        f"sqrt({m})+sqrt({n})",
    )
    yield Pair(
        "nested radical near miss",
        f"\\sqrt{{{m + n}-2\\sqrt{{{m * n}}}}}",
        f"\\sqrt{{{m}}}+\\sqrt{{{n}}}",
        False,
        f"sqrt({m + n}-2*sqrt({m * n}))",
        f"sqrt({m})+sqrt({n})",
    )
    yield Pair(
        "conjugate",
        f"\\frac{{1}}{{\\sqrt{{{m}}}-\\sqrt{{{n}}}}}",
        f"\\frac{{\\sqrt{{{m}}}+\\sqrt{{{n}}}}}{{{m - n}}}",
        True,
        f"1/(sqrt({m})-sqrt({n}))",
        f"(sqrt({m})+sqrt({n}))/{m - n}",
    )
    yield Pair(
        "cube root", f"\\sqrt[3]{{{a * k**3}}}", f"{k}\\sqrt[3]{{{a}}}", True, f"root({a * k**3},3)", f"{k}*root({a},3)"
    )
    yield Pair(
        "power to radical",
        f"{a}^{{\\frac{{3}}{{2}}}}",
        f"{a}\\sqrt{{{a}}}",
        True,
        f"Integer({a})**Rational(3,2)",
        f"{a}*sqrt({a})",
    )


def polynomials(r: random.Random) -> Iterator[Pair]:
    a, b, c, d = (r.choice([-1, 1]) * r.randint(1, 12) for _ in range(4))
    left, right = f"(x{a:+d})(x{b:+d})", f"x^2{a + b:+d}x{a * b:+d}"
    yield Pair("expanded", left, right, True, f"(x+({a}))*(x+({b}))", f"x**2+({a + b})*x+({a * b})")
    yield Pair(
        "expanded near miss",
        left,
        f"x^2{a + b:+d}x{a * b + 1:+d}",
        False,
        f"(x+({a}))*(x+({b}))",
        f"x**2+({a + b})*x+({a * b + 1})",
    )
    yield Pair(
        "two variables",
        f"({a}x{b:+d}y)^2",
        f"{a * a}x^2{2 * a * b:+d}xy+{b * b}y^2",
        True,
        f"(({a})*x+({b})*y)**2",
        f"{a * a}*x**2+({2 * a * b})*x*y+{b * b}*y**2",
    )
    n = r.randint(2, 6)
    yield Pair(
        "power sum",
        f"\\frac{{x^{{{n}}}-1}}{{x-1}}",
        "+".join(f"x^{{{k}}}" for k in range(n)),
        True,
        f"(x**{n}-1)/(x-1)",
        "+".join(f"x**{k}" for k in range(n)),
    )
    yield Pair(
        "partial fractions",
        f"\\frac{{1}}{{x{c:+d}}}-\\frac{{1}}{{x{c + 1:+d}}}",
        f"\\frac{{1}}{{(x{c:+d})(x{c + 1:+d})}}",
        True,
        f"1/(x+({c}))-1/(x+({c + 1}))",
        f"1/((x+({c}))*(x+({c + 1})))",
    )
    yield Pair("renamed variable", f"x^2{d:+d}", f"y^2{d:+d}", False, f"x**2+({d})", f"y**2+({d})")
    yield Pair("sign", f"{abs(a)}x{b:+d}", f"{abs(a)}x{-b:+d}", False, f"{abs(a)}*x+({b})", f"{abs(a)}*x-({b})")


def functions(r: random.Random) -> Iterator[Pair]:
    k, n, q = r.randint(2, 9), r.randint(2, 5), r.choice([3, 4, 6])
    yield Pair("log of a power", f"\\ln({k}^{{{n}}})", f"{n}\\ln {k}", True, f"log({k}**{n})", f"{n}*log({k})")
    yield Pair("log near miss", f"\\ln({k + 1})", f"\\ln {k} + 1", False, f"log({k + 1})", f"log({k})+1")
    yield Pair("change of base", f"\\log_{{{k}}}({k**n})", str(n), True, f"log({k**n},{k})", str(n))
    yield Pair(
        "special angle",
        f"\\sin\\frac{{\\pi}}{{{q}}}",
        {3: "\\frac{\\sqrt3}{2}", 4: "\\frac{\\sqrt2}{2}", 6: "\\frac12"}[q],
        True,
        f"sin(pi/{q})",
        f"sin(pi/{q})",
    )
    yield Pair("double angle", "\\sin 2x", "2\\sin x\\cos x", True, "sin(2*x)", "2*sin(x)*cos(x)")
    yield Pair("trigonometric near miss", "\\sin 2x", "2\\sin x", False, "sin(2*x)", "2*sin(x)")
    yield Pair("pythagoras", "\\sin^2 x+\\cos^2 x", "1", True, "sin(x)**2+cos(x)**2", "1")
    yield Pair(
        "exponentials",
        f"e^{{{k}x}}\\cdot e^{{{n}x}}",
        f"e^{{{k + n}x}}",
        True,
        f"exp({k}*x)*exp({n}*x)",
        f"exp({k + n}*x)",
    )
    yield Pair(
        "small exponentials",
        f"e^{{-{k * 40}}}",
        f"e^{{-{k * 40 + 1}}}",
        False,
        f"exp(-{k * 40})",
        f"exp(-{k * 40 + 1})",
    )
    yield Pair(
        "factorials",
        f"\\frac{{{n + 3}!}}{{{n}!}}",
        str((n + 1) * (n + 2) * (n + 3)),
        True,
        f"factorial({n + 3})/factorial({n})",
        str((n + 1) * (n + 2) * (n + 3)),
    )
    yield Pair(
        "tiny fractions",
        f"\\frac{{1}}{{{100 + k}!}}",
        f"\\frac{{1}}{{{101 + k}!}}",
        False,
        f"1/factorial({100 + k})",
        f"1/factorial({101 + k})",
    )
    yield Pair(
        "binomials",
        f"\\binom{{{k + n}}}{{{n}}}",
        f"\\binom{{{k + n}}}{{{k}}}",
        True,
        f"binomial({k + n},{n})",
        f"binomial({k + n},{k})",
    )
    yield Pair(
        "pi near miss",
        f"{k}\\pi",
        f"{k}\\cdot 3.14159265358979323846",
        False,
        f"{k}*pi",
        f"{k}*Rational('3.14159265358979323846')",
    )
    yield Pair(
        "complex product",
        f"({k}+{n}i)({k}-{n}i)",
        str(k * k + n * n),
        True,
        f"({k}+{n}*I)*({k}-{n}*I)",
        str(k * k + n * n),
    )
    yield Pair("complex near miss", f"{k}+{n}i", f"{k}-{n}i", False, f"{k}+{n}*I", f"{k}-{n}*I")
    yield Pair(
        "sum",
        f"\\sum_{{j=1}}^{{{n + 5}}} j",
        str((n + 5) * (n + 6) // 2),
        True,
        str((n + 5) * (n + 6) // 2),
        str((n + 5) * (n + 6) // 2),
    )


def containers(r: random.Random) -> Iterator[Pair]:
    a, b = r.sample(range(2, 60), 2)
    low, high = min(a, b), max(a, b)
    none = ("", "")
    yield Pair("tuple", f"({a}, \\frac{{{2 * b}}}{{2}})", f"({a},{b})", True, *none)
    yield Pair("tuple in another order", f"({a}, {b})", f"({b}, {a})", False, *none)
    yield Pair("set in another order", f"\\{{{a}, {b}\\}}", f"\\{{{b}, {a}\\}}", True, *none)
    yield Pair("set near miss", f"\\{{{a}, {b}\\}}", f"\\{{{a}, {b + 1}\\}}", False, *none)
    yield Pair("interval", f"[{low}, {high})", f"\\left[{low},{high}\\right)", True, *none)
    yield Pair("open or closed", f"[{low}, {high}]", f"[{low}, {high})", False, *none)
    yield Pair("inequality as interval", f"{low} \\le x < {high}", f"x \\in [{low}, {high})", True, *none)
    yield Pair("inequality flipped", f"x > {a}", f"{a} < x", True, *none)
    yield Pair("inequality near miss", f"x > {a}", f"x \\ge {a}", False, *none)
    yield Pair(
        "matrix",
        f"\\begin{{pmatrix}}{a}&{b}\\\\0&1\\end{{pmatrix}}",
        f"\\begin{{bmatrix}}{a}&{b}\\\\0&1\\end{{bmatrix}}",
        True,
        *none,
    )
    yield Pair(
        "matrix near miss",
        f"\\begin{{pmatrix}}{a}&{b}\\\\0&1\\end{{pmatrix}}",
        f"\\begin{{pmatrix}}{a}&{b}\\\\1&0\\end{{pmatrix}}",
        False,
        *none,
    )
    yield Pair("equation scaled", f"{a}x+{b}y=1", f"{2 * a}x+{2 * b}y=2", True, *none)
    yield Pair("equation near miss", f"{a}x+{b}y=1", f"{a}x-{b}y=1", False, *none)
    yield Pair("named value", f"x = {a}", str(a), True, *none)
    yield Pair("percent", f"{a}\\%", _frac(a, 100), True, *none)
    yield Pair("units", f"{a}\\text{{ cm}}", f"{a}\\text{{ m}}", False, *none)
    yield Pair("unit converted", f"{a}\\text{{ m}}", f"{a * 100}\\text{{ cm}}", True, *none)
    yield Pair("base", f"{a:b}_2", f"{a:o}_8", True, *none)
    yield Pair("base near miss", f"{a:b}_2", f"{a:b}_3", False, *none)
    yield Pair("mixed number", f"{a}\\frac{{1}}{{{b + 1}}}", _frac(a * (b + 1) + 1, b + 1), True, *none)
    yield Pair("thousands", f"{a},{b + 100}", f"{a}{b + 100}", True, *none)
    yield Pair("plus or minus", f"{high} \\pm {low}", f"{high - low}, {high + low}", True, *none)
    yield Pair("or", f"{a} \\text{{ or }} {b}", str(a), False, *none)
    yield Pair("ratio", f"{a}:{b}", f"{3 * a}:{3 * b}", True, *none)


FAMILIES = (rationals, surds, polynomials, functions, containers)


def pairs(count: int, seed: int = 5) -> Iterator[Pair]:
    """`count` pairs of all families in turn, the same for the same seed; every other one with its sides exchanged."""
    r = random.Random(seed)
    made = 0
    while made < count:
        for family in FAMILIES:
            for pair in family(r):
                if made >= count:
                    return
                made += 1
                yield pair if made % 2 else pair._replace(left=pair.right, right=pair.left)


def by_sympy(pair: Pair) -> bool | None:
    """Sympy's own opinion; None where it has none. Only sources made here reach its parser."""
    import sympy

    if not pair.left_sympy:
        return None
    names = {
        name: getattr(sympy, name)
        for name in (
            "Rational",
            "Integer",
            "sqrt",
            "root",
            "log",
            "sin",
            "cos",
            "exp",
            "pi",
            "I",
            "factorial",
            "binomial",
        )
    }
    names |= {name: sympy.Symbol(name, real=True) for name in "xy"}
    left, right = (sympy.sympify(source, locals=names) for source in (pair.left_sympy, pair.right_sympy))
    if sympy.simplify(left - right) == 0:
        return True
    point = {names["x"]: sympy.Rational(17, 7), names["y"]: sympy.Rational(5, 13)}
    size = abs(sympy.N(left.subs(point), DIGITS))
    gap = abs(sympy.N((left - right).subs(point), 2 * DIGITS, maxn=4 * DIGITS))
    return bool(gap <= size * sympy.Float(10) ** -DIGITS)


def by_math_verify(pair: Pair) -> bool | None:
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)
    answer, gold = parse(f"${pair.left}$", parsing_timeout=None), parse(f"${pair.right}$", parsing_timeout=None)
    return bool(verify(gold, answer, timeout_seconds=None)) if answer and gold else False


PEERS: dict[str, Callable[[Pair], bool | None]] = {"sympy": by_sympy, "math-verify": by_math_verify}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--peer", choices=sorted(PEERS), default="sympy")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--rows", help="write each disagreement as a line of JSON here")
    given = parser.parse_args()
    peer = PEERS[given.peer]
    asked = ours_wrong = peer_wrong = 0
    spent = [0.0, 0.0]
    classes: Counter[tuple[str, bool, bool | None, bool | None]] = Counter()
    examples: dict[str, Pair] = {}
    for pair in pairs(given.pairs, given.seed):
        started = time.perf_counter()
        score = check_answer(pair.left, pair.right).score
        ours = None if score is None else score == 1.0
        between = time.perf_counter()
        theirs = peer(pair)
        spent[0] += between - started
        spent[1] += time.perf_counter() - between
        if theirs is None:
            continue
        asked += 1
        ours_wrong += ours is not pair.equal
        peer_wrong += theirs is not pair.equal
        if ours is not theirs or ours is not pair.equal:
            classes[pair.kind, pair.equal, ours, theirs] += 1
            examples.setdefault(pair.kind, pair)
    print(f"{asked} pairs: mathcheck differs from the truth on {ours_wrong}, {given.peer} on {peer_wrong}")
    print(
        f"time: {spent[0] / max(asked, 1) * 1e6:.0f} us a pair, {given.peer} {spent[1] / max(asked, 1) * 1e6:.0f} us: {spent[1] / spent[0]:.0f}x"
    )
    print("kind | pairs | equal | mathcheck | peer | example")
    for (kind, equal, ours, theirs), n in sorted(classes.items()):
        print(f"{kind} | {n} | {equal} | {ours} | {theirs} | {examples[kind].left}  ~  {examples[kind].right}")
    if given.rows:
        with open(given.rows, "w") as out:
            for (kind, equal, ours, theirs), n in sorted(classes.items()):
                row = {
                    "kind": kind,
                    "pairs": n,
                    "left": examples[kind].left,
                    "right": examples[kind].right,
                    "equal": equal,
                    "mathcheck": ours,
                    given.peer: theirs,
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
