"""Decides whether an answer is the same mathematical object as the reference, and says how it knows."""

from app.mathcheck.check import check, check_answer
from app.mathcheck.extract import extract
from app.mathcheck.policy import DEFAULT_POLICY, Policy
from app.mathcheck.verdict import Extraction, NoAnswer, Verdict

__all__ = ["DEFAULT_POLICY", "Extraction", "NoAnswer", "Policy", "Verdict", "check", "check_answer", "extract"]
