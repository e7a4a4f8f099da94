"""References of kind `puzzle`, with the real reasoning-gym where it is installed."""

from pathlib import Path
from typing import Any

import pytest

from app.rewards import registry
from app.rewards.base import Component, Sample

gym: Any = pytest.importorskip("reasoning_gym", reason="reasoning-gym is not installed: pip install assay[puzzle]")

FAMILIES = """
base_conversion basic_arithmetic caesar_cipher chain_sum circuit_logic complex_arithmetic countdown course_schedule
decimal_arithmetic family_relationships fraction_simplification futoshiki game_of_life gcd jugs knights_knaves lcm
leg_counting letter_counting maze mini_sudoku n_queens number_sequence number_sorting palindrome_generation
polynomial_equations prime_factorization products self_reference shortest_path simple_equations simple_integration
sokoban sudoku syllogism tower_of_hanoi word_sorting zebra_puzzles
""".split()  # noqa: SIM905
HOSTILE = (
    "zzz", "", "[[[", "9" * 500, "\x00", "(1,)", "{}", "a\nb", "--", "1/0", "nan", "(nan+0j)", "-inf", "1e999",
    "×", "[]", "None", "0" * 20_000, "9**9**9**9", "🙂", "'; DROP",
)  # fmt: skip
PROGRAMS = (
    "open({path!r}, 'w').write('x')",
    "[open({path!r}, 'w')]",
    "S('open({path})')",
    "().__class__.__base__.__subclasses__()",
    "eval(chr(49))",
    "[print][0](1)",
)


def score(family: str, entry: dict[str, Any], answer: str) -> Component:
    reward = registry.get("accuracy")
    sample = Sample(f"<answer>{answer}</answer>", "", {"kind": "puzzle", "dataset": family, "entry": entry})
    return reward.score(sample, reward.params())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_pays_right_answers_and_survives_any_other(family: str):
    entry = gym.create_dataset(family, size=1, seed=7)[0]
    assert score(family, entry, entry["answer"]).score == 1.0
    for answer in HOSTILE:
        wrong = score(family, entry, answer)
        assert wrong.score is not None
        assert 0.0 <= wrong.score < 1.0, (answer, wrong)


@pytest.mark.parametrize("family", ["countdown", "simple_integration", "puzzle24", "n_queens", "binary_matrix"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_that_is_a_program_is_never_run(family: str, program: str, tmp_path: Path):
    entry = gym.create_dataset(family, size=1, seed=7)[0]
    target = tmp_path / "written"
    found = score(family, entry, program.format(path=str(target)))
    assert (found.score, found.status) == (0.0, "unparsable")
    assert not target.exists()


def test_an_entry_that_its_scorer_cannot_read_abstains():
    entry = {"question": "?", "answer": "5", "metadata": {}}
    assert score("tower_of_hanoi", entry, "Move disk 1").status == "bad_reference"
    assert score("no_such_task", entry, "1").status == "bad_reference"
