"""Arithmetic of matrices written in an answer: sums, products, powers, inverses, determinants."""

from flint import fmpq_mat

from app.mathcheck.ast import ONE, Node, is_larger, num
from app.mathcheck.limits import MAX_MATRIX_POWER, MAX_SYMBOLIC_DETERMINANT, MAX_TREE, TooComplex, Unparsable
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.work import polynomial, spend

Grid = list[list[Node]]
MAX_PRODUCT = 20
"""Columns of a left factor."""


def grid(node: Node) -> Grid:
    return [list(r.args) for r in node.args]


def matrix(cells: Grid) -> Node:
    return Node("matrix", tuple(Node("row", tuple(r)) for r in cells))


def evaluate(node: Node) -> Node:
    """The tree with every operation on matrices carried out that is defined; else the node as it is."""
    return _evaluated(node) if _has_matrix(node) else node


def _evaluated(node: Node) -> Node:
    if node.op == "matrix" or not node.args:
        return node
    args = tuple(_evaluated(a) for a in node.args)
    if any(a is not b for a, b in zip(args, node.args, strict=True)):
        node = node._replace(args=args)
    if node.op == "fn" and args[0].op == "matrix":
        return _function(node)
    if node.op == "neg" and args[0].op == "matrix":
        return _scaled(args[0], Node("neg", (ONE,)))
    if node.op == "div" and args[0].op == "matrix" and args[1].op != "matrix":
        return _scaled(args[0], Node("div", (ONE, args[1])))
    if node.op == "pow" and args[0].op == "matrix":
        return _power(node)
    if node.op in ("add", "mul") and any(a.op == "matrix" for a in args):
        total = args[0]
        for other in args[1:]:
            result = _add(total, other) if node.op == "add" else _mul(total, other)
            if result is None:
                return node
            total = result
        return total
    return node


def _has_matrix(node: Node) -> bool:
    return node.op == "matrix" or any(_has_matrix(a) for a in node.args)


def _scaled(m: Node, factor: Node) -> Node:
    return matrix([[Node("mul", (factor, x)) for x in row] for row in grid(m)])


def _add(a: Node, b: Node) -> Node | None:
    if a.op != "matrix" or b.op != "matrix":
        return None
    xs, ys = grid(a), grid(b)
    if [len(r) for r in xs] != [len(r) for r in ys]:
        return None
    return matrix([[Node("add", pair) for pair in zip(r, s, strict=True)] for r, s in zip(xs, ys, strict=True)])


def _mul(a: Node, b: Node) -> Node | None:
    if a.op != "matrix":
        return _scaled(b, a) if b.op == "matrix" else Node("mul", (a, b))
    if b.op != "matrix":
        return _scaled(a, b)
    xs, ys = grid(a), grid(b)
    if any(len(r) != len(ys) for r in xs) or len(ys) > MAX_PRODUCT:
        return None
    columns = range(len(ys[0]))
    spend(len(xs) * len(ys) * len(columns))
    x, y = _rational(xs), _rational(ys)
    if x is not None and y is not None:
        return _of_rationals(x * y)
    return matrix(
        [[Node("add", tuple(Node("mul", (x, s[j])) for x, s in zip(r, ys, strict=True))) for j in columns] for r in xs]
    )


def _power(node: Node) -> Node:
    base, exponent = node.args
    cells = grid(base)
    if exponent == Node("sym", (), "T"):
        return matrix([list(c) for c in zip(*cells, strict=True)])
    e = exact_or_none(exponent)
    if e is None or e.q != 1 or len(cells) != len(cells[0]):
        return node
    n = int(e.p)
    if abs(n) > MAX_MATRIX_POWER:
        raise TooComplex("power of a matrix")
    if n < 0:
        inverse = _inverse(cells)
        if inverse is None:
            return node
        base, n = inverse, -n
    total = matrix([[num(int(i == j)) for j in range(len(cells))] for i in range(len(cells))])
    for _ in range(n):
        total = _mul(total, base) or node
        if is_larger(total, MAX_TREE):
            raise TooComplex("power of a matrix")
    return total


def _rational(cells: Grid) -> fmpq_mat | None:
    values = [exact_or_none(x) for row in cells for x in row]
    if any(v is None for v in values):
        return None
    spend(polynomial(len(cells), sum(v.height_bits() for v in values if v is not None)))
    return fmpq_mat(len(cells), len(cells[0]), [v for v in values if v is not None])


def _of_rationals(m: fmpq_mat) -> Node:
    return matrix([[Node("num", (), m[i, j]) for j in range(m.ncols())] for i in range(m.nrows())])


def _inverse(cells: Grid) -> Node | None:
    m = _rational(cells)
    if m is not None:
        try:
            n = m.inv()
        except ZeroDivisionError:
            raise Unparsable("the inverse of a singular matrix") from None
        return _of_rationals(n)
    if len(cells) != 2:
        return None
    (a, b), (c, d) = cells
    adjugate = matrix([[d, Node("neg", (b,))], [Node("neg", (c,)), a]])
    return _scaled(adjugate, Node("div", (ONE, determinant(cells))))


def _function(node: Node) -> Node:
    cells = grid(node.args[0])
    square = all(len(r) == len(cells) for r in cells)
    if node.value in ("det", "abs") and square:
        return determinant(cells)
    if node.value == "tr" and square:
        return Node("add", tuple(cells[i][i] for i in range(len(cells))))
    return node


def determinant(cells: Grid) -> Node:
    """Determinant of a square matrix: exact for rational entries, by minors for small symbolic ones."""
    m = _rational(cells)
    if m is not None:
        return Node("num", (), m.det())
    if len(cells) > MAX_SYMBOLIC_DETERMINANT:
        raise TooComplex("a symbolic determinant")
    if len(cells) == 1:
        return cells[0][0]
    terms: list[Node] = []
    for j, x in enumerate(cells[0]):
        minor = determinant([r[:j] + r[j + 1 :] for r in cells[1:]])
        term = Node("mul", (x, minor))
        terms.append(term if j % 2 == 0 else Node("neg", (term,)))
    return Node("add", tuple(terms))
