"""Runs the sources' own functions on our inputs, and keeps the numbers: `python -m tests.rewards.peers.record`.

Each source is named with its version and where its files lie, in the layout of its repository or package:

    python -m tests.rewards.peers.record --source open-r1@1416fa0cf215=/path/to/open-r1 --source trl@1.16.0=…

Functions are taken out of their files by name, so that nothing else of a source (and no accelerator) is needed:
numpy everywhere, math-verify for open-r1's rewards of right answers, mathruler for EasyR1, rouge-score and torch for
theirs.
Sources that are not named keep the numbers that they have.
"""

import argparse
import ast
import contextlib
import importlib
import io
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.rewards.peers import inputs

FOLDER = Path(__file__).parent / "recorded"


class Source(NamedTuple):
    name: str
    version: str
    path: Path

    def functions(self, file: str, *names: str, **others: Any) -> dict[str, Any]:
        """The named functions and classes of a file, run with nothing but `others` around them."""
        tree = ast.parse((self.path / file).read_text("utf-8"))
        kept = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name in names]
        for node in kept:
            node.decorator_list = []
        around: dict[str, Any] = {"re": re, "math": math, "random": random, "Counter": Counter, **others}
        module = ast.Module([ast.parse("from __future__ import annotations").body[0], *kept], type_ignores=[])
        exec(compile(ast.fix_missing_locations(module), file, "exec"), around)
        return around


Recorder = Callable[[Source], Iterable[tuple[str, str, str, list[Any]]]]
"""Yields the recording's name, the file and function that gave it, and the numbers, one an input."""


