"""Teachers: a program that writes chains of thought from the expression, or a model behind an endpoint."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Protocol

from app.offline.coldstart.expression import Step, number_text, render, steps, value
from app.offline.coldstart.problems import Problem
from app.offline.sampling.endpoint import Endpoint

Turns = Sequence[tuple[str, str]]
"""Earlier replies to a problem, each with what was wrong with it."""


class Teacher(Protocol):
    """Answers a problem in think, answer and verifier_answer blocks."""

    async def reply(self, problem: Problem, turns: Turns) -> str: ...


def template(path: Path | None, name: str = "prompt.txt") -> str:
    """The user's file, or the one that ships. Raises ValueError where it has no place for the question."""
    text = path.read_text("utf-8") if path else files("app.offline.coldstart").joinpath(name).read_text("utf-8")
    wanted = "{question}" if name == "prompt.txt" else "{problem}"
    if wanted not in text:
        raise ValueError(f"{path or name}: has no {wanted}")
    return text


class EndpointTeacher:
    """A model, told what was wrong with its earlier replies."""

    def __init__(self, endpoint: Endpoint, prompt: str, retry: str) -> None:
        self._endpoint = endpoint
        self._prompt = prompt
        self._retry = retry

    async def reply(self, problem: Problem, turns: Turns) -> str:
        messages = [{"role": "user", "content": self._prompt.replace("{question}", problem.prompt)}]
        for text, wrong in turns:
            messages.append({"role": "assistant", "content": text})
            messages.append({"role": "user", "content": self._retry.replace("{problem}", wrong)})
        return (await self._endpoint.complete(messages, len(turns))).text


_WORDS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_OPENINGS = ("Let me work this out step by step.", "I will take this one step at a time.", "Let me go through it.")
_CHECKS = ("Let me check that again.", "Now I check the result.", "Before I answer, let me make sure.")
_DONE = ("Both agree, so the result is {}.", "That matches, so the result is {}.", "It holds: the result is {}.")


class TemplateTeacher:
    """Writes the steps that work an expression out, and checks each by the opposite operation. Never wrong."""

    async def reply(self, problem: Problem, turns: Turns) -> str:
        draw = Random(problem.id)
        taken = list(steps(problem.expression))
        result = number_text(value(problem.expression))
        lines = [draw.choice(_OPENINGS)]
        if problem.kind == "word":
            lines.append(f"What is asked for is {render(problem.expression)}.")
        lines += [_step(n, step) for n, step in enumerate(taken)]
        lines.append(draw.choice(_CHECKS))
        lines += [_check(step) for step in taken[::-1]]
        lines.append(draw.choice(_DONE).format(result))
        unit = f" {problem.unit}" if problem.unit else ""
        thought = "\n".join(lines)
        return (
            f"<think>\n{thought}\n</think>\n<answer>\nThe final answer is {result}{unit}.\n</answer>\n"
            f"<verifier_answer>\n{result}\n</verifier_answer>"
        )


def _step(number: int, s: Step) -> str:
    a, b, c = number_text(s.left), number_text(s.right), number_text(s.result)
    first = "First" if number == 0 else "Then"
    match s.operator:
        case "+":
            return f"{first} I {_WORDS['+']} {b} to {a}, which is {c}."
        case "-":
            return f"{first} I {_WORDS['-']} {b} from {a}, which is {c}."
        case "*":
            return f"{first} I {_WORDS['*']} {a} by {b}, which is {c}."
        case "/":
            return f"{first} I {_WORDS['/']} {a} by {b}, which is {c}."


def _check(s: Step) -> str:
    b, c = number_text(s.right), number_text(s.result)
    match s.operator:
        case "+":
            return f"Taking {b} away from {c} gives {number_text(s.result - s.right)}, as it should."
        case "-":
            return f"Adding {b} to {c} gives {number_text(s.result + s.right)}, as it should."
        case "*":
            if s.right == 0:
                return f"Anything times 0 is 0, and {c} is what I have."
            return f"Dividing {c} by {b} gives {number_text(s.result / s.right)}, as it should."
        case "/":
            return f"Multiplying {c} by {b} gives {number_text(s.result * s.right)}, as it should."
