"""For EasyR1: `worker.reward.reward_function=/path/to/easy_r1_reward.py:compute_score`, with ASSAY_URL set."""

from assay_client.easy_r1 import make

REWARD_NAME, REWARD_TYPE = "assay", "batch"
compute_score = make("easy-r1")
