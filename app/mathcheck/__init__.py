"""Decides whether an answer is the same mathematical object as the reference, and says how it knows."""

from app.mathcheck.check import check, check_answer
from app.mathcheck.explain import explain
from app.mathcheck.extract import extract
from app.mathcheck.policy import DEFAULT_POLICY, Policy, PolicyError, read_policy
from app.mathcheck.verdict import Extraction, NoAnswer, Verdict

__all__ = [
    "DEFAULT_POLICY",
    "Extraction",
    "NoAnswer",
    "Policy",
    "PolicyError",
    "Verdict",
    "check",
    "check_answer",
    "explain",
    "extract",
    "read_policy",
]
