"""Headers, and what they say of bodies."""

import pytest
from fastapi import Request

from app.api.bodies import Media, accepted, header_of, sent
from app.api.errors import Problem

BOTH = (Media.JSON, Media.MSGPACK)


def asking(*headers: tuple[str, str]) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]})


def test_of_a_header_that_is_there_twice_the_first_counts_as_with_the_framework():
    request = asking(("accept", "application/msgpack"), ("x", "é"), ("accept", "application/json"))
    for name in ("accept", "x", "none"):
        assert header_of(request, name.encode(), "-") == request.headers.get(name, "-")


@pytest.mark.parametrize(
    ("headers", "media"),
    [
        ((), Media.JSON),
        ((("content-type", "application/x-msgpack"),), Media.MSGPACK),
        ((("content-type", "application/msgpack"), ("accept", "text/html, application/json;q=0.9")), Media.JSON),
        ((("accept", "*/*"),), Media.JSON),
        ((("accept", "application/x-ndjson"),), Media.NDJSON),
    ],
)
def test_the_answer_is_in_what_is_accepted_or_in_what_was_sent(headers: tuple[tuple[str, str], ...], media: Media):
    assert accepted(asking(*headers)) is media


def test_what_is_sent_must_be_known_and_allowed():
    assert sent(asking(), BOTH) is Media.JSON
    assert sent(asking(("content-type", "Application/JSON; charset=utf-8")), BOTH) is Media.JSON
    for kind in ("text/html", "application/x-ndjson"):
        with pytest.raises(Problem) as problem:
            sent(asking(("content-type", kind)), BOTH)
        assert problem.value.status == 415