def messages(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def open_r1(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "src/open_r1/rewards.py"
    verify = importlib.import_module("math_verify")
    sympy_latex = importlib.import_module("latex2sympy2_extended")
    names = ("format_reward", "tag_count_reward", "reasoning_steps_reward", "get_repetition_penalty_reward")
    lengths = ("get_cosine_scaled_reward", "len_reward")
    found = source.functions(
        file,
        *names,
        *lengths,
        parse=verify.parse,
        verify=verify.verify,
        LatexExtractionConfig=verify.LatexExtractionConfig,
        NormalizationConfig=sympy_latex.NormalizationConfig,
    )
    texts = [messages(text) for text in inputs.format_texts()]
    for name, recording in (
        ("format_reward", "format-open-r1"),
        ("tag_count_reward", "format-tag-count"),
        ("reasoning_steps_reward", "format-reasoning-steps"),
    ):
        yield recording, file, name, found[name](texts)
    yield (
        "repetition-words",
        file,
        "get_repetition_penalty_reward",
        [
            found["get_repetition_penalty_reward"](row["n"], row["max_penalty"])([messages(row["text"])])[0]
            for row in inputs.repetition_texts()
        ],
    )
    yield (
        "length-cosine",
        file,
        "get_cosine_scaled_reward",
        [
            found["get_cosine_scaled_reward"](*row["values"], row["max_len"])([messages(row["completion"])], ["$4$"])[0]
            for row in inputs.cosines()
        ],
    )
    yield (
        "group-length",
        file,
        "len_reward",
        [found["len_reward"]([messages(t) for t in group], ["$4$"] * len(group)) for group in inputs.length_groups()],
    )


def trl(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "trl/rewards/format_rewards.py"
    found = source.functions(file, "think_format_reward")
    texts = [messages(text) for text in inputs.format_texts()]
    yield "format-trl-think", file, "think_format_reward", found["think_format_reward"](texts)
    file = "trl/rewards/other_rewards.py"
    found = source.functions(file, "_RepetitionPenalty", "_SoftOverlongPunishment")
    yield (
        "repetition-ids",
        file,
        "get_repetition_penalty_reward",
        [found["_RepetitionPenalty"](r["n"], r["max_penalty"])([r["ids"]])[0] for r in inputs.repetition_ids()],
    )
    yield (
        "length-overlong-trl",
        file,
        "get_soft_overlong_punishment",
        [found["_SoftOverlongPunishment"](row.longest, row.cache)([[0] * row.tokens])[0] for row in inputs.overlong()],
    )


def easy_r1(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "examples/reward_function/math.py"
    grader = importlib.import_module("mathruler.grader")
    found = source.functions(
        file,
        *("format_reward", "accuracy_reward", "compute_score"),
        extract_boxed_content=grader.extract_boxed_content,
        grade_answer=grader.grade_answer,
    )
    scores = found["compute_score"]([{"response": text, "ground_truth": "7"} for text in inputs.format_texts()])
    yield "format-easy-r1", file, "compute_score", [score["format"] for score in scores]
    rows = [{"response": text, "ground_truth": right} for text, right in inputs.boxed_answers()]
    yield "rubric-easy-r1", file, "compute_score", [score["overall"] for score in found["compute_score"](rows)]
    file = "examples/reward_function/r1v.py"
    found = source.functions(file, "format_reward")
    yield "format-r1-v", file, "format_reward", [found["format_reward"](text) for text in inputs.format_texts()]
    file = "examples/reward_function/dapo.py"
    found = source.functions(file, "soft_overlong_punishment")
    yield (
        "length-overlong-easy-r1",
        file,
        "soft_overlong_punishment",
        [found["soft_overlong_punishment"](*row) for row in inputs.overlong()],
    )


def logic_rl(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "verl/utils/reward_score/kk.py"
    found = source.functions(
        file,
        *("compute_score", "extract_solution", "parse_solution_text_format", "parse_model_answer"),
        "validate_response_structure",
    )
    texts = inputs.format_texts()
    structure = found["validate_response_structure"]
    yield "format-logic-rl", file, "validate_response_structure", [1.0 if structure(text) else -1.0 for text in texts]
    truth = {"solution_text_format": "(1) Ann is a knight\n(2) Bob is a knave"}
    answers = ("Ann is a knight, Bob is a knave", "Ann is a knave, Bob is a knave", "Ann is", "")
    shapes = ("<think>t</think><answer>{}</answer>", "<answer>{}</answer>", "<think>t</think>{}")
    yield (
        "rubric-logic-rl",
        file,
        "compute_score",
        [found["compute_score"]("Assistant:" + shape.format(answer), truth) for shape in shapes for answer in answers],
    )


def tinyzero(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "verl/utils/reward_score/countdown.py"
    found = source.functions(file, "extract_solution")["extract_solution"]
    yield (
        "format-tinyzero",
        file,
        "extract_solution",
        [float(found("Assistant:" + text) is not None) for text in inputs.format_texts()],
    )
    file = "verl/utils/reward_score/multiply.py"
    found = source.functions(file, "extract_solution", "compute_score")["compute_score"]
    yield (
        "rubric-tinyzero",
        file,
        "compute_score",
        [float(found("Assistant:" + text, right)) for text, right in inputs.tag_answers()],
    )


def l1(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "math_reward.py"
    found = source.functions(file, "get_delta_score_linear", "get_delta_score_linear_both")
    both = found["get_delta_score_linear_both"]
    rows = inputs.budgets()
    yield "length-l1-exact", file, both.__name__, [both(r["target"], r["used"], r["alpha"]) for r in rows]
    yield "length-l1-max", file, both.__name__, [both(-r["target"], r["used"], r["alpha"]) for r in rows]


def ttrl(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    """With answers that are plain integers: then the source's own extraction and grading leave them as they are."""
    file = "verl/verl/utils/reward_score/ttrl/ttt_metrics.py"

    def auto_extract(task: str, solutions: list[str], extra_info: Any) -> list[str]:
        return solutions

    def auto_verify(task: str, solutions: list[str], labels: list[str], extra_info: Any) -> tuple[list[float], None]:
        return [float(a == b) for a, b in zip(solutions, labels, strict=True)], None

    found = source.functions(file, "test_time_train_metrics", auto_extract=auto_extract, auto_verify=auto_verify)
    vote = found["test_time_train_metrics"]
    yield (
        "group-majority",
        file,
        "test_time_train_metrics",
        [vote([str(n) for n in group], ["1"] * len(group))[0] for group in inputs.votes()],
    )


def human_eval(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "human_eval/evaluation.py"
    numpy = importlib.import_module("numpy")
    itertools = importlib.import_module("itertools")
    found = source.functions(file, "estimate_pass_at_k", np=numpy, itertools=itertools)["estimate_pass_at_k"]
    yield (
        "group-pass-at-k",
        file,
        "estimate_pass_at_k",
        [float(found([n], [c], k)[0]) for n, c, k in inputs.passes()],
    )


def verl(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "verl/trainer/ppo/core_algos.py"
    torch = importlib.import_module("torch")
    numpy = importlib.import_module("numpy")
    name = "compute_grpo_outcome_advantage"
    advantage = source.functions(file, name, torch=torch, np=numpy, defaultdict=defaultdict)[name]
    for recording, divide in (("group-advantage-grpo", True), ("group-advantage-dr-grpo", False)):
        rows: list[list[float]] = []
        for group in inputs.reward_groups():
            rewards = torch.tensor(group, dtype=torch.float64).unsqueeze(1)
            index = numpy.array(["q"] * len(group), dtype=object)
            given = advantage(rewards, torch.ones_like(rewards), index, norm_adv_by_std_in_grpo=divide)[0]
            rows.append(given.squeeze(1).tolist())
        yield recording, file, name, rows


def evaluate(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    file = "metrics/squad/compute_score.py"
    found = source.functions(
        file,
        *("normalize_answer", "f1_score", "exact_match_score"),
        string=importlib.import_module("string"),
    )
    pairs = inputs.text_pairs()
    yield "text-em", file, "exact_match_score", [float(found["exact_match_score"](a, b)) for a, b in pairs]
    yield "text-f1", file, "f1_score", [float(found["f1_score"](a, b)) for a, b in pairs]


def rouge(source: Source) -> Iterable[tuple[str, str, str, list[Any]]]:
    """The installed rouge-score: its tokenizer keeps ASCII letters and digits alone, so pairs with others are left
    out."""
    scorer = importlib.import_module("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    scores = [
        scorer.score(wanted, given)["rougeL"].fmeasure if (given + wanted).isascii() else None
        for given, wanted in inputs.text_pairs()
    ]
    yield "text-rouge-l", "rouge_score/rouge_scorer.py", "RougeScorer.score", scores


RECORDERS: dict[str, Recorder] = {
    "open-r1": open_r1,
    "trl": trl,
    "easy-r1": easy_r1,
    "logic-rl": logic_rl,
    "tinyzero": tinyzero,
    "l1": l1,
    "ttrl": ttrl,
    "human-eval": human_eval,
    "verl": verl,
    "evaluate": evaluate,
    "rouge-score": rouge,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", action="append", default=[], metavar="NAME@VERSION=PATH")
    FOLDER.mkdir(exist_ok=True)
    for given in parser.parse_args().source:
        head, _, path = given.partition("=")
        name, _, version = head.partition("@")
        source = Source(name, version, Path(path))
        with contextlib.redirect_stdout(io.StringIO()):
            recordings = list(RECORDERS[name](source))
        for recording, file, function, numbers in recordings:
            head = {
                "source": name,
                "version": version,
                "file": file,
                "function": function,
                "inputs": inputs.fingerprint(),
            }
            text = json.dumps({**head, "numbers": numbers}, separators=(",", ":"))
            (FOLDER / f"{recording}.json").write_text(text + "\n", "utf-8")
            print(f"{recording}: {len(numbers)} from {name} {version}")


if __name__ == "__main__":
    main()
