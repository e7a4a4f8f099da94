"""The adapters, called as their trainers call them."""

import asyncio
import math
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from assay_client import Abstained, Unreachable, areal, easy_r1, openrlhf, slime, swift, trl, verifiers, verl
from assay_client._models import ItemError, Result
from assay_client._scoring import numbers
from assay_client.sources import KNOWN, Sources, reference_of
from assay_client.texts import after_assistant, completion_of, spoken, without_special
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Service, free_port

pytestmark = pytest.mark.e2e

ASKED = "What's 44 + 41 + 25?"
RIGHT = "<think>I add them up.</think><answer>110</answer>"
WRONG = "<think>I add them up.</think><answer>7</answer>"
ACCURACY = {"name": "accuracy", "components": {"accuracy": {"reward": "accuracy"}}}


def test_trl_gets_one_reward_a_completion_and_none_for_abstentions(service: Service):
    logged: dict[str, float] = {}
    made = trl.reward("r1-zero", service.url)
    columns = {"answer": ["110", "110", ""], "trainer_state": object(), "log_metric": logged.__setitem__}
    rewards = made(prompts=[ASKED] * 3, completions=[RIGHT, WRONG, RIGHT], completion_ids=[[1]] * 3, **columns)
    assert rewards[0] == rewards[1] + 1
    assert rewards[2] is None
    assert logged["assay/accuracy"] == 0.5
    assert logged["assay/abstained"] == pytest.approx(1 / 3)
    assert made.__name__ == "assay_r1-zero"
    assert pickle.loads(pickle.dumps(made))(prompts=[ASKED], completions=[RIGHT], answer=["110"]) == [rewards[0]]


def test_trl_conversations_and_other_columns(service: Service):
    made = trl.reward(ACCURACY, service.url, column="gold", on_abstain=-1)
    conversation = [[{"role": "assistant", "content": RIGHT}], [{"role": "assistant", "content": WRONG}]]
    prompt = [{"role": "user", "content": ASKED}]
    assert made(prompts=[prompt] * 2, completions=conversation, gold=["110", "110"]) == [1.0, 0.0]
    assert made(prompts=[prompt], completions=conversation[:1], gold=[None]) == [-1.0]
    with pytest.raises(KeyError, match="gold"):
        made(prompts=[prompt], completions=conversation[:1], answer=["110"])


def test_trl_names_the_same_metrics_whatever_abstains():
    from assay_client._models import Component

    result = Result("a", None, {"f": Component(None, "error", None, 0.0, False)}, ItemError("error", ""))
    found = trl.metrics([result])
    assert math.isnan(found.pop("assay/f"))
    assert found == {"assay/abstained": 1.0}


async def test_trl_awaits_a_coroutine_function(service: Service):
    import inspect

    made = trl.async_reward(ACCURACY, service.url)
    assert inspect.iscoroutinefunction(made)
    assert await made(prompts=[ASKED], completions=[RIGHT], solution=["$110$"]) == [1.0]


def test_an_outage_is_an_exception_after_the_deadline():
    made = trl.reward("r1", f"http://127.0.0.1:{free_port()}", deadline_s=0.5)
    with pytest.raises(Unreachable):
        made(prompts=[ASKED], completions=[RIGHT], answer=["110"])


def test_verl_samples_have_the_same_keys_whatever_their_source(service: Service):
    async def both() -> list[dict[str, float]]:
        more = {"url": service.url, "on_abstain": 0.0, "extra_arg": 1}
        return await asyncio.gather(
            verl.compute_score("openai/gsm8k", RIGHT, "110", {"index": 1}, **more),
            verl.compute_score("math_dapo", WRONG, "110", None, **more),
            verl.compute_score("openai/gsm8k", RIGHT, None, {}, **more),
        )

    gsm8k, dapo, abstained = asyncio.run(both())
    assert list(gsm8k) == list(dapo) == list(abstained)
    assert (gsm8k["acc"], dapo["acc"], dapo["score"]) == (1.0, 0.0, -1.0)
    assert math.isnan(dapo["format"])
    assert (abstained["score"], abstained["assay_abstained"]) == (0.0, 1.0)
    assert verl.compute_score_sync("openai/gsm8k", RIGHT, "110", url=service.url)["acc"] == 1.0
    with pytest.raises(Abstained):
        verl.compute_score_sync("openai/gsm8k", RIGHT, None, url=service.url)


