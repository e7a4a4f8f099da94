"""Answers that are words: compared without case, articles, punctuation and LaTeX text commands."""

import re

from app.mathcheck.ast import Node
from app.mathcheck.outcome import Outcome, different

MIN_LETTERS = 3


def plain(text: str) -> str:
    """Words of a text answer: no case, articles, punctuation or LaTeX text commands."""
    text = re.sub(r"\\(?:text|textbf|mathrm|mbox|textit|mathbf)\b|[${}\\~]", " ", text)
    text = re.sub(r"\bsolutions\b", "solution", text, flags=re.I)
    words = re.findall(r"[^\W_]+|[-+*/^=<>|%]", text.casefold())
    return " ".join(w for w in words if w not in ("the", "a", "an")) or " ".join(words)


def compare_words(a: Node, b: Node) -> Outcome:
    """Two answers of which one at least is a text."""
    x, y = _word(a), _word(b)
    if x is not None and y is not None and plain(x) == plain(y):
        return Outcome(True, "text", "the same words")
    return different("different words", "text")


def letters(n: Node) -> str | None:
    """Three or more capitals side by side, which may name a figure or give an order: `ABCD`."""
    found = _word(n) if n.op == "mul" else None
    return found if found is not None and len(found) >= MIN_LETTERS and found.isalpha() and found.isupper() else None


def _word(n: Node) -> str | None:
    """A text, or letters that were read as a product."""
    if n.op in ("text", "sym") or (n.op == "const" and n.value in ("e", "i")):
        return str(n.value)
    if n.op == "list":
        words = [_word(a) for a in n.args]
        return None if None in words else " ".join(w for w in words if w)
    if n.op == "mul":
        parts = [_word(a) for a in n.args]
        return None if None in parts else "".join(p for p in parts if p)
    return None
