"""verifiers, and prime-rl, which runs its environments.

Read from verifiers 0.4.0 (verifiers/v1): a task's `@vf.reward` method is awaited; an exception is recorded on the trace
as the task's error, and prime-rl leaves such traces out of their group. So an abstention is raised.

    class Addition(vf.Task[...]):
        assay = assay_client.verifiers.scorer("r1", "http://assay:8000")

        @vf.reward
        async def correct(self, trace: vf.Trace) -> float:
            return await self.assay(trace.last_reply, self.data.answer, self.data.prompt)

Read from verifiers 0.1 (verifiers/rubrics/rubric.py): a `Rubric` takes an exception of a reward function for 0. There
`rubric` makes a subclass that scores a group in one request and records abstentions as errors of their states.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from assay_client._models import Result, Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, metadata, numbers

Scorer = Callable[..., Awaitable[float]]


def scorer(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    on_abstain: OnAbstain = "raise",
    **scoring: Any,
) -> Scorer:
    """An async function of completion, answer and prompt. Raises Abstained, and AssayError when the service is away.

    `scoring`: as of `assay_client.trl.reward`. Scorers awaited at the same time share requests.
    """
    checked_choice(on_abstain, "raise")
    made = Scoring(rubric, url, **scoring)

    class Scored:
        """A callable object, so that it may be an attribute of a task's class without becoming its method."""

        async def __call__(self, completion: Any, answer: Any, prompt: Any = "", source: str | None = None) -> float:
            result = await made.aone(made.item(completion, answer, prompt, source), source)
            return numbers([result], [""], on_abstain)[0]

    return Scored()


def rubric(
    base: Any,
    name: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    **scoring: Any,
) -> Any:
    """An instance of a subclass of `base`, `verifiers.Rubric` of 0.1, which scores by one of Assay's rubrics.

    A state whose item abstained gets the error and no reward of its own making: `reward` None, `error` set. Its group's
    baseline is the mean of the others.
    """
    made = Scoring(name, url, **scoring)

    def item(state: Any) -> dict[str, Any]:
        source = metadata(state.get("info")).get("data_source")
        return made.item(state["completion"], state.get("answer"), state["prompt"], source)

    class AssayRubric(base):  # pyright: ignore[reportUntypedBaseClass]
        """Scores rollouts by the service."""

        async def score_rollout(self, state: Any, *_: Any, **__: Any) -> None:
            await self.score_group([state])

        async def score_group(self, states: Any, *_: Any, **__: Any) -> None:
            sources = [metadata(state.get("info")).get("data_source") for state in states]
            results = await made.ascore([item(state) for state in states], sources)
            known = [result.reward for result in results if result.reward is not None]
            mean = sum(known) / len(known) if known else 0.0
            for state, result in zip(states, results, strict=True):
                _record(state, result, mean)

    return AssayRubric()


def _record(state: Any, result: Result, mean: float) -> None:
    state["reward"] = result.reward
    state["metrics"] = {name: component.score for name, component in result.components.items()}
    if result.reward is None:
        state["error"] = f"assay: {result.error.kind}: {result.error.detail}" if result.error else "assay: abstained"
    advantage = 0.0 if result.reward is None else result.reward - mean
    state["advantage"] = advantage
    for step in state.get("trajectory") or ():
        step["advantage"] = advantage if step.get("advantage") is None else step["advantage"]
        step["reward"] = result.reward if step.get("reward") is None else step["reward"]