def test_verl_batches_give_an_abstention_its_groups_mean(service: Service):
    found = verl.compute_score_batch(
        data_sources=["openai/gsm8k"] * 4,
        solution_strs=[RIGHT, WRONG, RIGHT, RIGHT],
        ground_truths=["110", "110", None, "110"],
        extra_infos=[{"index": 0}, {"index": 0}, {"index": 0}, {"index": 1}],
        url=service.url,
    )
    scores = [one["score"] for one in found]
    assert scores[2] == (scores[0] + scores[1]) / 2
    assert [one["assay_abstained"] for one in found] == [0, 0, 1, 0]
    assert len({tuple(one) for one in found}) == 1


def test_openrlhf_calls_with_one_sample(service: Service):
    made = openrlhf.reward(ACCURACY, service.url, on_abstain=0.0)
    assert made([f"<s>{ASKED}{RIGHT}</s>"], [ASKED], ["110"])["rewards"] == [1.0]
    found = made([ASKED + RIGHT, ASKED + RIGHT], [ASKED] * 2, ["7", None])
    assert found["scores"] == [0.0, 0.0]
    assert found["extra_logs"]["assay_abstained"] == [0.0, 1.0]


async def test_slime_awaits_samples_and_lists(service: Service):
    made = slime.make(ACCURACY, service.url, on_abstain="mean")
    samples = [
        SimpleNamespace(prompt=ASKED, response=text, label=label, metadata={})
        for text, label in ((RIGHT, "110"), (WRONG, "110"), (RIGHT, None))
    ]
    assert await made(None, samples[0]) == 1.0
    assert await made(None, samples) == [1.0, 0.0, 0.5]


def test_swift_makes_instances_of_classes(service: Service):
    orm = swift.orm(ACCURACY, service.url)(args=None)
    messages = [[{"role": "user", "content": ASKED}, {"role": "assistant", "content": RIGHT}]] * 2
    assert orm([RIGHT, WRONG], solution=["110", "110"], messages=messages, trainer_state=None) == [1.0, 0.0]
    awaited = swift.async_orm(ACCURACY, service.url)()
    for _ in range(2):
        assert asyncio.run(awaited([RIGHT], solution=["110"])) == [1.0]


def test_easy_r1_gets_overall_and_constant_keys(service: Service):
    made = easy_r1.make(url=service.url)
    inputs = [{"response": text, "response_length": 9, "ground_truth": "110"} for text in (RIGHT, WRONG)]
    found = made(inputs)
    assert found[0]["overall"] > found[1]["overall"]
    assert [set(one) for one in found] == [{"overall", "format", "accuracy", "assay_abstained"}] * 2


def test_areal_pickles_its_function_and_gets_a_number(service: Service):
    made = pickle.loads(pickle.dumps(areal.reward(ACCURACY, service.url)))
    assert made(ASKED, RIGHT, [1], [2], answer="110", query_id="q") == 1.0
    with pytest.raises(Abstained):
        made(ASKED, RIGHT, [1], [2])


async def test_verifiers_scorers_raise_abstentions(service: Service):
    made = verifiers.scorer(ACCURACY, service.url)
    assert await made([{"role": "assistant", "content": RIGHT}], "110", ASKED) == 1.0
    with pytest.raises(Abstained):
        await made(RIGHT, None)


def _result(reward: float | None) -> Result:
    return Result("x", reward, {}, None if reward is not None else ItemError("timeout", "late"))


