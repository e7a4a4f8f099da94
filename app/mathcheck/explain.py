"""One comparison step by step, for a person."""

from app.mathcheck.ast import Node
from app.mathcheck.check import check, check_answer
from app.mathcheck.limits import MathError
from app.mathcheck.policy import DEFAULT_POLICY, Policy
from app.mathcheck.readings import readings
from app.mathcheck.unwrap import strip
from app.mathcheck.verdict import Verdict

SHOWN_CHARS = 200
"""As much of a text or a tree as a step shows."""


def explain(
    answer: str, reference: str, policy: Policy = DEFAULT_POLICY, *, whole: bool = False
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and how it came about: what was found, how both sides were read, each rung of the ladder.

    `whole`: the answer is a completion, from which the answer is extracted first. Never raises.
    """
    verdict = (check if whole else check_answer)(answer, reference, policy)
    steps: list[str] = []
    if whole and verdict.extracted is not None:
        found = verdict.extracted
        steps.append(
            f"found {_short(found.text)} at {found.start}-{found.end}: {found.reason} (source: {found.source})"
        )
        answer = found.text
    if not whole or verdict.extracted is not None:
        steps += _read("the answer", answer, reference=False)
    steps += _read("the reference", reference, reference=True)
    return verdict, (*steps, *verdict.steps)


def _read(name: str, text: str, *, reference: bool) -> list[str]:
    bare = strip(text) if len(text) < SHOWN_CHARS * 100 else text
    steps = [f"{name} {_short(text)} without its wrapping is {_short(bare)}"] if bare != text else []
    try:
        trees = readings(text, reference=reference)
    except MathError as error:
        return [*steps, f"{name} is not read as mathematics: {error}"]
    if len(trees) > 1:
        steps.append(f"{name} has {len(trees)} readings, tried in turn")
    return [*steps, *(f"{name} reads as {_short(tree(t))}" for t in trees)]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def tree(node: Node) -> str:
    """A tree in prefix form: `add(1, div(x, 2))`."""
    if node.op == "num":
        return str(node.value)
    if not node.args:
        return str(node.value) if node.value is not None else node.op
    label = node.op if node.value is None else f"{node.op}[{node.value}]"
    return f"{label}({', '.join(tree(a) for a in node.args)})"
