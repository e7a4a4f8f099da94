"""Client of the Assay reward service.

from assay_client import Client

with Client("http://127.0.0.1:8000") as client:
    scored = client.score([{"completion": "…", "reference": {"kind": "math", "answer": "110"}}], rubric="r1")
scored.rewards  # [1.0, None, …], None where the service abstained
"""

from assay_client._client import AsyncClient, Client
from assay_client._errors import AssayError, ServiceError, Unreachable
from assay_client._models import Component, Group, ItemError, Result, Scored

__all__ = [
    "AssayError",
    "AsyncClient",
    "Client",
    "Component",
    "Group",
    "ItemError",
    "Result",
    "Scored",
    "ServiceError",
    "Unreachable",
]
