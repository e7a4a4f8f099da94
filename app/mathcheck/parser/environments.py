"""Matrices, systems and functions by cases: the environments of LaTeX."""

from app.mathcheck.ast import Node
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.parser.brackets import Brackets

_STACKED = frozenset(["cases", "dcases", "rcases", "align", "aligned", "gathered", "split", "gather"])
_MATRICES = frozenset(["pmatrix", "bmatrix", "matrix", "array", "vmatrix", "Bmatrix", "smallmatrix", "Vmatrix"])


class Environments(Brackets):
    def environment(self) -> Node:
        name = self._name()
        if name == "array" and self.is_op("{"):
            while not self.accept("}"):
                if self.t.kind == "end":
                    raise self.error("columns of an array")
                self.i += 1
        rows = self._rows(name)
        kind = name.rstrip("*")
        if kind in _STACKED or (kind == "array" and len(rows) > 1 and _by_cases(rows)):
            return _stack(rows)
        if not rows or kind not in _MATRICES:
            raise self.error(f"environment {name}")
        if len({len(r.args) for r in rows}) > 1:
            raise self.error("rows of different lengths")
        node = Node("matrix", tuple(rows))
        return Node("fn", (node,), "det") if kind == "vmatrix" else node

    def _rows(self, name: str) -> list[Node]:
        rows: list[Node] = []
        cells: list[Node] = []
        while True:
            if self.is_cmd("end"):
                self.i += 1
                if self._name() != name:
                    raise self.error("another environment's end")
                break
            if self.accept("\\\\"):
                if cells:
                    rows.append(Node("row", tuple(cells)))
                cells = []
            elif not self.accept("&"):
                cells.append(self._cell())
                if len(rows) + len(cells) > MAX_ITEMS:
                    raise TooComplex("matrix too large", self.t.pos)
        return [*rows, Node("row", tuple(cells))] if cells else rows

    def _cell(self) -> Node:
        if self.t.kind in ("text", "word") and self.t.text.strip(" ,").lower() in ("if", "for", "when", "where"):
            self.i += 1
        return self.items()

    def _name(self) -> str:
        self.expect("{")
        name = ""
        while not self.accept("}"):
            if self.t.kind == "end":
                raise self.error("an environment's name")
            name += self.t.text
            self.i += 1
        return name


def _condition(node: Node) -> bool:
    words = ("otherwise", "else", "if otherwise")
    if node.op == "text":
        return str(node.value).strip(" .,").lower() in words
    return node.op == "rel" or (node.op == "list" and all(a.op == "rel" for a in node.args))


def _by_cases(rows: list[Node]) -> bool:
    return all(len(r.args) == 2 and _condition(r.args[1]) and r.args[0].op != "rel" for r in rows)


def _stack(rows: list[Node]) -> Node:
    """Rows of a value and its condition are a function by cases; all else is a list."""
    if rows and _by_cases(rows):
        return Node("cases", tuple(rows))
    cells = tuple(c for r in rows for c in r.args)
    return cells[0] if len(cells) == 1 else Node("list", cells)
