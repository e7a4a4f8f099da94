"""Which workers live: each says so every second, and is forgotten a few seconds after it stops."""

from app.queue.connection import Server
from app.queue.keys import Keys

_ALIVE_MS = 5000


class Presence:
    """One worker's word that it lives."""

    def __init__(self, server: Server, keys: Keys, name: str) -> None:
        self._server = server
        self._keys = keys
        self._name = name

    async def say(self, about: str) -> None:
        await self._server.announce(self._keys.workers, self._name, self._keys.worker(self._name), about, _ALIVE_MS)

    async def leave(self) -> None:
        await self._server.withdraw(self._keys.workers, self._name, self._keys.worker(self._name))


async def live_workers(server: Server, keys: Keys) -> int:
    """Number of workers that said within the last seconds that they live."""
    ids = await server.members(keys.workers)
    values = await server.values([keys.worker(id_) for id_ in ids])
    await server.forget_members(keys.workers, [id_ for id_, value in zip(ids, values, strict=True) if value is None])
    return sum(value is not None for value in values)
