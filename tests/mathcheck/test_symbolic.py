"""The last rung: asked only where the policy allows it, never imported otherwise, never given text."""

import os
import subprocess
import sys

import pytest

from app.mathcheck import Policy, check_answer
from app.mathcheck.bounded import Bounded
from app.mathcheck.readings import readings

pytest.importorskip("sympy")
SYMBOLIC = Policy(symbolic=True)
PAIRS = [
    ("\\int_0^{\\infty} e^{-x^2}\\,dx", "\\frac{\\sqrt{\\pi}}{2}", "\\sqrt{\\pi}"),
    ("\\lim_{x\\to\\infty} x^{1/x}", "1", "0"),
    ("\\lim_{x\\to\\infty}\\frac{\\ln x}{x}", "0", "1"),
]


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


def test_a_question_past_its_budget_is_undecided_and_its_process_killed():
    sympy = Bounded(budget_s=0.0)
    (a,), (b,) = readings(PAIRS[0][0]), readings(PAIRS[0][1])
    assert sympy(a, b).equal is None
    assert sympy._process is None  # pyright: ignore[reportPrivateUsage]
    sympy.budget_s = 60.0
    assert sympy(a, b).equal is True
    sympy.close()


def test_after_a_crash_and_in_a_fork_another_process_is_asked():
    sympy = Bounded(budget_s=60.0)
    (a,), (b,) = readings(PAIRS[0][0]), readings(PAIRS[0][1])
    assert sympy(a, b).equal is True
    first = sympy._process  # pyright: ignore[reportPrivateUsage]
    assert first is not None
    first.kill()
    first.wait()
    assert sympy(a, b).equal is True
    child = os.fork()
    if not child:
        right = sympy(a, b).equal is True
        sympy.close()
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sympy(a, b).equal is True
    sympy.close()