@given(st.lists(st.tuples(st.none() | st.floats(-5, 5), st.sampled_from("ab")), min_size=1, max_size=30))
def test_a_mean_put_in_for_an_abstention_leaves_the_groups_mean(rows: list[tuple[float | None, str]]):
    results, groups = [_result(reward) for reward, _ in rows], [group for _, group in rows]
    known = [reward for reward, _ in rows if reward is not None]
    if not known:
        with pytest.raises(Abstained):
            numbers(results, groups, "mean")
        return
    filled = numbers(results, groups, "mean")
    for group in set(groups):
        own = [reward for reward, of in rows if of == group and reward is not None]
        now = [value for value, of in zip(filled, groups, strict=True) if of == group]
        if own:
            assert math.fsum(now) / len(now) == pytest.approx(math.fsum(own) / len(own), abs=1e-9)


def test_trainers_of_numbers_refuse_none():
    with pytest.raises(ValueError, match="on_abstain"):
        numbers([_result(1.0)], [""], "none")
    with pytest.raises(ValueError, match="on_abstain"):
        openrlhf.reward("r1", on_abstain="mean")


@pytest.mark.parametrize(
    ("value", "kind", "reference"),
    [
        ("110", "math", {"kind": "math", "answer": "110"}),
        (110, "math", {"kind": "math", "answer": "110"}),
        ("{1, 2}", "math", {"kind": "math", "answer": "{1, 2}"}),
        ('{"kind": "choice", "answer": "B"}', "math", {"kind": "choice", "answer": "B"}),
        ({"ground_truth": "7", "style": "rule"}, "math", {"kind": "math", "answer": "7"}),
        (None, "math", {"kind": "none"}),
        ("", "math", {"kind": "none"}),
        ({"target": ["Paris", "paris"]}, "text", {"kind": "text", "answer": ["Paris", "paris"]}),
        ('{"inputs": ["1"], "outputs": ["2"]}', "code", {"kind": "code", "tests": {"inputs": ["1"], "outputs": ["2"]}}),
        (
            {"tests": ["assert f()"], "entry_point": "f"},
            "code",
            {"kind": "code", "tests": ["assert f()"], "entry_point": "f"},
        ),
        ("{" * 5000, "math", {"kind": "math", "answer": "{" * 5000}),
    ],
)
def test_references_from_what_data_sets_have(value: Any, kind: str, reference: dict[str, Any]):
    assert reference_of(value, kind) == reference


def test_sources_are_looked_up_by_pattern_the_users_own_first():
    sources = Sources({"openai/*": {"rubric": "dapo"}, "mine": {"kind": "choice", "rubric": "choice"}})
    assert sources.find("openai/gsm8k") == ("dapo", "math")
    assert sources.find("mine") == ("choice", "choice")
    assert sources.find("codecontests") == ("code", "code")
    assert sources.find(None) == ("r1-zero", "math")
    assert pickle.loads(pickle.dumps(sources)).find("mine").kind == "choice"
    with pytest.raises(ValueError, match="bad"):
        Sources({"bad": {"rubrik": "r1"}})
    assert all(set(row) <= {"rubric", "kind"} for row in KNOWN.values())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("110<|im_end|>\n", "110"),
        ("110</s><pad><pad>", "110"),
        ("110<｜end▁of▁sentence｜>", "110"),
        ("110 \n", "110 \n"),
        ("a<|b", "a<|b"),
        ("<|im_end|>", ""),
        ("x</answer>", "x</answer>"),
    ],
)
def test_special_tokens_at_the_end_are_cut(text: str, plain: str):
    assert without_special(text) == plain


@given(st.text(alphabet="<|｜>/s pad\n", max_size=200))
def test_cutting_special_tokens_ends_and_only_cuts(text: str):
    assert text.startswith(without_special(text))


def test_prompts_are_taken_away():
    assert completion_of("<s>Q: 1+1?A: 2</s>", "Q: 1+1?") == "A: 2"
    templated = "<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n2<|im_end|>"
    assert completion_of(templated, "not in it") == "2"
    assert after_assistant("no template at all") == ("", "no template at all")
    parts = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
    assert spoken(parts) == [{"role": "user", "content": "What?"}]
