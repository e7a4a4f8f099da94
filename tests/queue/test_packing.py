import time

from hypothesis import given
from hypothesis import strategies as st

from app.queue import codec
from app.queue.codec import ComponentWork, WorkItem, decode_batch, encode
from app.queue.packing import Batch, Limits, Plan, Route, Work
from app.queue.pending import Pending

PLAN = Plan("cpu", (0, 2))
ITEM = WorkItem("x", "", {"kind": "none"}, None, {})
COMPONENTS = [ComponentWork(n, name, 1, {}) for n, name in enumerate("abc")]


def work(**changes: object) -> Work:
    return Work.of(PLAN, COMPONENTS, "online", True)._replace(**changes)


def pending(seconds: float = 10) -> Pending:
    return Pending("r", 100, 3, time.monotonic() + seconds)


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 7), st.integers(1, 100))
def test_a_batch_is_full_at_its_bounds_but_never_empty(sizes: list[int], items: int, size: int):
    batch = Batch("b", work(), Limits(items, size))
    waiting = pending()
    for n, length in enumerate(sizes):
        if batch.full(length):
            assert len(batch) > 0
            batch = Batch("b", work(), Limits(items, size))
        batch.add("r", ITEM, length, None, Route(waiting, n, False))
        assert len(batch) <= items
        assert batch.size <= size or len(batch) == 1


@given(st.text(), st.dictionaries(st.text(), st.one_of(st.none(), st.integers(-(2**60), 2**60), st.text())))
def test_items_survive_the_wire(text: str, meta: dict[str, object]):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    item = WorkItem(text, text, {"kind": "math", "answer": text}, "en", meta)
    batch = Batch("b", work(), Limits(1, 1))
    batch.add("r", item, 1, None, Route(pending(), 0, False))
    buffer = bytearray(b"of an earlier one" * 1000)
    batch.encode_into(buffer)
    decoded = decode_batch(buffer)
    assert [c.index for c in decoded.components] == [0, 2]
    assert [(e.index, e.request, e.item) for e in decoded.entries] == [(0, "r", item)]


def test_keys_differ_with_anything_that_a_score_depends_on():
    item = encode(WorkItem("a", "p", {"kind": "none"}, None, {}))
    other = encode(WorkItem("a", "p", {"kind": "none"}, None, {"x": 1}))
    newer = codec.encode([ComponentWork(0, "a", 2, {})])
    keys = {work().key(item), work().key(other), work(encoded=newer).key(item)}
    assert len(keys) == 3
    assert work().key(item) == work(priority="offline").key(item)


def test_a_batch_lives_as_long_as_the_most_patient_of_those_who_wait():
    batch = Batch("b", work(), Limits(1, 1))
    hasty, patient = pending(1), pending(100)
    batch.add("r", ITEM, 1, None, Route(hasty, 0, False))
    batch.join(0, Route(patient, 0, True))
    assert batch.deadline == patient.deadline
    assert batch.waiting == {hasty, patient}
