"""Buffers that are used again."""

from app.api.spare import Spare

LARGE = 1 << 20


def test_a_buffer_is_used_again_with_the_size_that_is_asked_for():
    spare = Spare()
    first = spare.take(LARGE)
    spare.give(first)
    for size in (LARGE, LARGE // 2, 2 * LARGE, LARGE + 1):
        again = spare.take(size)
        assert again is first
        assert len(again) == size
        spare.give(again)


def test_two_at_once_are_two():
    spare = Spare()
    spare.give(spare.take(LARGE))
    one, two = spare.take(LARGE), spare.take(LARGE)
    one[:] = b"1" * LARGE
    two[:] = b"2" * LARGE
    assert one == b"1" * LARGE


def test_what_somebody_looks_at_is_not_used_again():
    spare = Spare()
    seen = spare.take(LARGE)
    view = memoryview(seen)
    spare.give(seen)
    other = spare.take(LARGE)
    assert other is not seen
    other[:] = b"x" * LARGE
    assert view[0] == 0


def test_little_is_kept():
    spare = Spare()
    small, huge = bytearray(100), bytearray(64 << 20)
    for buffer in (small, huge, b"x" * LARGE):
        spare.give(buffer)
    assert spare.take(100) is not small
    many = [spare.take(LARGE) for _ in range(64)]
    for buffer in many:
        spare.give(buffer)
    again = [spare.take(LARGE) for _ in range(64)]
    kept = {id(buffer) for buffer in again} & {id(buffer) for buffer in many}
    assert 0 < len(kept) <= 32
