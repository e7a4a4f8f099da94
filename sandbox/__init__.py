"""Runs untrusted programs, and judges them by tests. Knows nothing of HTTP, Redis or rewards.

with Sandbox() as sandbox:
    report = sandbox.judge({"language": "python", "mode": "function", "entry_point": "add",
                            "code": "def add(a, b): return a + b",
                            "tests": [{"args": [1, 2], "expected": 3}]})
    score(report, "all")
"""

from sandbox.backends.base import Backend, Config
from sandbox.diagnosis import Row, doctor
from sandbox.errors import BadJob, SandboxError, SandboxFault, SandboxUnavailable, UnknownLanguage
from sandbox.execution import Execution
from sandbox.extract import extract
from sandbox.job import Job, read_job
from sandbox.judge import Sandbox
from sandbox.limits import Limits, read_limits
from sandbox.program import Program
from sandbox.report import POLICIES, Report, TestResult, score
from sandbox.verdict import Verdict

__all__ = [
    "POLICIES",
    "Backend",
    "BadJob",
    "Config",
    "Execution",
    "Job",
    "Limits",
    "Program",
    "Report",
    "Row",
    "Sandbox",
    "SandboxError",
    "SandboxFault",
    "SandboxUnavailable",
    "TestResult",
    "UnknownLanguage",
    "Verdict",
    "doctor",
    "extract",
    "read_job",
    "read_limits",
    "score",
]
