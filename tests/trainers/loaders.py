"""Scores in the workers of torch's DataLoader: python loaders.py URL. Prints, by the way that workers are started, the
rewards in order and how many processes scored.
"""

import json
import os
import sys

from assay_client import Client
from torch.utils.data import DataLoader, Dataset

ACCURACY = {"name": "accuracy", "components": {"accuracy": {"reward": "accuracy"}}}
_ITEMS = 16


def item(answer: int) -> dict:
    return {"completion": f"<answer>{answer}</answer>", "reference": {"kind": "math", "answer": "3"}}


class Scored(Dataset):
    """Each sample with its reward, scored where it is loaded."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __len__(self) -> int:
        return _ITEMS

    def __getitem__(self, index: int) -> tuple[float, float, int]:
        batch = self.client.score([item(index), item(3)], ACCURACY).rewards
        return self.client.score_one(item(index), ACCURACY).reward, sum(batch), os.getpid()


def main(url: str) -> None:
    found = {}
    with Client(url, deadline_s=30) as client:
        for method in ("fork", "spawn"):
            # The parent's connections are open each time that workers start.
            client.score([item(1)], ACCURACY)
            loader = DataLoader(Scored(client), batch_size=4, num_workers=2, multiprocessing_context=method)
            singles, sums, pids = zip(*loader, strict=True)
            processes = {pid for batch in pids for pid in batch.tolist()}
            assert os.getpid() not in processes
            flat = [[value for batch in column for value in batch.tolist()] for column in (singles, sums)]
            found[method] = [*flat, len(processes)]
        assert client.score([item(3)], ACCURACY).rewards == [1.0], "and the parent goes on"
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
