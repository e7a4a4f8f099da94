"""For AReaL: `RLVRWorkflow(reward_fn=areal_reward.reward_fn, …)`, with ASSAY_URL set."""

from assay_client.areal import reward

reward_fn = reward("r1-zero")
