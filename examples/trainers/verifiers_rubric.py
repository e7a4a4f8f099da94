"""verifiers 0.1's Rubric: a group of rollouts scored in one request.

ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/verifiers_rubric.py
"""

import argparse
import asyncio
import json
import os
from typing import Any

import verifiers as vf
from assay_client.verifiers import rubric


async def main() -> list[dict[str, Any]]:
    made = rubric(vf.Rubric, "r1-zero", os.environ.get("ASSAY_URL"), deadline_s=60)
    states: list[dict[str, Any]] = [
        {
            "prompt": [{"role": "user", "content": "What's 44 + 41 + 25?"}],
            "completion": [{"role": "assistant", "content": f"<think>I add them up.</think><answer>{n}</answer>"}],
            "answer": answer,
            "trajectory": [{"advantage": None, "reward": None}],
        }
        for n, answer in ((110, "110"), (7, "110"), (110, ""))
    ]
    assert isinstance(made, vf.Rubric)
    await made.score_group(states)
    return [{name: state.get(name) for name in ("reward", "advantage", "metrics", "error")} for state in states]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(json.dumps(asyncio.run(main())))
