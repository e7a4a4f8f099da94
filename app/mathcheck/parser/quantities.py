"""A value with what stands around it: currency before, unit or noun behind; words that are a value."""

from app.mathcheck.ast import Node, num
from app.mathcheck.lexer import is_product
from app.mathcheck.lexicon import CHANGING_WORDS, EMPTY_WORDS, MONTHS, REAL_WORDS, SCALES, SET_WORDS
from app.mathcheck.numerals import MAX_WORDS, NUMBER_WORDS, base_of, in_base, value_of_words
from app.mathcheck.parser.arithmetic import Arithmetic
from app.mathcheck.units import canonical, is_unit_word, lookup, parse_unit

_CURRENCIES = frozenset(["$", "€", "£", "¥", "¢"])
_BEHIND = _CURRENCIES | {"("}
"""Signs behind a value that may belong to it."""
_UNIT_LETTERS = frozenset("mgshLlNJWVKACFT")
_TEMPERATURES = {"C": "celsius", "F": "fahrenheit"}
MAX_UNIT_TOKENS = 24
MAX_NOUN_WORDS = 12


class Quantities(Arithmetic):
    def quantity(self) -> Node:
        currency, negative = "", False
        if self.t.kind == "op":
            if self.accept("…"):
                return Node("dots")
            negative = self.is_op("-") and self.ahead().text in _CURRENCIES
            self.i += int(negative)
            if self.is_op("$", "€", "£", "¥"):
                currency = self.t.text
                self.i += 1
        if self.t.kind == "text" or (self.t.kind == "word" and not is_product(self.t.text)):
            if self.t.text.lower().strip(". ") in MONTHS:
                return self._date()
            node = self._number_in_words()
            if node is None:
                return self._label_or_text()
        else:
            node = self.sum()
        t = self.tokens[self.i]
        if not currency and (t.kind == "end" or (t.kind == "op" and t.text not in _BEHIND)):
            return _without_degree(node)
        node = Node("neg", (node,)) if negative else node
        if self._base_in_words() and node.op == "num":
            return self._in_base_of_words()
        return self._with_unit(node, currency, self._unit())

    def _with_unit(self, node: Node, currency: str, unit: str) -> Node:
        if unit.lower() in MONTHS and node.op == "num" and node.value.q == 1 and 1 <= node.value <= 31:
            year = int(self.t.text) if self.t.kind == "num" and self.t.text.isdigit() and len(self.t.text) == 4 else 0
            self.i += int(year > 0)
            return Node("date", (), (year, MONTHS[unit.lower()], int(node.value.p)))
        if not unit:
            node = _without_degree(node)
            if node.op == "quantity":
                return node
        elif _degrees(node) is not None and (unit in _TEMPERATURES or unit.lower() in _TEMPERATURES.values()):
            node, unit = _degrees(node) or node, _TEMPERATURES.get(unit, unit.lower())
        unit = canonical(unit)
        first, _, rest = unit.partition(" ")
        if first.lower() in SCALES:
            node, unit = Node("mul", (node, num(10 ** SCALES[first.lower()]))), rest
        if unit.split(" ")[0].lower() in ("percent", "percentage", "pct"):
            return Node("pct", (node,))
        if unit.lower() in ("rad", "radian", "radians"):
            unit = "rad"
        if unit and currency:
            unit = currency if not lookup(first) or lookup(first) == lookup(currency) else unit
        unit = unit or currency
        return Node("quantity", (node,), unit) if unit else node

    def _number_in_words(self) -> Node | None:
        """`twenty-one`, `two hundred and five`, `three quarters`; None if the words here are no number."""
        words: list[str] = []
        j = self.i
        while len(words) < MAX_WORDS and self.tokens[j].kind == "word":
            words.append(self.tokens[j].text.lower())
            j += 1
            nxt = self.tokens[min(j + 1, len(self.tokens) - 1)]
            if nxt.kind == "word" and nxt.text.lower() in NUMBER_WORDS:
                # "and" joins a smaller part to hundreds and thousands; elsewhere it makes a list
                joint = self.tokens[j].text
                j += int(joint == "-" or (joint == "and" and words[-1] in ("hundred", "thousand")))
        for n in range(len(words), 0, -1):
            value = value_of_words(words[:n])
            if value is None:
                continue
            seen = 0
            while seen < n:
                seen += self.t.kind == "word"
                self.i += 1
            return Node("num", (), value)
        return None

    def _date(self) -> Node:
        """`July 4`, `Jul. 4, 1776`, `May`: a month with what follows of day and year."""
        month = MONTHS[self.t.text.lower().strip(". ")]
        self.i += 1
        self.accept(".")
        day = year = 0
        if self.t.kind == "num" and self.t.text.isdigit() and len(self.t.text) <= 2:
            day = int(self.t.text)
            self.i += 1
            self.i += int(self.tokens[self.i].text in ("st", "nd", "rd", "th"))
        following = self.ahead() if self.is_op(",") else self.t
        if following.kind == "num" and following.text.isdigit() and len(following.text) == 4:
            year = int(following.text)
            self.i += 1 + int(self.is_op(","))
        return Node("date", (), (year, month, day))

    def _base_in_words(self) -> bool:
        t = self.t
        if t.kind == "op" and t.text == "(":
            t = self.ahead()
        return t.kind in ("text", "word") and t.text.strip(" (").lower().startswith(("base", "in base"))

    def _in_base_of_words(self) -> Node:
        """`101 (base 2)`, `101 base two`."""
        position = self.t.pos
        opened = self.accept("(")
        words: list[str] = []
        while len(words) < 4 and self.t.kind in ("text", "word", "num"):
            words.append(self.t.text)
            self.i += 1
        base = base_of(" ".join(words))
        if base is None or (opened and not self.accept(")")):
            raise self.error("a base")
        return Node("base", (Node("num", (), in_base(self.digits, base, position)),), base)

    def _label_or_text(self) -> Node:
        parts: list[str] = []
        while self.t.kind in ("text", "word", "sym"):
            parts.append(self.t.text)
            self.i += 1
        words = " ".join(parts)
        low = words.lower().strip(" .")
        if low in REAL_WORDS or low in EMPTY_WORDS:
            return Node("const", (), "reals" if low in REAL_WORDS else "empty")
        if low in SET_WORDS:
            return Node("const", (), SET_WORDS[low])
        return Node("text", (), words)

    # units

    def unit_end(self) -> int:
        j = self._unit_parts(self.i, 0)
        if j < 0 or j - self.i > MAX_UNIT_TOKENS:
            return -1
        after = self.tokens[j]
        if after.kind not in ("end", "op", "text", "word") or after.text in ("(", "[", "{", "^", "_", "!", "'"):
            return -1
        first = self.tokens[self.i]
        if first.kind == "sym" and not first.spaced and self.tokens[self.i - 1].text not in ("∘", "°"):
            return -1
        return j

    def _unit_parts(self, j: int, level: int) -> int:
        """Position behind a product or quotient of units from `j`; -1 if what stands there is none."""
        end = self._unit_part(j, level)
        letters = int(self.tokens[j].kind == "sym")
        signs = 0
        while end >= 0 and end - j <= MAX_UNIT_TOKENS:
            t = self.tokens[end]
            nxt = end + 1 if t.kind == "op" and t.text in ("*", "/") else end
            after = self._unit_part(nxt, level)
            if after < 0 or (nxt == end and self.tokens[nxt].kind == "op"):
                break
            signs += int(nxt > end) + int("^" in [x.text for x in self.tokens[nxt:after]])
            letters += int(self.tokens[nxt].kind == "sym")
            end = after
        # single letters side by side are a product of variables, unless a sign or a power tells a unit
        return -1 if letters > 1 and not signs else end

    def _unit_part(self, j: int, level: int) -> int:
        t = self.tokens[j]
        if t.kind == "cmd" and t.text in ("frac", "dfrac", "tfrac") and not level:
            top = self._unit_group(j + 1)
            return self._unit_group(top) if top > 0 else -1
        if t.kind == "op" and t.text == "(" and not level and self.tokens[j - 1].text == "/":
            end = self._unit_parts(j + 1, 1)
            return end + 1 if end >= 0 and self.tokens[end].text == ")" else -1
        known = (
            (t.kind == "sym" and t.text in _UNIT_LETTERS)
            or (t.kind == "word" and is_unit_word(t.text))
            or (t.kind == "text" and parse_unit(t.text) is not None)
            or (t.kind == "sym" and t.text in ("Omega", "mu"))
        )
        return self._unit_power(j + 1) if known else -1

    def _unit_group(self, j: int) -> int:
        if self.tokens[j].text != "{":
            return -1
        end = self._unit_parts(j + 1, 1)
        return end + 1 if end >= 0 and self.tokens[end].text == "}" else -1

    def _unit_power(self, j: int) -> int:
        if self.tokens[j].text != "^" or self.tokens[j].kind != "op":
            return j
        k = j + 1
        braces = self.tokens[k].text == "{"
        k += int(braces)
        k += int(self.tokens[k].text == "-")
        if self.tokens[k].kind != "num" or len(self.tokens[k].text) != 1:
            return -1
        k += 1
        if braces and self.tokens[k].text != "}":
            return -1
        return k + int(braces)

    def _take_unit(self, end: int) -> str:
        parts: list[str] = []
        fraction = 0
        for t in self.tokens[self.i : end]:
            if t.kind == "cmd":
                fraction = 1
            elif t.text == "}" and fraction:
                parts.append("/" if fraction == 1 else "")
                fraction = 2 if fraction == 1 else 0
            elif t.text not in ("{", "}", "(", ")"):
                glue = t.text in ("^", "*", "/", "-") or (parts and parts[-1][-1:] in ("^", "-"))
                parts.append(t.text if glue or not parts else " " + t.text)
        self.i = end
        return "".join(parts).replace("* ", "*").replace("/ ", "/")

    def _unit(self) -> str:
        end = self.unit_end()
        if end >= 0 and self.tokens[end].kind not in ("text", "word"):
            return self._take_unit(end)
        parts: list[str] = []
        while True:
            t = self.t
            if t.kind in ("text", "word"):
                if t.text == "to" and self.ahead().kind == "num":
                    break
                words = [w.strip(".,()").lower() for w in t.text.split()]
                if any(w in CHANGING_WORDS and w not in SCALES for w in words):
                    raise self.error("words that change the answer")
                parts.append(t.text.strip(" ."))
            elif t.kind == "op" and t.text in _CURRENCIES:
                parts.append(t.text)
            elif parts and t.kind == "op" and t.text == "/" and self.ahead().kind in ("text", "word", "sym"):
                parts.append("/")
            elif parts and parts[-1] == "/" and t.kind == "sym":
                parts.append(t.text)
            elif parts and t.kind == "op" and t.text == "^":
                self.i += 1
                exponent = self.argument()
                if exponent.op != "num":
                    raise self.error("a unit's exponent")
                parts[-1] += f"^{exponent.value}"
                continue
            else:
                break
            if len(parts) > MAX_NOUN_WORDS:
                raise self.error("too many words")
            self.i += 1
        return " ".join(p for p in parts if p)


def _degrees(node: Node) -> Node | None:
    """The number of `45°` and `-45°`."""
    if node.op == "deg":
        return node.args[0]
    if node.op == "neg" and node.args[0].op == "deg":
        return Node("neg", node.args[0].args)
    return None


def _without_degree(node: Node) -> Node:
    inner = _degrees(node)
    return node if inner is None else Node("quantity", (inner,), "°")
