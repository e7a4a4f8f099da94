"""One's own training loop: a batch of groups in, advantages out; httpx is all that it needs.

ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/own_loop.py
"""

import argparse

from assay_client import Client


def advantages(client: Client, prompt: str, answer: str, completions: list[str]) -> list[float]:
    """GRPO's advantages of one group; a completion that could not be judged has none, and moves no other's."""
    items = [
        {"group": "0", "prompt": prompt, "completion": completion, "reference": {"kind": "math", "answer": answer}}
        for completion in completions
    ]
    scored = client.score(items, "r1", deadline_s=600)
    [group] = scored.groups
    if group.mean is None or group.zero_variance or not group.std:
        return [0.0] * len(completions)
    return [0.0 if reward is None else (reward - group.mean) / group.std for reward in scored.rewards]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="else ASSAY_URL")
    arguments = parser.parse_args()
    completions = [f"<think>I add the numbers up.</think><answer>{n}</answer>" for n in (110, 110, 7, 111)]
    with Client(arguments.url) as client:
        found = advantages(client, "What's 44 + 41 + 25?", "110", completions)
    print(" ".join(f"{value:+.3f}" for value in found))


if __name__ == "__main__":
    main()
