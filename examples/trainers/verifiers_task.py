"""A task of verifiers 0.4, which prime-rl trains on too: its reward is one of Assay's rubrics.

ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/verifiers_task.py
"""

import argparse
import asyncio
import json
import os
from types import SimpleNamespace
from typing import Any

import verifiers.v1 as vf
from assay_client.verifiers import scorer


class Sum(vf.TaskData):
    """A question and its answer."""

    answer: str | None = None


class Addition(vf.Task[Sum]):
    """Scored by Assay; an abstention is an error of the task, and its trace leaves the group."""

    assay = scorer("r1-zero", os.environ.get("ASSAY_URL"), deadline_s=float(os.environ.get("ASSAY_DEADLINE", "60")))

    @vf.reward
    async def correct(self, trace: vf.Trace) -> float:
        return await self.assay(trace.last_reply, self.data.answer, self.data.prompt)


class Replied(SimpleNamespace):
    """A trace's part in scoring, without the rollout that would have made it."""

    def record_reward(self, name: str, value: float, weight: float = 1.0) -> None:
        self.rewards[name] = value

    def record_metric(self, name: str, value: float) -> None:
        self.metrics[name] = value


async def score(answer: str | None, reply: str) -> Any:
    task = Addition(Sum(idx=0, prompt="What's 44 + 41 + 25?", answer=answer))
    trace = Replied(last_reply=reply, rewards={}, metrics={})
    try:
        await task.score(trace)
    except vf.TaskError as error:
        return f"{type(error).__name__}: {error}"
    return trace.rewards["correct"]


async def main() -> list[Any]:
    right, wrong = (f"<think>I add them up.</think><answer>{n}</answer>" for n in (110, 7))
    return await asyncio.gather(score("110", right), score("110", wrong), score(None, right))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(json.dumps(asyncio.run(main())))
