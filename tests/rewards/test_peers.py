"""Each dialect gives its source's own numbers: those that `peers/record.py` recorded, on the same inputs."""

import json
from collections.abc import Callable, Iterable
from math import isclose
from typing import Any

import pytest

from app.rewards import registry
from app.rewards.base import Component, Member, Sample
from app.rewards.checkers.text import f1, rouge_l, squad
from app.rubric import resolve
from tests.rewards.peers import inputs
from tests.rewards.peers.record import FOLDER

RECORDED = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def numbers(recording: str) -> list[Any]:
    return RECORDED[recording]["numbers"]


def one(name: str, sample: Sample, **params: Any) -> float | None:
    reward = registry.get(name)
    return reward.score(sample, reward.params.model_validate(params)).score


def agree(mine: Iterable[Any], recording: str, said: Callable[[Any], Any] = lambda n: n) -> None:
    wanted = [said(number) for number in numbers(recording)]
    given = list(mine)
    assert len(given) == len(wanted) > 0
    wrong = [
        (n, a, b)
        for n, (a, b) in enumerate(zip(given, wanted, strict=True))
        if not (a == b or (a is not None and b is not None and isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "name", [*("open-r1", "tag-count", "reasoning-steps", "trl-think", "logic-rl", "tinyzero", "easy-r1", "r1-v")]
)
def test_a_format_is_its_sources(name: str):
    agree((one(f"format/{name}", Sample(text)) for text in inputs.format_texts()), f"format-{name}")


def test_ngrams_of_words_are_open_r1s():
    rows = inputs.repetition_texts()
    agree(
        (one("repetition/ngram", Sample(r["text"]), n=r["n"], max_penalty=r["max_penalty"], unit="word") for r in rows),
        "repetition-words",
    )


def test_ngrams_of_tokens_are_trls():
    rows = inputs.repetition_ids()
    agree(
        (
            one(
                "repetition/ngram",
                Sample("", meta={"completion_ids": r["ids"]}),
                n=r["n"],
                max_penalty=r["max_penalty"],
                unit="token",
            )
            for r in rows
        ),
        "repetition-ids",
    )


@pytest.mark.parametrize("source", ["trl", "easy-r1"])
def test_soft_overlong_is_its_sources(source: str):
    agree(
        (
            one(
                "length/dapo",
                Sample("", meta={"completion_tokens": r.tokens}),
                max_tokens=r.longest,
                cache_tokens=r.cache,
            )
            for r in inputs.overlong()
        ),
        f"length-overlong-{source}",
    )


def test_cosine_is_open_r1s_over_characters():
    def mine() -> Iterable[float | None]:
        for row in inputs.cosines():
            text = row["completion"]
            low_wrong, high_wrong, low_right, high_right = row["values"]
            yield one(
                "length/cosine",
                Sample(text, reference={"kind": "math", "answer": "4"}, meta={"completion_tokens": len(text)}),
                max_tokens=row["max_len"],
                min_value_wrong=low_wrong,
                max_value_wrong=high_wrong,
                min_value_correct=low_right,
                max_value_correct=high_right,
                clip=False,
            )

    agree(mine(), "length-cosine")


def group(name: str, members: list[Member], **params: Any) -> list[Component]:
    reward: Any = registry.find(name)
    return reward.score_group(members, reward.params.model_validate(params))


def test_k15_length_is_open_r1s_over_characters():
    found: list[float | None] = []
    for texts in inputs.length_groups():
        members = [
            Member(
                Sample(text, meta={"completion_tokens": len(text)}),
                {"accuracy": Component(float(text.endswith("{4}")))},
                None,
            )
            for text in texts
        ]
        found += [component.score for component in group("group/length-k1.5", members)]
    wanted = [number for row in numbers("group-length") for number in row]
    assert found == pytest.approx(wanted, abs=1e-12)


def test_l1_exact_is_the_sources_above_our_floor():
    rows = inputs.budgets()
    mine = (
        one(
            "length/l1-exact",
            Sample("", meta={"completion_tokens": r["used"]}),
            target_tokens=r["target"],
            alpha=r["alpha"],
        )
        for r in rows
    )
    agree(mine, "length-l1-exact", lambda n: max(-1.0, n))


def test_l1_max_is_the_sources_with_half_its_slope():
    rows = inputs.budgets()
    mine = (
        one(
            "length/l1-max",
            Sample("", meta={"completion_tokens": r["used"]}),
            target_tokens=r["target"],
            alpha=r["alpha"] / 2,
        )
        for r in rows
    )
    agree(mine, "length-l1-max")


def test_majority_is_ttrls():
    for answers, wanted in zip(inputs.votes(), numbers("group-majority"), strict=True):
        members = [Member(Sample(f"\\boxed{{{n}}}"), {}, None) for n in answers]
        assert [component.score for component in group("group/majority", members)] == wanted


def test_pass_at_k_is_human_evals():
    for (n, right, k), wanted in zip(inputs.passes(), numbers("group-pass-at-k"), strict=True):
        members = [Member(Sample(""), {"accuracy": Component(float(i < right))}, None) for i in range(n)]
        assert group("group/pass-at-k", members, k=k)[0].score == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(("recording", "divide"), [("grpo", True), ("dr-grpo", False)])
def test_advantages_are_verls(recording: str, divide: bool):
    for rewards, wanted in zip(inputs.reward_groups(), numbers(f"group-advantage-{recording}"), strict=True):
        members = [Member(Sample(""), {}, reward) for reward in rewards]
        found = group("group/advantage", members, divide_by_std=divide, epsilon=1e-6)
        assert [component.score for component in found] == pytest.approx(wanted, abs=1e-6)


def test_text_metrics_are_squads_and_rouges():
    pairs = inputs.text_pairs()
    agree((float(squad(a) == squad(b)) for a, b in pairs), "text-em")
    agree((rouge_l(a, b) if (a + b).isascii() else None for a, b in pairs), "text-rouge-l")
    agree((f1(a, b) for a, b in pairs), "text-f1")


def total(rubric: str, sample: Sample) -> float | None:
    bound = resolve(rubric)
    return bound.combine(
        [c.reward.score(sample, c.reward.params.model_validate(c.params)).score for c in bound.components]
    ).reward


def test_the_easy_r1_rubric_is_its_sources():
    """But for a box inside a thought that never ends, which is no answer here."""
    unclosed = 0
    for (text, answer), wanted in zip(inputs.boxed_answers(), numbers("rubric-easy-r1"), strict=True):
        mine = total("easy-r1", Sample(text, "", {"kind": "math", "answer": answer}))
        ends = "<think>" not in text or "</think>" in text
        unclosed += not ends
        assert mine == pytest.approx(wanted if ends else 0.0), text
    assert unclosed


def test_the_tinyzero_rubric_is_its_sources():
    rows = inputs.tag_answers()
    agree((total("tinyzero", Sample(t, "", {"kind": "math", "answer": a})) for t, a in rows), "rubric-tinyzero")


def test_the_logic_rl_rubric_is_its_sources():
    """The source's four ends: right, wrong, no answer, broken format; the answers here are sets of statements."""
    right = {"kind": "set", "answer": "Ann is a knight, Bob is a knave"}
    answers = ("Ann is a knight, Bob is a knave", "Ann is a knave, Bob is a knave")
    shapes = ("<think>t</think><answer>{}</answer>", "<answer>{}</answer>", "<think>t</think>{}")
    wanted = numbers("rubric-logic-rl")
    for at, shape in enumerate(shapes):
        for n, answer in enumerate(answers):
            assert total("logic-rl", Sample(shape.format(answer), "", right)) == wanted[at * 4 + n]
        assert total("logic-rl", Sample(shape.format(""), "", right)) == wanted[at * 4 + 3]


def test_every_recording_names_its_version_and_fits_its_inputs():
    assert len(RECORDED) >= 24
    for recording in RECORDED.values():
        assert recording["version"]
        assert recording["file"]
        assert recording["inputs"] == inputs.fingerprint()
