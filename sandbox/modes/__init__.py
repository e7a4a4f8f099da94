"""How each mode tests a program: one file a family of modes, each `judge(...) -> list[TestResult]`."""
