"""Heads that are known say what the parser said of them, and nothing else is taken for one."""

import pytest

from app.api.bodies import Media
from app.api.heads import Head, Heads

SCOPE = {"type": "http", "headers": [], "client": ("10.0.0.1", 1), "server": ("10.0.0.2", 2), "state": {}}
PLAIN = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nAccept: */*\r\n\r\n"


def head(**headers: str) -> Head:
    return Head.of({**SCOPE, "headers": [(n.encode(), v.encode()) for n, v in headers.items()], "state": {}}, True)


def test_only_the_length_of_the_body_may_differ():
    heads, known = Heads(), head()
    assert heads.find(PLAIN % 12) is None
    heads.keep(PLAIN % 12 + b"x" * 12, known)
    for size in (0, 7, 12, 65_536):
        assert heads.find(PLAIN % size + b"x" * size) == (known, len(PLAIN % size), size)
    others = [(b"Host", b"host"), (b"*/*", b"*"), (b"score", b"scores"), (b"x\r\n", b"x\r\n\r\n"), (b"1.1", b"1.0")]
    for was, other in others:
        assert heads.find((PLAIN % 12).replace(was, other, 1)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"X-Strength: 5\r\nContent-Length: 12",
        b"X-Content-Length: 5\r\nContent-Length: 12",
        b"Content-Length:12",
        b"Content-Length: +12",
        b"Content-Length: 12 ",
        b"Content-Length: 0x12",
        b"Content-Length: 1\n2",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked",
    ],
)
def test_a_head_whose_length_is_not_plain_is_not_kept(line: bytes):
    heads = Heads()
    whole = (PLAIN % 12).replace(b"Content-Length: 12", line)
    heads.keep(whole, head())
    assert heads.find(whole) is None


@pytest.mark.parametrize("length", [b"", b"-1", b"1 ", b"1e3", b"\xb2", b"12\n", b"0x1", b"123456", b"9" * 5000])
def test_what_is_no_number_is_no_length(length: bytes):
    heads = Heads()
    heads.keep(PLAIN % 12, head())
    assert heads.find((PLAIN % 12).replace(b"12", length)) is None


def test_data_that_is_no_head_is_none():
    heads = Heads()
    heads.keep(PLAIN % 12, head())
    whole = PLAIN % 12
    for end in range(len(whole)):
        assert heads.find(whole[:end]) is None
    for data in (b"ength: ", b"ength: 1", b"ength: 1\r\n\r\n", b"\x00" * 100_000, b"\r\n\r\n" + whole):
        assert heads.find(data) is None


def test_a_head_says_what_the_short_way_asks():
    said = head(**{"content-type": "application/msgpack", "accept": "application/json", "cache-control": "no-store"})
    assert (said.sent, said.wanted, said.reuse, said.keep_alive) == (Media.MSGPACK, Media.JSON, False, True)
    scope = said.scope_of(("10.9.9.9", 9), None)
    assert (scope["client"], scope["server"]) == (("10.9.9.9", 9), None)
    scope["state"]["key"] = "of one request"
    assert "key" not in said.scope_of(None, None)["state"]


def test_heads_of_which_no_two_are_the_same_do_not_pile_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.api.heads._KEPT", 8)
    heads = Heads()
    for n in range(100):
        heads.keep((PLAIN % 1).replace(b"Host: x", b"Host: %d" % n), head())
    assert len(heads._known) <= 8
    heads.keep((PLAIN % 1).replace(b"Host: x", b"Host: " + b"x" * 5000), head())
    assert len(heads._known) <= 8
