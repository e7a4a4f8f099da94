"""The client's pure parts: waits, nodes, cutting of batches, bodies, errors."""

import inspect
import json
import math
import random
import re
import subprocess
import sys
from typing import Any

import assay_client
import pytest
from assay_client import _errors, _split, _wire
from assay_client._models import Component, Group, ItemError, Result, Scored, merged
from assay_client._policy import Backoff, Nodes, retry_after_s
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 2**32), st.floats(0, 500), st.lists(st.none() | st.floats(0, 60), max_size=30))
def test_waits_end_by_the_deadline_and_honour_the_service(seed: int, deadline: float, asked: list[float | None]):
    backoff = Backoff(deadline, random.Random(seed))
    now = 0.0
    for retry_after in asked:
        wait = backoff.delay(now, retry_after)
        if wait is None:
            return
        assert wait > 0
        assert now + wait < deadline
        assert retry_after is None or wait >= retry_after
        now += wait


def test_waits_grow_and_differ_between_clients():
    waits = [[Backoff(1e9, random.Random(seed)).delay(0.0) for _ in range(1)] for seed in range(50)]
    assert len({wait[0] for wait in waits}) > 40
    backoff = Backoff(1e9, random.Random(1))
    long = [backoff.delay(0.0) or 0 for _ in range(20)]
    assert long[0] < 1 < 4 < long[-1] <= 10


def test_a_dead_node_is_left_out_and_tried_again_later():
    nodes = Nodes(["http://a", "http://b/"])
    first = nodes.pick(0.0)
    first.failed(0.0)
    assert {nodes.pick(0.5).url for _ in range(5)} == {"http://b"}
    assert nodes.live(0.5) == 1
    other = nodes.pick(0.5)
    other.in_flight = 100
    assert nodes.pick(1.5) is first
    first.failed(1.5)
    assert nodes.pick(3.0) is other
    assert nodes.pick(3.6) is first
    other.failed(3.6)
    first.failed(3.6)
    assert nodes.pick(3.7) is other, "all are out: the one that is back soonest"


def test_the_node_with_less_to_do_is_picked():
    nodes = Nodes(["http://a", "http://b"])
    nodes.all[0].in_flight = 10
    assert nodes.pick(0.0).url == "http://b"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), (None, None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("9" * 30, None), ("-1", None)],
)
def test_retry_after(header: str | None, seconds: float | None):
    assert retry_after_s(header) == seconds


items = st.lists(
    st.fixed_dictionaries({"completion": st.text(max_size=5), "group": st.none() | st.sampled_from("abcdefgh")}),
    max_size=300,
)


@given(items, st.integers(1, 5))
def test_parts_hold_every_item_once_and_keep_groups_whole(batch: list[dict[str, Any]], nodes: int):
    pieces = _split.parts(batch, nodes)
    positions = [position for piece in pieces for position in piece.positions]
    assert sorted(positions) == list(range(len(batch)))
    for piece in pieces:
        assert piece.items == [batch[position] for position in piece.positions]
    homes: dict[str, set[int]] = {}
    for number, piece in enumerate(pieces):
        for item in piece.items:
            if item["group"] is not None:
                homes.setdefault(item["group"], set()).add(number)
    assert all(len(home) == 1 for home in homes.values())


def test_a_batch_is_shared_between_nodes_and_bounded_in_size():
    small = [{"completion": "x"}] * 1000
    assert len(_split.parts(small, 1)) == 1
    assert len(_split.parts(small, 4)) == 4
    assert len(_split.parts(small[:40], 4)) == 1
    big = [{"completion": "x" * (1 << 20)}] * 40
    assert len(_split.parts(big, 1)) == 2
    assert max(len(piece.items) for piece in _split.parts(small * 10, 1)) <= _split.MAX_ITEMS


def _scored(ids: list[str], group: str) -> Scored:
    results = [Result(id_, 1.0, {"f": Component(1.0, "ok", None, 0.0, False)}, None) for id_ in ids]
    return Scored(
        "r1", results, [Group(group, len(ids), len(ids), 1.0, 0.0, None, True)], {"items": len(ids), "queue_ms": 3.0}
    )


