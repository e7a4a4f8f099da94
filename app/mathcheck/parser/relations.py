"""The outermost layers: lists, relations, unions, ratios."""

from app.mathcheck.ast import Node, symbols
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.parser.cursor import CLOSERS
from app.mathcheck.parser.quantities import Quantities

_RELATIONS = frozenset(["=", "<", ">", "<=", ">=", "!=", "≈", "≡", "∈"])
_ENDS = frozenset([",", ";", ")", "]", "}", "and", "or", "\\\\", "&"])
"""What ends a number's place in a list, a bracket or a matrix."""
_SET_OPS = {"∪": "union", "∩": "inter", "∖": "minus"}


class Relations(Quantities):
    def answer(self) -> Node:
        node = self.infix_command(self.items())
        if self.t.kind != "end":
            raise self.error("trailing input")
        return node

    def items(self) -> Node:
        self.deeper()
        first = self.relation()
        if not self.is_op(",", ";", "and", "or"):
            self.depth -= 1
            return first
        rows: list[Node] = []
        joins: set[str] = set()
        comma = False
        items = [first]
        while self.is_op(",", ";", "and", "or"):
            semicolon = word = False
            while self.is_op(",", ";", "and", "or"):
                semicolon |= self.t.text == ";"
                word |= self.t.text in ("and", "or")
                joins.add(self.t.text)
                self.i += 1
            if self.is_op(")", "]"):
                raise self.error("a missing item")
            if self.t.kind == "end" or (self.is_op(*CLOSERS) and not self._opens()):
                break
            if semicolon and len(items) > 1:
                rows.append(Node("list", tuple(items)))
                items = []
            elif semicolon:
                rows.extend(items)
                items = []
            item = self.relation()
            repeats = item.op == "rel" == items[0].op and item.args[0] == items[0].args[0] if items else False
            if word and comma and len(items) > 1 and repeats:
                rows.append(Node("list", tuple(items)))  # "x = 1, y = 2 or x = 2, y = 1"
                items = []
            comma = not word
            items.append(item)
            if len(items) + len(rows) > MAX_ITEMS:
                raise TooComplex("too many items", self.t.pos)
        self.depth -= 1
        if rows:
            rows.append(items[0] if len(items) == 1 else Node("list", tuple(items)))
            return Node("list", tuple(rows))
        join = joins.pop() if len(joins) == 1 and joins <= {"and", "or"} else None
        return items[0] if len(items) == 1 else Node("list", tuple(items), join)

    def _opens(self) -> bool:
        """`]a, b[` after a comma."""
        return self.is_op("]") and not self.depth > 1

    def relation(self) -> Node:
        if (number := self._bare_number()) is not None:
            return number
        first = self.union()
        if self.t.kind == "end":
            return first
        terms = [first]
        ops: list[str] = []
        while self.t.kind == "op" and self.t.text in _RELATIONS:
            ops.append(self.t.text)
            self.i += 1
            terms.append(self.union())
        modulus = self._modulus()
        if modulus is not None:
            if ops and ops != ["≡"] and ops != ["="]:
                raise self.error("a modulus without a congruence")
            if not ops:
                return Node("residue", (first, modulus))
            left, right = terms[:2]
            if right.op == "sym" and not symbols(left):  # `17 ≡ x (mod 5)`
                left, right = right, left
            return Node("mod", (left, right, modulus))
        if ops == ["≡"] and (terms[1].op == "residue" or (terms[1].op == "fn" and terms[1].value == "mod")):
            return Node("mod", (terms[0], *terms[1].args))
        return Node("rel", tuple(terms), " ".join(ops)) if ops else first

    def _bare_number(self) -> Node | None:
        """A number with nothing but a sign and the end of its place beside it: most of what there is, so without the
        layers between."""
        t = self.tokens[self.i]
        negative = t.kind == "op" and t.text == "-"
        if negative:
            t = self.tokens[self.i + 1]
        if t.kind != "num":
            return None
        behind = self.tokens[self.i + negative + 1]
        if behind.kind != "end" and not (behind.kind == "op" and behind.text in _ENDS):
            return None
        self.i += negative
        return Node("neg", (self.atom(),)) if negative else self.atom()

    def _modulus(self) -> Node | None:
        r"""What stands behind `\pmod` or in `(mod m)`."""
        if self.is_cmd("pmod"):
            self.i += 1
            return self.argument() if self.is_op("{") else self.power()
        if self.is_op("(") and self.ahead().kind == "cmd" and self.ahead().text in ("mod", "bmod"):
            self.i += 2
            modulus = self.power()
            self.expect(")")
            return modulus
        return None

    def union(self) -> Node:
        node = self.ratio()
        while self.t.kind != "end" and (
            self.is_op("∪", "∩", "∖")
            or (
                self.t.kind == "sym"
                and self.t.text == "U"
                and node.op in ("interval", "tuple", "bracket", "union")
                and self.ahead().text in "(["
            )
        ):
            op = _SET_OPS.get(self.t.text, "union")
            self.i += 1
            node = Node(op, (node, self.ratio()))
        return node

    def ratio(self) -> Node:
        node = self.quantity()
        if self.tokens[self.i].kind == "end":
            return node
        if self.is_op(":") and not self.bars:
            args = [node]
            while self.accept(":"):
                args.append(self.quantity())
            return Node("ratio", tuple(args), " ".join(t.text for t in self.tokens[max(0, self.i - 3) : self.i]))
        if self.t.kind == "word" and self.t.text == "to" and self.ahead().kind == "num":
            self.i += 1
            return Node("ratio", (node, self.quantity()), "to")
        return node
