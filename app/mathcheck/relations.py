"""Equations, inequalities and chains of them."""

from typing import Any

from flint import fmpq

from app.mathcheck.ast import Node, is_scalar, num, substitute, symbols
from app.mathcheck.derivatives import is_written_out, taken
from app.mathcheck.inequalities import FLIP
from app.mathcheck.limits import TooComplex
from app.mathcheck.measures import bare
from app.mathcheck.names import assigned, is_label
from app.mathcheck.outcome import Outcome, Same, both, different, undecided
from app.mathcheck.policy import Policy
from app.mathcheck.ratfun import RationalFunctions
from app.mathcheck.scalar import compare_scalars

_COMPARABLE = frozenset(["=", "<", ">", "<=", ">=", "!="])


def chain_value(node: Node, same: Same) -> Node:
    """`28 + 32 = 60` is 60 if the steps are true; `√3/3 ≈ 0.577` is its exact side."""
    if node.op != "rel" or set(node.value.split()) - {"=", "≈"}:
        return node
    ops: list[str] = str(node.value).split()
    terms = list(node.args)
    if is_written_out(terms[0]):
        return terms[1] if len(terms) == 2 and same(taken(terms[0]), terms[1]).equal else node
    named = is_label(terms[0]) and len(terms) > 2
    body: list[Node] = terms[1:] if named else terms
    steps = ops[1:] if named else ops
    if len(body) < 2 or any(not is_scalar(t) and t.op not in ("pct", "quantity") for t in body):
        return node
    if named and not symbols(body[-1]):  # `S = 4πr² = 36π`: a formula between the name and its value
        kept = [k for k, t in enumerate(body) if not (t.op not in ("sym", "app") and symbols(t)) or k == len(body) - 1]
        if any(ops[k] != "=" for k in range(len(ops))) and len(kept) < len(body):
            return node
        body, steps = [body[k] for k in kept], [steps[k] for k in kept[:-1]] if len(kept) < len(body) else steps
        if len(body) == 1:
            return Node("rel", (terms[0], body[0]), "=")
    if not named and any(symbols(t) for t in body):
        return node
    for op, x, y in zip(steps, body, body[1:], strict=False):
        if op == "=":
            if same(x, y).equal is not True:
                return node
        elif compare_scalars(bare(x), bare(y), Policy(rel_tol=0.01)).equal is not True:
            return node
    value: Node = body[steps.index("≈")] if "≈" in steps else body[-1]
    return Node("rel", (terms[0], value), "=") if named else value


def compare_values_of(a: Node, b: Node, same: Same) -> Outcome | None:
    """`x = 5` against 5 or `x = 5.0`, `y = …` against `f(x) = …`; None where the names say nothing of the kind."""
    na, nb = assigned(a), assigned(b)
    if na and nb:
        x, y = na[0], nb[0]
        if x.op == y.op == "app" and x.value == y.value and [p.op for p in (*x.args, *y.args)] == ["sym", "sym"]:
            return same(na[1], substitute(nb[1], str(y.args[0].value), x.args[0]))
        if x == y or _same_role(x, y):
            return same(na[1], nb[1])
        return None
    if na and b.op != "rel":
        return same(na[1], b)
    if nb and a.op != "rel":
        return same(a, nb[1])
    for relation, other in ((a, b), (b, a)):
        if relation.value == "=" and is_scalar(other) and all(is_scalar(t) for t in relation.args):
            left, right = relation.args  # `(x - 2)(x + 2) = x² - 4` says how a formula is written otherwise
            return same(right, other) if symbols(right) and same(left, right).equal else None
    return None


def _same_role(x: Node, y: Node) -> bool:
    """`y = …` and `f(x) = …`, or the same function with another name for its argument."""
    ops = {x.op, y.op}
    return (ops == {"sym", "app"} and "y" in (x.value, y.value)) or (x.op == y.op == "app" and x.value == y.value)


def compare_relations(a: Node, b: Node, same: Same) -> Outcome:
    """Two relations, term by term, flipped, or up to a factor."""
    oa, ob = a.value.split(), b.value.split()
    if len(oa) == len(ob) == 1:
        return _single(a, b, oa[0], ob[0], same)
    if "∋" in oa + ob or any(o not in FLIP for o in oa + ob):
        return undecided("relations")
    flipped = Node("rel", tuple(reversed(b.args)), " ".join(FLIP[o] for o in reversed(ob)))
    for c in (b, flipped):
        if c.value == a.value and len(c.args) == len(a.args):
            outcome = both([same(x, y) for x, y in zip(a.args, c.args, strict=True)])
            if outcome.equal:
                return outcome
    if set(oa + ob) == {"="} and len(oa) == len(ob):
        return _shuffled(a, b, same)
    plain = all(x.op in ("sym", "app") or not symbols(x) for x in (*a.args, *b.args))
    return different("different chains of relations") if plain else undecided("chains of relations")


