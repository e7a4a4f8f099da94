"""For ms-swift: `--external_plugins swift_plugin.py --reward_funcs assay`, with ASSAY_URL set."""

from assay_client.swift import async_orm
from swift.rewards import orms

orms["assay"] = async_orm("r1-zero")
