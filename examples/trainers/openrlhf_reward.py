"""OpenRLHF's own code for remote rewards, by the URL of the service and by a file with a reward function.

Run it where OpenRLHF is installed (`pip install --no-deps openrlhf` is enough) and a service is up. The rollout is made
up here in place of vLLM's; what is sent, tried again and read is OpenRLHF's.

    ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/openrlhf_reward.py
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from openrlhf.utils.agent import SingleTurnAgentExecutor
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

PROMPT = "What's 44 + 41 + 25?"
RIGHT = "<think>I add them up.</think><answer>110</answer>"
WRONG = "<think>I add them up.</think><answer>7</answer>"
FILE = """
from assay_client.openrlhf import reward
reward_func = reward("r1-zero", {url!r}, on_abstain=0.0, deadline_s={deadline})
"""


def characters() -> PreTrainedTokenizerFast:
    """A tokenizer with one token a character, so that no model is needed."""
    words = ["<pad>", "</s>", *(chr(code) for code in range(32, 127))]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<pad>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="</s>")


class Rollout:
    """In the place of vLLM: says what it is told to."""

    def __init__(self, tokens: list[int]) -> None:
        self._tokens = tokens

    async def generate(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(
            outputs=[SimpleNamespace(token_ids=self._tokens, finish_reason="stop", logprobs=None)],
            prompt_token_ids=None,
        )


async def rewards(executor: SingleTurnAgentExecutor, samples: list[tuple[str, str]]) -> list[Any]:
    """What OpenRLHF holds for the reward of each sample, all asked for at once as in training."""
    vocabulary = characters()

    async def one(text: str, label: str) -> Any:
        tokens = [*vocabulary(text, add_special_tokens=False)["input_ids"], vocabulary.eos_token_id]
        params = SimpleNamespace(logprobs=None, max_tokens=999)
        sample = await executor.execute(PROMPT, label, params, 4096, vocabulary, Rollout(tokens))
        return sample["reward"]

    return await asyncio.gather(*(one(text, label) for text, label in samples))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default=os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--deadline", type=float, default=60.0)
    arguments = parser.parse_args()
    samples = [(RIGHT, "110"), (WRONG, "110"), (RIGHT, "")] * arguments.copies
    by_url = SingleTurnAgentExecutor(f"{arguments.url}/get_reward?rubric=r1-zero&on_abstain=0")
    strict = SingleTurnAgentExecutor(f"{arguments.url}/get_reward?rubric=r1-zero")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "reward_func.py"
        file.write_text(FILE.format(url=arguments.url, deadline=arguments.deadline))
        by_file = SingleTurnAgentExecutor(str(file))
        found = {
            "url": asyncio.run(rewards(by_url, samples)),
            "strict": asyncio.run(rewards(strict, samples[:3])),
            "file": asyncio.run(rewards(by_file, samples)),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
