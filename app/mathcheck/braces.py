"""Which brace closes which, in one pass."""

import re

BRACE = re.compile(r"\\.|[{}]", re.S)


def closing(text: str, start: int, longest: int) -> int:
    """Position after the brace that closes the one at `start`; -1 if none does within `longest` characters."""
    depth = 0
    for m in BRACE.finditer(text, start, start + longest):
        if m[0] == "{":
            depth += 1
        elif m[0] == "}":
            depth -= 1
            if not depth:
                return m.end()
    return -1


def closings(text: str, start: int) -> dict[int, int]:
    """Position after the closing brace, for each opening one from `start` on that is closed."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for m in BRACE.finditer(text, start):
        if m[0] == "{":
            stack.append(m.start())
        elif m[0] == "}" and stack:
            ends[stack.pop()] = m.end()
    return ends
