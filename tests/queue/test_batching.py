from hypothesis import given
from hypothesis import strategies as st

from app.queue.batching import Limits, Plan, micro_batches
from app.queue.codec import ComponentWork, WorkItem, decode_batch, encode

CPU = Plan("cpu", (0, 2))
CODE = Plan("code", (1,))
COMPONENTS = [ComponentWork(0, "a", {}), ComponentWork(1, "b", {}), ComponentWork(2, "c", {})]


def work(sizes: list[int], plans: tuple[Plan, ...] = (CPU,)):
    return [(WorkItem(n, "x" * size, "", {"kind": "none"}, None, {}), plans) for n, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 7), st.integers(1, 100))
def test_every_item_is_in_one_micro_batch_in_order_and_within_bounds(sizes: list[int], items: int, size: int):
    batches = [batch for _, batch in micro_batches("r", work(sizes), COMPONENTS, True, Limits(items, size))]
    assert [item.index for batch in batches for item in batch.items] == list(range(len(sizes)))
    assert all(len(batch.items) <= items for batch in batches)
    assert all(len(b.items) == 1 or sum(len(i.completion) for i in b.items) <= size for b in batches)


def test_components_of_two_lanes_travel_apart():
    batches = list(micro_batches("r", work([1, 1], (CPU, CODE)), COMPONENTS, True, Limits(10, 1000)))
    assert {lane: [c.index for c in batch.components] for lane, batch in batches} == {"cpu": [0, 2], "code": [1]}
    assert all(len(batch.items) == 2 for _, batch in batches)


@given(st.text(), st.dictionaries(st.text(), st.one_of(st.none(), st.integers(-(2**60), 2**60), st.text())))
def test_a_micro_batch_survives_the_wire(text: str, meta: dict[str, object]):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    item = WorkItem(0, text, text, {"kind": "math", "answer": text}, "en", meta)
    [(_, batch)] = micro_batches("r", [(item, (CPU,))], COMPONENTS, False, Limits(1, 1))
    assert decode_batch(encode(batch)) == batch
