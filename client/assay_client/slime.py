"""slime: a custom reward function, `--custom-rm-path my_rewards.reward`.

Read from slime at 2026-08-21 (slime/rollout/rm_hub): the function is awaited with one sample, or with a list of them in
batch mode, and returns a number each; an exception ends the rollout.

my_rewards.py:

    from assay_client.slime import make
    reward = make("r1", "http://assay:8000")

Without a file: `--rm-type remote_rm --rm-url http://assay:8000/compat/slime?rubric=r1`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, groups_of, metadata, numbers
from assay_client.texts import without_special


def make(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    on_abstain: OnAbstain = "raise",
    **scoring: Any,
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A reward function for one sample or a list. `scoring`: as of `assay_client.trl.reward`; the source of a sample is
    its `metadata["data_source"]`.
    """
    checked_choice(on_abstain, "raise", "mean")
    made = Scoring(rubric, url, **scoring)

    def item(sample: Any) -> dict[str, Any]:
        return made.item(without_special(sample.response), sample.label, sample.prompt, _source(sample))

    async def reward(args: Any, sample: Any, **_: Any) -> Any:
        if isinstance(sample, list):
            samples = cast("list[Any]", sample)
            groups = groups_of([one.prompt for one in samples])
            items = [{**item(one), "group": group} for one, group in zip(samples, groups, strict=True)]
            results = await made.ascore(items, [_source(one) for one in samples])
            return numbers(results, groups, on_abstain)
        result = await made.aone(item(sample), _source(sample))
        return numbers([result], [""], on_abstain)[0]

    return reward


def _source(sample: Any) -> str | None:
    source = metadata(getattr(sample, "metadata", None)).get("data_source")
    return str(source) if source is not None else None
