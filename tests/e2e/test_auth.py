"""API keys and encrypted Redis, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.api.auth import hashed
from tests.conftest import Service

pytestmark = pytest.mark.e2e

ITEM = {"completion": "<think>so</think><answer>7</answer>", "reference": {"kind": "math", "answer": "7"}}
BODY = {"rubric": "r1-zero", "items": [ITEM]}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def assay(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_keys_let_in_whom_they_name_and_nobody_else(new_service: Callable[..., Service], tmp_path: Path):
    made = assay("keys", "new", "trainer").stdout.splitlines()
    secret, lines = made[0], made[1:]
    other = assay("keys", "hash", stdin="batch-secret\n").stdout.strip()
    assert other == hashed("batch-secret")
    file = tmp_path / "keys.toml"
    file.write_text("\n".join([*lines, "[batch]", f'hash = "{other}"', 'priority = "offline"']))
    service = new_service(ASSAY_API_KEYS_FILE=str(file), ASSAY_HOST="0.0.0.0")
    url = f"{service.url}/v1/score"
    anonymous = httpx.post(url, json=BODY)
    assert (anonymous.status_code, anonymous.json()["type"]) == (401, "urn:assay:unauthorized")
    assert anonymous.headers["www-authenticate"] == "Bearer"
    assert httpx.post(url, json=BODY, headers=bearer("wrong")).status_code == 401
    for headers in (bearer(secret), {"x-api-key": "batch-secret"}):
        assert httpx.post(url, json=BODY, headers=headers).json()["results"][0]["reward"] == 2.0
    job = httpx.post(f"{service.url}/v1/jobs", json=BODY, headers=bearer(secret)).json()["id"]
    of_job = f"{service.url}/v1/jobs/{job}"
    assert httpx.get(of_job, headers=bearer(secret)).status_code == 200
    assert httpx.get(of_job, headers=bearer("batch-secret")).status_code == 404
    metrics = httpx.get(f"{service.url}/metrics").text
    assert 'assay_key_items_total{key="batch"} 1.0' in metrics
    assert 'assay_key_requests_total{key="-",outcome="unauthorized"} 2.0' in metrics
    file.write_text("\n".join(lines))
    for pid in service.pids("app.cli api"):
        os.kill(pid, signal.SIGHUP)
    deadline = time.monotonic() + 20
    while httpx.post(url, json=BODY, headers=bearer("batch-secret")).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert httpx.post(url, json=BODY, headers=bearer(secret)).status_code == 200


@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_public_address_without_keys_is_refused(command: str, tmp_path: Path):
    refused = assay(command, "--host", "0.0.0.0", "--port", "0", ASSAY_DATA_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "refusing to listen on 0.0.0.0 without API keys" in " ".join(refused.stderr.split())
