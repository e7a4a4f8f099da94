"""How a test ended: the closed set of a programming judge, and `error` for the sandbox's own failures."""

from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of one test, or of a whole job (its first failing test's)."""

    AC = "AC"
    """Accepted: the program's answer is the expected one."""
    WA = "WA"
    """Wrong answer."""
    PE = "PE"
    """Presentation error: the right words with the wrong white space, where white space counts."""
    TLE = "TLE"
    """The program ran past its CPU or wall time."""
    MLE = "MLE"
    """The program and its children used more memory than they may."""
    OLE = "OLE"
    """The program wrote more than it may."""
    RE = "RE"
    """The program crashed, exited with a status other than 0, or left before its tests were done."""
    CE = "CE"
    """The program does not compile."""
    ERROR = "error"
    """The sandbox failed, or the job can't be read: says nothing of the program."""

    @property
    def is_verdict(self) -> bool:
        """Whether it says something of the program."""
        return self is not Verdict.ERROR
