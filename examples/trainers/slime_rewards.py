"""For slime: `--custom-rm-path slime_rewards.reward`, with this folder on PYTHONPATH and ASSAY_URL set."""

from assay_client.slime import make

reward = make("r1-zero", on_abstain="mean")
