"""Keys: what a file of them may say, who is let in, how much each may use."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.auth import BadKeys, KeyRing, hashed, new_secret
from app.api.auth.exposure import OpenToAll, check_exposure
from app.api.auth.gate import Gate
from app.api.errors import Problem
from app.settings import Settings

SECRET = new_secret()
FILE = f"""
[trainer]
hash = "{hashed(SECRET)}"
requests_per_s = 0.001
burst = 2
[batch-1]
hash = "{hashed("other")}"
concurrency = 1
priority = "offline"
"""


def ring(tmp_path: Path, text: str = FILE) -> KeyRing:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    return KeyRing.load(file, f"env={hashed('third')}, ")


def scope(secret: str | None, path: str = "/v1/score", header: str = "authorization") -> dict[str, Any]:
    value = f"Bearer {secret}" if header == "authorization" else secret
    headers = [] if secret is None else [(header.encode(), str(value).encode("utf-8", "surrogatepass"))]
    return {"type": "http", "path": path, "headers": headers}


def refused(gate: Gate, *arguments: Any) -> Problem:
    with pytest.raises(Problem) as raised:
        gate.enter(scope(*arguments))
    return raised.value


def test_keys_of_file_and_environment_are_found_by_their_secrets(tmp_path: Path):
    keys = ring(tmp_path)
    found = [keys.find(secret) for secret in (SECRET, "other", "third", "", "x", hashed(SECRET), SECRET * 100)]
    assert [key and key.name for key in found] == ["trainer", "batch-1", "env", None, None, None, None]


@given(st.text(max_size=80))
def test_no_other_secret_opens(secret: str):
    keys = KeyRing.load(None, f"a={hashed(SECRET)}")
    assert (keys.find(secret) is None) == (secret != SECRET)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\nhash = 'x'", "a: needs `hash`"),
        ("[a]\n", "a: needs `hash`"),
        ("a = 5", "a: needs `hash`"),
        (f"['a b']\nhash = '{hashed('x')}'", "no name"),
        (f"[a]\nhash = '{hashed('x')}'\nrate = 5", "a.rate"),
        (f"[a]\nhash = '{hashed('x')}'\nconcurrency = 0", "a.concurrency"),
        ("[a", "keys.toml"),
    ],
)
def test_a_bad_file_says_where(tmp_path: Path, text: str, says: str):
    with pytest.raises(BadKeys, match=says):
        ring(tmp_path, text)


def test_the_gate_wants_a_key_but_of_probes(tmp_path: Path):
    gate = Gate(ring(tmp_path), open_metrics=False)
    assert [refused(gate, secret).status for secret in (None, "wrong", "")] == [401, 401, 401]
    assert refused(gate, None, "/metrics").status == 401
    assert gate.enter(scope(None, "/health/ready")) is None
    assert Gate(ring(tmp_path), open_metrics=True).enter(scope(None, "/metrics")) is None
    use = gate.enter(scope(SECRET, "/v1/jobs", "x-api-key"))
    assert use is not None and use.key.name == "trainer"
    assert Gate(KeyRing({}), open_metrics=False).enter(scope(None)) is None


def test_limits_are_of_each_key(tmp_path: Path):
    gate = Gate(ring(tmp_path), open_metrics=False)
    for _ in range(2):
        assert gate.enter(scope(SECRET)) is not None
    slow = refused(gate, SECRET)
    assert (slow.status, slow.kind) == (429, "key-rate")
    assert int((slow.headers or {})["Retry-After"]) > 100
    use = gate.enter(scope("other"))
    assert use is not None
    use.running = 1
    assert refused(gate, "other").kind == "key-busy"
    assert (use.key.capped("online"), use.key.capped("offline")) == ("offline", "offline")
    gate.replace(ring(tmp_path, FILE.replace("concurrency = 1", "concurrency = 2")))
    assert refused(gate, SECRET).kind == "key-rate"  # An unchanged key keeps its count,
    assert gate.enter(scope("other")) is not None  # a changed one begins anew.


@pytest.mark.parametrize(
    ("host", "ok"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("10.1.2.3", False)],
)
def test_a_public_address_needs_keys(host: str, ok: bool):
    none = KeyRing({})
    if ok:
        check_exposure(Settings(host=host), none)
    else:
        with pytest.raises(OpenToAll, match="assay keys new"):
            check_exposure(Settings(host=host), none)
        check_exposure(Settings(host=host, insecure_no_auth=True), none)
        check_exposure(Settings(host=host), KeyRing.load(None, f"a={hashed('x')}"))
