"""A reward of one's own: how far a completion keeps below a number of words."""

from pydantic import Field

from app.rewards.base import Component, Params, Sample, reward


class BrevityParams(Params):
    """Parameters of `brevity`."""

    words: int = Field(200, ge=1)
    """From so many words on the score is 0."""


@reward("brevity", version=1, params=BrevityParams)
def brevity(sample: Sample, params: BrevityParams) -> Component:
    """1 for an empty completion, down to 0 for one of `words` words. Range: [0, 1]."""
    words = len(sample.completion.split())
    return Component(max(0.0, 1.0 - words / params.words), evidence={"words": words})
