"""Runs untrusted programs. Knows nothing of HTTP, Redis or rewards."""
