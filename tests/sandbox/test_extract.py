"""Which part of a completion is its program."""

import pytest

from sandbox import UnknownLanguage, extract

CASES = [
    ("one", "text\n```python\nx = 1\n```\nmore", "x = 1\n"),
    ("the last", "```python\na\n```\n```python\nb\n```", "b\n"),
    ("alias", "```py3\na\n```\n```py\nb\n```", "b\n"),
    ("no name", "```\na\n```", "a\n"),
    ("a named one before a nameless one", "```python\na\n```\n```\noutput\n```", "a\n"),
    ("another language", "```cpp\na\n```", None),
    ("in the chain of thought", "<think>```python\na\n```</think>done", None),
    ("after the chain of thought", "<think>```python\na\n```</think>```python\nb\n```", "b\n"),
    ("thought that never ends", "<think>```python\na\n```", None),
    ("second thought", "<think></think>```python\na\n```<think>```python\nb\n```", "a\n"),
    ("tildes", "~~~python\na\n~~~", "a\n"),
    ("longer fence", "````python\n```\na\n```\n````", "```\na\n```\n"),
    ("in a list", "1. so\n   ```python\n   if x:\n       y\n   ```", "if x:\n    y\n"),
    ("cut off", "```python\na\n", "a\n"),
    ("cut off after a whole one", "```python\na\n```\n```python\nb", "a\n"),
    ("empty", "```python\n\n```", None),
    ("none", "x = 1", None),
    ("attributes", "```python title=a.py\na\n```", "a\n"),
    ("carriage returns", "```python\r\na\r\n```", "a\r\n"),
]


@pytest.mark.parametrize(("text", "code"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_the_program_of_a_completion(text: str, code: str | None) -> None:
    assert extract(text) == code


@pytest.mark.parametrize(
    ("policy", "code"),
    [("first", "a\n"), ("longest", "bbb\n"), ("last", "c\n"), ("join", "a\n\nbbb\n\nc\n"), ("only", None)],
)
def test_the_policy_chooses_among_blocks(policy: str, code: str | None) -> None:
    text = "```python\na\n```\n```python\nbbb\n```\n```python\nc\n```"
    assert extract(text, "python", policy) == code  # type: ignore[arg-type]


def test_the_language_is_that_which_was_asked() -> None:
    text = "```c++\nint x;\n```\n```js\nlet x;\n```"
    assert (extract(text, "cpp"), extract(text, "javascript"), extract(text, "java")) == ("int x;\n", "let x;\n", None)
    with pytest.raises(UnknownLanguage):
        extract(text, "cobol")


@pytest.mark.parametrize(
    "text", ["```" * 100_000, "```python\n" * 100_000, "`" * 500_000, " \t" * 300_000, "<think>" * 99_999]
)
def test_hostile_completions_come_to_an_end(text: str) -> None:
    extract(text * 4)  # the time-out of the suite is what a quadratic reading of this would meet