def test_parts_come_together_in_order():
    whole = merged([([0, 2], _scored(["a", "c"], "g")), ([1], _scored(["b"], "h"))])
    assert [result.id for result in whole.results] == ["a", "b", "c"]
    assert [group.group for group in whole.groups] == ["g", "h"]
    assert whole.usage == {"items": 3, "queue_ms": 3.0}


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        (
            [{"path": "items[3].completion", "detail": "long"}, {"path": "items[0]", "detail": "no"}],
            {3: "completion: long", 0: ": no"},
        ),
        ([{"path": "rubric", "detail": "x"}], {}),
        ([{"path": "items[1].x", "detail": ""}, {"path": "options.evidence", "detail": ""}], {}),
        ([{}], {}),
        (["items[1]"], {}),
        (None, {}),
        ("items[1]", {}),
    ],
)
def test_items_that_a_refusal_names(errors: object, found: dict[int, str]):
    assert _split.refused_items(errors) == found


class _Array:
    def tolist(self) -> list[float]:
        return [1.0, math.nan]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
        max_leaves=20,
    )
)
def test_plain_values_can_be_written(value: Any):
    json.dumps(_wire.plain(value), allow_nan=False, ensure_ascii=False).encode()


def test_what_trainers_have_in_their_batches_becomes_plain():
    made = _wire.plain({"a": _Array(), 1: ("x\ud800", math.inf), "b": {"c"}})
    assert made == {"a": [1.0, None], "1": ["x�", None], "b": ["c"]}
    with pytest.raises(TypeError, match="object"):
        _wire.plain({"a": object()})
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(TypeError, match="deep"):
        _wire.plain(nested)


def test_without_a_codec_bodies_are_json():
    program = (
        "import sys; sys.modules['msgspec'] = sys.modules['msgpack'] = None\n"
        "from assay_client import _wire\n"
        "print(_wire.codec().media, _wire.encoded({'a': 'é\\ud800', 'b': float('nan')}).decode())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == 'application/json {"a":"é�","b":null}'


@pytest.mark.parametrize(
    ("status", "media", "content"),
    [(200, "text/html", b"<p>hello"), (200, "application/msgpack", b"\xc1"), (200, "application/json", b"[" * 100_000)],
)
def test_an_answer_that_is_not_ours_is_a_protocol_error(status: int, media: str, content: bytes):
    with pytest.raises(assay_client.ProtocolError):
        _wire.read(status, media, content)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "InvalidRequest"),
        (401, "Unauthorized"),
        (403, "Unauthorized"),
        (404, "InvalidRequest"),
        (413, "InvalidRequest"),
        (422, "InvalidRequest"),
        (429, "Unavailable"),
        (500, "Unavailable"),
        (503, "Unavailable"),
    ],
)
def test_each_status_has_its_error(status: int, kind: str):
    error = _wire.refused(status, "application/problem+json", b'{"title": "T", "detail": "D"}')
    assert (type(error).__name__, str(error)) == (kind, f"{status} T: D")
    assert "not json" in str(_wire.refused(status, "text/plain", b"not json"))


def test_the_tree_in_the_docstring_is_the_tree():
    drawn: list[tuple[str, str]] = []
    path: list[str] = []
    for line in (_errors.__doc__ or "").splitlines():
        found = re.match(r"([│ ├└─]*)([A-Z]\w+)", line)
        if found and issubclass(getattr(_errors, found[2], int), Exception):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn.append((found[2], path[depth - 1] if depth else "Exception"))
    real = {
        (name, kind.__base__.__name__)
        for name, kind in inspect.getmembers(_errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == _errors.__name__ and kind.__base__
    }
    assert set(drawn) == real
    assert {name for name, _ in drawn} <= set(assay_client.__all__)


def test_every_public_name_is_there():
    assert all(hasattr(assay_client, name) for name in assay_client.__all__)


def test_abstentions_are_the_callers_choice():
    results = [Result("a", 1.0, {}, None), Result("b", None, {}, ItemError("timeout", "late"))]
    scored = Scored("r1", results, [], {})
    assert scored.rewards == scored.rewards_or("none") == [1.0, None]
    assert scored.rewards_or(-1.0) == [1.0, -1.0]
    with pytest.raises(assay_client.Abstained, match="b: timeout: late") as caught:
        scored.rewards_or("raise")
    assert [result.id for result in caught.value.results] == ["b"]


def test_importing_the_package_loads_no_network_stack():
    program = "import sys, assay_client; print(sorted({'httpx', 'asyncio', 'ssl', 'msgspec'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
