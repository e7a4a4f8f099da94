"""Completions to measure with: English chains of thought with some LaTeX, of a given size, all different."""

import random

_SENTENCES = (
    "First I write down what is given and what has to be found.",
    "The two numbers add up to {a}, so the second one is {a} minus {b}.",
    "Let me check this step again, because the sign could be wrong.",
    "Using the distributive law, ${a} \\cdot {b} = {c}$, which agrees with the estimate.",
    "Therefore the remaining part is $\\frac{{{a}}}{{{b}}}$ of the whole.",
    "If the train leaves {a} minutes later, it arrives {b} minutes earlier than planned.",
    "That means we can substitute \\(x = {a}\\) into the second equation.",
    "So far the total is {c}, and one more group has to be counted.",
    "Wait, the problem says that each box holds {b} items, not {a}.",
    "Adding everything together gives the value that the question asks for.",
)


def items(count: int, size: int, seed: int = 0, group: int = 16) -> list[dict]:
    """`count` items whose completions have about `size` characters; five of eight are right."""
    rng = random.Random(seed)
    made = []
    for n in range(count):
        answer = rng.randrange(10, 10_000)
        thought, length = [], 0
        while length < size - 80:
            a, b = rng.randrange(2, 100), rng.randrange(2, 100)
            thought.append(rng.choice(_SENTENCES).format(a=a, b=b, c=a * b))
            length += len(thought[-1]) + 1
        given = answer if rng.random() < 5 / 8 else answer + rng.randrange(1, 9)
        made.append(
            {
                "id": str(n),
                "group": str(n // group),
                "prompt": "How many items are in the boxes altogether?",
                "completion": f"<think>{' '.join(thought)}</think>\n<answer>$\\boxed{{{given}}}$</answer>",
                "reference": {"kind": "math", "answer": str(answer)},
            }
        )
    return made
