"""Requests made up from the OpenAPI document, by a tool of its own: none may end in an error of the server."""

import shutil
import subprocess

import httpx
import pytest

from tests.conftest import Service

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_OPTIONS = ["--checks", "not_a_server_error", "--max-examples", "20", "--phases", "fuzzing,stateful"]


def test_no_made_up_request_is_an_error_of_the_server(service: Service):
    tool = shutil.which("schemathesis")
    if tool is None:
        pytest.skip("no schemathesis: pip install 'assay[fuzz]'")
    command = [tool, "run", f"{service.url}/openapi.json", *_OPTIONS, "--exclude-path-regex", "/events$"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert "Server error" not in ran.stdout, ran.stdout
    assert "Test cases" in ran.stdout, ran.stdout + ran.stderr


def test_every_route_is_in_the_document(service: Service):
    paths = httpx.get(f"{service.url}/openapi.json").json()["paths"]
    assert {"/v1/score", "/v1/jobs", "/v1/jobs/{job}", "/v1/jobs/{job}/results", "/v1/jobs/{job}/events"} <= set(paths)
