"""For oat: an oracle that has the references, in the place of its RemoteRMOracle, with ASSAY_URL set."""

from assay_client.oat import Oracle

oracle = Oracle("r1-zero")
