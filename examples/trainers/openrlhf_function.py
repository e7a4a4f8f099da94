"""For OpenRLHF: `--reward.remote_url /path/to/openrlhf_function.py`, with ASSAY_URL set."""

from assay_client.openrlhf import reward

reward_func = reward("r1-zero", on_abstain=0.0)
