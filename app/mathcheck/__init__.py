"""Is this answer the same mathematical object as the reference? Exact, pure, thread-safe."""

from app.mathcheck.check import check, check_answer
from app.mathcheck.extract import Extraction, NoAnswer, extract
from app.mathcheck.policy import DEFAULT_POLICY, Policy
from app.mathcheck.verdict import Verdict

__all__ = ["DEFAULT_POLICY", "Extraction", "NoAnswer", "Policy", "Verdict", "check", "check_answer", "extract"]
