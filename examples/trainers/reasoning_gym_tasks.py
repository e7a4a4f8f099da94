"""Tasks that reasoning-gym makes, scored by Assay, beside its own scores.

ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/reasoning_gym_tasks.py
"""

import argparse
import json
import os

import reasoning_gym
from assay_client import Client

FAMILIES = ("chain_sum", "gcd", "lcm", "prime_factorization", "fraction_simplification", "basic_arithmetic")
"""Families whose answer is one mathematical object, for references of kind `math`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("ASSAY_URL"))
    parser.add_argument("--size", type=int, default=20)
    arguments = parser.parse_args()
    items, theirs = [], []
    for family in FAMILIES:
        data = reasoning_gym.create_dataset(family, size=arguments.size, seed=7)
        entries = list(data)
        for entry, other in zip(entries, entries[1:] + entries[:1], strict=True):
            for answer in (str(entry["answer"]), str(other["answer"])):
                completion = f"<think>I work it out.</think><answer>{answer}</answer>"
                reference = {"kind": "math", "answer": str(entry["answer"])}
                items.append({"prompt": entry["question"], "completion": completion, "reference": reference})
                theirs.append((family, data.score_answer(answer, entry) == 1.0))
    with Client(arguments.url) as client:
        results = client.score(items, "r1-zero").results
    differing = [
        {"family": family, "item": item["completion"], "reference": item["reference"]["answer"], "theirs": right}
        for (family, right), item, result in zip(theirs, items, results, strict=True)
        if (result.components["accuracy"].score == 1.0) != right
    ]
    right = sum(right for _, right in theirs)
    print(json.dumps({"items": len(items), "right": right, "differing": differing}))


if __name__ == "__main__":
    main()
