import pytest

from app.rewards.base import Sample
from app.rewards.format import FormatParams, format_reward

T = "<think>a</think>"
A = "<answer>b</answer>"
V = "<verifier_answer>b</verifier_answer>"


@pytest.mark.parametrize(
    ("template", "completion", "score"),
    [
        ("r1-zero", T + A, 1.0),
        ("r1-zero", f"  {T}\n\n{A} \n", 1.0),
        ("r1-zero", T + A + V, 0.0),
        ("r1", T + A, 1.0),
        ("r1", T + A + V, 1.0),
        ("r1", T + V + A, 0.0),
        ("r1", A + T, 0.0),
        ("r1", T + T + A, 0.0),
        ("r1", T + A + A, 0.0),
        ("r1", T, 0.0),
        ("r1", A, 0.0),
        ("r1", "", 0.0),
        ("r1", "x" + T + A, 0.0),
        ("r1", T + "x" + A, 0.0),
        ("r1", T + A + "x", 0.0),
        ("r1", "<think>a<think>b</think></think>" + A, 0.0),
        ("r1", "<think>a" + A, 0.0),
        ("r1", T + "<answer>b", 0.0),
        ("r1", "a</think>" + A, 0.0),
        ("r1", "<think> </think>" + A, 0.0),
        ("r1", T + "<answer>\n</answer>", 0.0),
        ("r1", "<THINK>a</THINK>" + A, 0.0),
    ],
)
def test_table(template: str, completion: str, score: float):
    component = format_reward.score(Sample(completion), FormatParams(template=template))  # pyright: ignore
    assert component.score == score
    assert bool(component.evidence.get("problem")) == (score == 0.0)


@pytest.mark.parametrize(
    ("prompt", "prefilled", "score"),
    [("…<think>\n", None, 1.0), ("…", None, 0.0), ("…", True, 1.0), ("…<think>", False, 0.0)],
)
def test_a_thought_that_the_chat_template_opened(prompt: str, prefilled: bool | None, score: float):
    params = FormatParams(think_prefilled=prefilled)
    assert format_reward.score(Sample("a</think>" + A, prompt), params).score == score
