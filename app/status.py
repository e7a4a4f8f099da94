"""How a component of a reward ended. Fault decides.

The model's fault is a *verdict*: the score is a number, 0 where nothing better is known.
Our fault, or the data's, is an *abstention*: the score is `null`, and the item is left out of its group's statistics.
"""

from enum import StrEnum


class Fault(StrEnum):
    """Whose doing a status is."""

    NONE = "none"
    MODEL = "model"
    DATA = "data"
    SERVICE = "service"


class Status(StrEnum):
    """Closed set of outcomes of a component; `FAULT` tells whose doing each one is."""

    OK = "ok"
    """The score says how good the completion is, right or wrong."""

    NO_ANSWER = "no_answer"
    """The completion holds no answer, or several that compete."""
    UNPARSABLE = "unparsable"
    """The completion's answer can't be read."""
    TOO_COMPLEX = "too_complex"
    """The completion's answer is needlessly monstrous beside the reference."""
    CPU_EXCEEDED = "cpu_exceeded"
    """Judging the completion used up the CPU budget of an item."""
    COMPILE_ERROR = "compile_error"
    """The completion's program does not compile."""
    RUNTIME_ERROR = "runtime_error"
    """The completion's program crashed or exited with an error."""
    TIME_LIMIT = "time_limit"
    """The completion's program ran past its time limit."""
    MEMORY_LIMIT = "memory_limit"
    """The completion's program used more memory than it may."""
    OUTPUT_LIMIT = "output_limit"
    """The completion's program wrote more than it may."""

    BAD_REFERENCE = "bad_reference"
    """The reference is missing, of a kind the reward can't use, or can't be read."""
    UNDECIDED = "undecided"
    """Neither equality nor difference could be shown within the bounds."""

    TIMEOUT = "timeout"
    """The deadline passed, or wall time ran out with little CPU time spent: the service was too slow."""
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    """No sandbox of sufficient isolation works on the worker."""
    JUDGE_UNREADABLE = "judge_unreadable"
    """The judge model's reply can't be read as a verdict."""
    ERROR = "error"
    """The reward itself failed."""

    @property
    def fault(self) -> Fault:
        return FAULT[self]

    @property
    def abstains(self) -> bool:
        """Whether a component of this status has no score."""
        return self in _ABSTAINING


FAULT: dict[Status, Fault] = {
    Status.OK: Fault.NONE,
    Status.NO_ANSWER: Fault.MODEL,
    Status.UNPARSABLE: Fault.MODEL,
    Status.TOO_COMPLEX: Fault.MODEL,
    Status.CPU_EXCEEDED: Fault.MODEL,
    Status.COMPILE_ERROR: Fault.MODEL,
    Status.RUNTIME_ERROR: Fault.MODEL,
    Status.TIME_LIMIT: Fault.MODEL,
    Status.MEMORY_LIMIT: Fault.MODEL,
    Status.OUTPUT_LIMIT: Fault.MODEL,
    Status.BAD_REFERENCE: Fault.DATA,
    Status.UNDECIDED: Fault.SERVICE,
    Status.TIMEOUT: Fault.SERVICE,
    Status.SANDBOX_UNAVAILABLE: Fault.SERVICE,
    Status.JUDGE_UNREADABLE: Fault.SERVICE,
    Status.ERROR: Fault.SERVICE,
}
_ABSTAINING = frozenset(status for status, fault in FAULT.items() if fault in (Fault.DATA, Fault.SERVICE))
