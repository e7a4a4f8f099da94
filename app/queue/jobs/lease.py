"""Which API process keeps a job: one at a time, for as long as it says so."""

import uuid

from app.queue.connection import Server
from app.queue.jobs import scripts
from app.queue.keys import Keys

LEASE_MS = 5000
"""After so long without a word, another process goes on with the job."""


class Lost(Exception):
    """Another process keeps the job now, or it is not as this one last saw it: begin again."""


class Lease:
    """The right to change one job."""

    def __init__(self, server: Server, keys: Keys, job: str) -> None:
        self.key = keys.job(job, "lease")
        self.token = uuid.uuid4().hex
        self._server = server

    async def take(self) -> bool:
        """Whether nobody else has it."""
        [taken] = await self._server.execute([("SET", self.key, self.token, "NX", "PX", LEASE_MS)])
        return bool(taken)

    async def renew(self) -> None:
        """Raises Lost."""
        if await self._server.script(scripts.RENEW, [self.key], [self.token, LEASE_MS]) != b"ok":
            raise Lost

    async def release(self) -> None:
        await self._server.script(scripts.RELEASE, [self.key], [self.token])
