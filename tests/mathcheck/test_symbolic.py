"""The last rung: asked only where the policy allows it, never imported otherwise, never given text."""

import subprocess
import sys

import pytest

from app.mathcheck import Policy, check_answer

pytest.importorskip("sympy")
SYMBOLIC = Policy(symbolic=True)
PAIRS = [
    ("\\int_0^{\\infty} e^{-x^2}\\,dx", "\\frac{\\sqrt{\\pi}}{2}", "\\sqrt{\\pi}"),
    ("\\lim_{x\\to\\infty} x^{1/x}", "1", "0"),
    ("\\lim_{x\\to\\infty}\\frac{\\ln x}{x}", "0", "1"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("answer", "right", "wrong"), PAIRS)
def test_sympy_decides_what_is_left_open_where_it_is_allowed(answer, right, wrong):
    assert check_answer(answer, right).score is None
    assert check_answer(answer, right, SYMBOLIC).score == 1.0
    assert check_answer(answer, wrong, SYMBOLIC).score == 0.0


def test_sympy_is_not_imported_unless_it_is_asked():
    program = (
        "import sys; from app.mathcheck import check_answer; "
        "check_answer('\\\\lim_{x\\\\to\\\\infty} x^{1/x}', '1'); sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
