"""What an engine is: records in, the component scores of each out, in order."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from app.offline.chunk import Chunk
from app.offline.records import Record, Scores
from app.offline.rows import Done


class Plan(Struct, frozen=True):
    """All that makes rows of the output of rows of the input, as data."""

    rubric: dict[str, Any]
    """A RubricSpec without group components."""
    layout: str
    """Its name."""
    paths: dict[str, Any]
    """Its specification."""
    text: bool
    """Whether rows have the prompt, completion and reference."""
    evidence: bool
    """Whether rows have the components' evidence."""


class EngineError(RuntimeError):
    """The engine can't go on; what was written so far stays, and the same command resumes it."""


class Engine(ABC):
    """A context manager; `score` may be called several times at once."""

    chunk: int = 256
    """Rows of a chunk."""
    chunk_bytes: int = 1 << 20
    """Of a chunk as it stands in the file: what is under way stays within some MB however long the rows are."""
    in_flight: int = 4
    """Calls of `score` at once that keep it busy."""

    @abstractmethod
    async def score(self, records: Sequence[Record]) -> list[Scores]:
        """Scores of each record; an abstention is a score too. Raises EngineError."""

    async def finish(self, plan: Plan, chunk: Chunk) -> Done | None:
        """Rows of the output right from rows of the input. None: decode them, and call `score`."""
        return None

    async def start(self) -> None:  # noqa: B027 - an engine may need nothing
        """Have it ready. Raises EngineError."""

    async def close(self) -> None:  # noqa: B027
        """Give back what it holds."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:  # an interrupt too: what has started must end
            await self.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):  # noqa: ANN204
        await self.close()
