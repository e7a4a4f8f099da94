"""Mathcheck against sympy and Math-Verify on generated pairs; the long run is benchmarks/math_differential.py."""

import pytest

from app.mathcheck import check_answer
from benchmarks.math_differential import PEERS, pairs

KNOWN = {
    "math-verify": {
        "base", "base near miss", "complex product", "digit after thirty places", "inequality as interval",
        "pi near miss", "small exponentials", "tiny fractions", "unit converted", "units",
    },
    "sympy": set(),
}  # fmt: skip
"""Classes in which the peer is wrong, looked at one by one: docs/mathcheck.md."""


def test_every_generated_pair_is_decided_as_it_was_made():
    wrong = [pair for pair in pairs(3_000, seed=11) if check_answer(pair.left, pair.right).score != float(pair.equal)]
    assert wrong == []


@pytest.mark.parametrize(("peer", "package", "count"), [("sympy", "sympy", 75), ("math-verify", "math_verify", 75)])
def test_a_peer_differs_only_in_the_classes_that_were_looked_at(peer, package, count):
    pytest.importorskip(package, reason=f"{package} comes with pip install -e '.[bench]'")
    for pair in pairs(count, seed=12):
        theirs = PEERS[peer](pair)
        assert theirs is None or theirs is pair.equal or pair.kind in KNOWN[peer], pair
