"""TRL's GRPOTrainer on a CPU: a tiny model that knows nothing learns to write the tags and to add digits.

Needs a running service (`make serve`), `pip install trl` and torch. The model and the tokenizer are made here: no hub.

    ASSAY_URL=http://127.0.0.1:8000 python examples/trainers/trl_grpo.py --steps 60
"""

import argparse
import random
import statistics
import tempfile

import assay_client.trl
import torch
from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, PrinterCallback
from trl import GRPOConfig, GRPOTrainer

TAGS = ["<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"]
RUBRIC = {
    "name": "tags-and-sum",
    "components": {
        "tags": {"reward": "format/tag-count"},
        "accuracy": {"reward": "accuracy"},
    },
}


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a character, and one a tag."""
    words = ["<pad>", "<eos>", "<unk>", *TAGS, *"0123456789+="]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", padding_side="left"
    )


def model(vocabulary: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
        pad_token_id=vocabulary.pad_token_id,
        eos_token_id=vocabulary.eos_token_id,
        bos_token_id=None,
    )
    return LlamaForCausalLM(shape)


def sums(count: int) -> Dataset:
    pairs = [(random.randint(0, 4), random.randint(0, 4)) for _ in range(count)]
    return Dataset.from_list([{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a, b in pairs])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--url", help="else ASSAY_URL")
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds that an outage is waited out")
    arguments = parser.parse_args()
    random.seed(0)
    torch.set_num_threads(1)  # The matrices are tiny.
    vocabulary = tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=model(vocabulary),
            processing_class=vocabulary,
            train_dataset=sums(256),
            reward_funcs=[assay_client.trl.reward(RUBRIC, arguments.url, deadline_s=arguments.deadline)],
            args=GRPOConfig(
                output_dir=folder,
                max_steps=arguments.steps,
                per_device_train_batch_size=128,
                num_generations=16,
                max_completion_length=6,
                learning_rate=2e-2,
                lr_scheduler_type="constant",
                beta=0.0,
                logging_steps=1,
                report_to=[],
                save_strategy="no",
                use_cpu=True,
                bf16=False,
                disable_tqdm=True,
                seed=0,
            ),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    rows = [row for row in trainer.state.log_history if "reward" in row]
    rewards = [row["reward"] for row in rows]
    quarter = max(1, len(rewards) // 4)
    first, last = statistics.fmean(rewards[:quarter]), statistics.fmean(rewards[-quarter:])
    names = sorted(name for name in rows[-1] if name.startswith("assay/"))
    print("components", {name: round(rows[-1][name], 3) for name in names})
    print(f"steps {len(rewards)} first {first:.3f} last {last:.3f}")


if __name__ == "__main__":
    main()
