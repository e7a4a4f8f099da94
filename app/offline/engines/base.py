"""What an engine is: records in, the component scores of each out, in order."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from app.offline.records import Record
from app.queue.codec import ComponentScore

Scores = list[ComponentScore]
"""One record's scores, in the order of the rubric's `components`."""


class EngineError(RuntimeError):
    """The engine can't go on; what was written so far stays, and the same command resumes it."""


class Engine(ABC):
    """A context manager; `score` may be called several times at once."""

    chunk: int = 256
    """Records of a call."""
    in_flight: int = 4
    """Calls of `score` at once that keep it busy."""

    @abstractmethod
    async def score(self, records: Sequence[Record]) -> list[Scores]:
        """Scores of each record; an abstention is a score too. Raises EngineError."""

    async def start(self) -> None:  # noqa: B027 - an engine may need nothing
        """Have it ready. Raises EngineError."""

    async def close(self) -> None:  # noqa: B027
        """Give back what it holds."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):  # noqa: ANN204
        await self.close()
