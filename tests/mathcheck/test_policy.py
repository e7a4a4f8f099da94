"""Policies: rounding, percent, units, certificates, sources, and the locales of separators."""

# ruff: noqa: E501  (tables)

import pytest

from app.mathcheck import DEFAULT_POLICY, Policy, PolicyError, check, check_answer, read_policy

ROUNDS = [
    ("3.14159", "3.14"),
    ("\\pi", "3.14"),
    ("\\frac{22}{7}", "3.14"),
    ("\\sqrt{2}", "1.41"),
    ("x = 3.14159", "3.14"),
    ("(3.14159, 2.0001)", "(3.14, 2)"),
    ("\\{3.14159, 1\\}", "\\{1, 3.14\\}"),
    ("[0, 3.14159)", "[0, 3.14)"),
    ("3.14159, 2.71828", "3.14, 2.72"),
    ("\\begin{pmatrix}3.14159\\\\1\\end{pmatrix}", "\\begin{pmatrix}3.14\\\\1\\end{pmatrix}"),
    ("3.14159\\text{ cm}", "3.14\\text{ cm}"),
    ("3.14159 + 2i", "3.14 + 2i"),
    ("e^2", "7.39"),
]


@pytest.mark.parametrize(("answer", "reference"), ROUNDS)
def test_rounding_reaches_every_kind_and_only_where_the_policy_says_so(answer, reference):
    assert check_answer(answer, reference).score == 0.0
    assert check_answer(answer, reference, Policy(digits=2)).score == 1.0
    assert check_answer(answer, reference, Policy(rel_tol=0.01)).score == 1.0
    assert check_answer(answer, reference, Policy(rel_tol=1e-9)).score == 0.0


@pytest.mark.parametrize(("answer", "reference"), ROUNDS)
def test_a_tolerated_answer_is_numeric_evidence(answer, reference):
    verdict = check_answer(answer, reference, Policy(digits=2, min_certificate="identity"))
    assert verdict.score is None or not verdict.certificate.startswith("numeric")


@pytest.mark.parametrize("word", ["approximately ", "about ", "roughly ", "\\approx ", "around "])
def test_an_approximation_is_an_answer_where_the_policy_rounds(word):
    assert check(f"The answer is {word}3.14.", "3.14159", Policy(digits=2)).score == 1.0


SEPARATORS = [
    ("1,000", "1000", True), ("1 000", "1000", True), ("1.000,5", "1000.5", True), ("1,000.5", "1000.5", True), ("1 000,5", "1000.5", True),
    ("1{,}000", "1000", True), ("1\\,000", "1000", True), ("1,\\!000", "1000", True), ("1’000", "1000", True), ("１，０００", "1000", True),
    ("1,000,000", "1000000", True), ("1.000.000", "1000000", True), ("12,34,567", "1234567", True), ("0,5", "0.5", True), ("3,14", "3.14", True), ("2,74", "2.74", True),
    ("1,000", "1", False), ("1,000", "1001", False), ("1,000", "100", False), ("1.000", "1000", False), ("1.000", "1", True), ("1.000,5", "1.0005", False),
    ("1,000", "(1, 0)", False), ("1,234", "1.235", False), ("3,14", "314", False), ("0,5", "5", False), ("1,00", "100", False), ("10,00", "1000", False),
    ("(1,000)", "1000", False), ("1 000", "1", False), ("1 2", "12", False),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "reference", "equal"), SEPARATORS)
def test_separators_of_several_locales(answer, reference, equal):
    assert (check_answer(answer, reference).score == 1.0) is equal
    assert (check_answer(reference, answer).score == 1.0) is equal
    assert (check(f"Thus \\boxed{{{answer}}}.", reference).score == 1.0) is equal


@pytest.mark.parametrize(
    ("answer", "reference", "either", "fraction"),
    [
        ("10\\%", "0.1", True, True),
        ("10\\%", "10", True, False),
        ("10 percent", "10\\%", True, True),
        ("10", "10\\%", True, False),
        ("0.1", "10\\%", True, True),
        ("0.1\\%", "10\\%", False, False),
        ("1000\\%", "10\\%", False, False),
        ("10\\%", "0.01", False, False),
    ],
)
def test_percent_is_forgiven_or_not_by_policy(answer, reference, either, fraction):
    assert (check_answer(answer, reference).score == 1.0) is either
    assert (check_answer(answer, reference, Policy(percent="fraction")).score == 1.0) is fraction


@pytest.mark.parametrize(
    ("answer", "reference", "optional", "required"),
    [
        ("5", "5\\text{ cm}", True, False),
        ("5\\text{ cm}", "5", True, False),
        ("5\\text{ cm}", "5\\text{ cm}", True, True),
        ("5\\text{ m}", "5\\text{ cm}", False, False),
        ("500\\text{ cm}", "5\\text{ m}", True, True),
        ("\\$5", "5", True, False),
        ("\\$5", "5\\text{ euros}", False, False),
        ("30^\\circ", "30", True, False),
    ],
)
def test_an_omitted_unit_is_forgiven_or_not_by_policy(answer, reference, optional, required):
    assert (check_answer(answer, reference).score == 1.0) is optional
    assert (check_answer(answer, reference, Policy(units="required")).score == 1.0) is required


def test_weaker_evidence_than_the_policy_asks_for_abstains():
    assert check_answer("(x+1)^2", "x^2+2x+1", Policy(min_certificate="identity")).score == 1.0
    assert check_answer("(x+1)^2", "x^2+2x+1", Policy(min_certificate="exact")).score is None
    assert check_answer("1/2", "0.5", Policy(min_certificate="exact")).score == 1.0


def test_only_the_sources_of_the_policy_are_read():
    text = "<answer>1</answer> The answer is 2. \\boxed{3}"
    for source, value in (("answer_tag", "1"), ("phrase", "2"), ("boxed", "3")):
        assert check(text, value, Policy(sources=(source,))).score == 1.0
    assert check("It is 4.", "4", Policy(sources=("boxed", "answer_tag"))).score == 0.0


@pytest.mark.parametrize(
    "given",
    [{"digits": "2"}, {"digits": True}, {"digits": -1}, {"rel_tol": 2}, {"rel_tol": "x"}, {"percent": 1}, {"sources": []}, {"sources": "boxed"}, {"x": 1}],
)  # fmt: skip
def test_a_policy_that_cant_be_used_names_its_field(given):
    with pytest.raises(PolicyError, match=next(iter(given))):
        read_policy(given)


def test_a_policy_goes_over_another():
    assert read_policy({"digits": 2}, Policy(rel_tol=0.1)) == Policy(digits=2, rel_tol=0.1)
    assert read_policy({}) == DEFAULT_POLICY
