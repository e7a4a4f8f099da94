"""Client of the Assay reward service.

from assay_client import Client

with Client("http://127.0.0.1:8000") as client:
    scored = client.score([{"completion": "…", "reference": {"kind": "math", "answer": "110"}}], rubric="r1")
scored.rewards  # [1.0, None, …], None where the service abstained

Each trainer has a module of its own: assay_client.trl, .verl, .openrlhf, .slime, .swift, .verifiers, .areal,
.easy_r1, .oat; docs/trainers of the project has a page for each.
"""

from assay_client._client import AsyncClient, Client
from assay_client._errors import (
    Abstained,
    AssayError,
    InvalidRequest,
    JobFailed,
    ProtocolError,
    ServiceError,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from assay_client._models import Component, Group, Item, ItemError, Job, OnAbstain, Result, Rubric, Scored

__all__ = [
    "Abstained",
    "AssayError",
    "AsyncClient",
    "Client",
    "Component",
    "Group",
    "InvalidRequest",
    "Item",
    "ItemError",
    "Job",
    "JobFailed",
    "OnAbstain",
    "ProtocolError",
    "Result",
    "Rubric",
    "Scored",
    "ServiceError",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
]
