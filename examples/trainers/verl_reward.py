"""verl's own sandbox client against `/run_code`, and Assay's reward function loaded as verl loads one.

Run it where verl is installed (`pip install --no-deps verl`, and what its imports need) and a service is up.

    ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/verl_reward.py
"""

import argparse
import asyncio
import json
import os

from verl.utils.import_utils import load_extern_object
from verl.utils.reward_score.sandbox_fusion import compute_score

RIGHT = "<think>I add them up.</think><answer>110</answer>"
WRONG = "<think>I add them up.</think><answer>7</answer>"
PROGRAM = "It reads a number.\n```python\nprint(int(input()) + 1)\n```"
HANGING = "```python\nwhile True: pass\n```"
TESTS = {"inputs": ["1\n", "41\n"], "outputs": ["2\n", "42\n"]}
HALF = {"inputs": ["1\n", "41\n"], "outputs": ["2\n", "43\n"]}
CALL = {"inputs": ["1\n2"], "outputs": ["3"], "fn_name": "add"}


def sandbox(url: str) -> dict[str, float]:
    """Scores by verl's client: it sends a program for each test, and compares outputs itself."""

    def score(completion: str, tests: dict[str, object], timeout: int = 5) -> float:
        return compute_score(f"{url}/run_code", None, 512, completion, tests, continuous=True, timeout=timeout)[0]

    return {
        "right": score(PROGRAM, TESTS),
        "half": score(PROGRAM, HALF),
        "function": score("```python\ndef add(a, b):\n    return a + b\n```", CALL),
        "crash": score("```python\nraise SystemExit(3)\n```", TESTS),
        "hanging": score(HANGING, TESTS, 1),
    }


def function(url: str, deadline: float) -> list[dict[str, float]]:
    """`custom_reward_function.path=pkg://assay_client.verl`, `name=compute_score`, as in verl's configuration."""
    score = load_extern_object(module_path="pkg://assay_client.verl", object_name="compute_score")
    more = {"url": url, "on_abstain": 0.0, "deadline_s": deadline}
    samples = [(RIGHT, "110"), (WRONG, "110"), (RIGHT, None)]

    async def all_at_once() -> list[dict[str, float]]:
        return await asyncio.gather(
            *(
                score(data_source="openai/gsm8k", solution_str=s, ground_truth=t, extra_info={}, **more)
                for s, t in samples
            )
        )

    return asyncio.run(all_at_once())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default=os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--deadline", type=float, default=60.0)
    arguments = parser.parse_args()
    found = {"function": function(arguments.url, arguments.deadline), "sandbox": sandbox(arguments.url)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