def _shuffled(a: Node, b: Node, same: Same) -> Outcome:
    """x = y = z in any order."""
    left = list(b.args)
    outcomes: list[Outcome] = []
    for x in a.args:
        found = next((i for i, y in enumerate(left) if same(x, y).equal), None)
        if found is None:
            plain = all(x.op in ("sym", "app") or not symbols(x) for x in (*a.args, *b.args))
            return different("different chains of equations") if plain else undecided("chains of equations")
        outcomes.append(same(x, left.pop(found)))
    return both(outcomes)


def _single(a: Node, b: Node, oa: str, ob: str, same: Same) -> Outcome:
    scalars = all(is_scalar(n) for n in (*a.args, *b.args))
    if oa not in _COMPARABLE or ob not in _COMPARABLE or not scalars:
        if oa != ob:
            return different("other relations")
        outcome = both([same(x, y) for x, y in zip(a.args, b.args, strict=True)])
        return outcome if outcome.equal or scalars or oa != "=" else undecided("equations between other objects")
    if (oa in "=!=") != (ob in "=!=") or (oa in ("=", "!=") and oa != ob):
        return different("an equation and an inequality")
    try:
        return _by_polynomials(a, b, oa, ob)
    except TooComplex:
        outcome = both([same(x, y) for x, y in zip(a.args, b.args, strict=True)])
        return outcome if outcome.equal else undecided("relations of large expressions")


def _difference(node: Node) -> Node:
    return Node("add", (node.args[0], Node("neg", (node.args[1],))))


def _by_polynomials(a: Node, b: Node, oa: str, ob: str) -> Outcome:
    da, db = _difference(a), _difference(b)
    functions = RationalFunctions(da, db)
    p, q = functions.fraction(da)
    r, s = functions.fraction(db)
    if q == 0 or s == 0 or p == 0 or r == 0:
        return Outcome(True, "identity") if p == r == 0 and oa == ob else different("a relation that says nothing")
    signs = oa not in ("=", "!=")
    if signs and not (q.is_constant() and s.is_constant()):
        p, r = functions.mul(p, q), functions.mul(r, s)
    p, r = functions.reduce(p), functions.reduce(r)
    if p == 0 or r == 0:
        return different("a relation that says nothing")
    if not signs:
        p, r = _without_powers(p), _without_powers(r)
    c = p.leading_coefficient() / r.leading_coefficient()
    sign = c * s.leading_coefficient() / q.leading_coefficient() if q.is_constant() and s.is_constant() else c
    wanted = oa if not signs or sign > 0 else FLIP[oa]
    if p - r * c == 0:
        if ob == wanted:
            return Outcome(True, "identity", "the same relation up to a factor")
        return Outcome(False, "identity", "the same boundary with another sign")
    if all(x.op == "sym" for x in functions.atoms):
        return Outcome(False, "identity", "relations that are not multiples of each other")
    return _on_curve(da, db) if not signs else _by_samples(da, db, oa, ob)


def _without_powers(p: Any) -> Any:
    """The polynomial with each of its factors once: it vanishes at the same points."""
    total = p.context().constant(fmpq(1))
    for factor, _ in p.factor_squarefree()[1]:
        total = total * factor
    return total if not total.is_constant() else p


def _on_curve(da: Node, db: Node) -> Outcome:
    """Solve both for an unknown that is linear in each, and compare the solutions as functions."""
    if symbols(da) != symbols(db):
        return undecided("equations that are not polynomial")
    for name in sorted(symbols(da)):
        solved = [_solved(d, name) for d in (da, db)]
        if solved[0] is not None and solved[1] is not None:
            return compare_scalars(solved[0], solved[1], Policy())
        for value, other in ((solved[0], db), (solved[1], da)):
            if value is not None and compare_scalars(substitute(other, name, value), num(0), Policy()).equal is False:
                return Outcome(False, "ball", "a point of one curve is not on the other")
    return undecided("equations that are not polynomial")


def _solved(d: Node, name: str) -> Node | None:
    """The value of an unknown in d = 0, where d is linear in it."""
    x = Node("sym", (), name)
    functions = RationalFunctions(d)
    i = functions.atoms.get(x)
    p, _ = functions.fraction(d)
    if i is None or p.degrees()[i] != 1 or any(name in symbols(a) for a in functions.atoms if a != x):
        return None
    at = [substitute(d, name, num(k)) for k in (0, 1)]
    slope = Node("add", (at[1], Node("neg", (at[0],))))
    return Node("div", (Node("neg", (at[0],)), slope))


def _by_samples(da: Node, db: Node, oa: str, ob: str) -> Outcome:
    """The two sides' differences as functions, or one the other's negative with the sign turned."""
    for by, op in ((db, ob), (Node("neg", (db,)), FLIP[ob])):
        if op == oa and (same := compare_scalars(da, by, Policy())).equal:
            return same
    return undecided("inequalities that are not polynomial")
