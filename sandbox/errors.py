"""What can go wrong that is not the program's doing.

SandboxError
├── SandboxUnavailable   no jail of the asked isolation can be had here; nothing was run
├── SandboxFault         the sandbox broke during a run; the run says nothing of the program
├── UnknownLanguage      no such language in the table, or its tools are not installed
└── BadJob               the job's own fields can't be read
"""


class SandboxError(Exception):
    """Root of this package's errors."""


class SandboxUnavailable(SandboxError):
    """No jail can be had. The message says which backend, and what the kernel or the tool answered."""


class SandboxFault(SandboxError):
    """A run was lost: the jail's supervisor died or broke its protocol."""


class UnknownLanguage(SandboxError):
    """The language is not in the table or not installed. The message names it and what would be needed."""


class BadJob(SandboxError):
    """A job that can't be read. The message names the field."""
