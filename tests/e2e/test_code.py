"""Programs through the service: `/v1/execute`, SandboxFusion's `/run_code`."""

import base64
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import sandbox
from tests.conftest import Service

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not next(r for r in sandbox.doctor() if r.backend == "jail").available, reason="no jail here"),
]


def execute(service: Service, **body: Any) -> dict[str, Any]:
    response = httpx.post(f"{service.url}/v1/execute", json=body, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()


def run_code(service: Service, **body: Any) -> dict[str, Any]:
    response = httpx.post(f"{service.url}/run_code", json=body, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_program_gets_its_input_and_its_output_comes_back(service: Service):
    got = execute(service, code="print(input()[::-1])", stdin="abc\n")
    assert (got["status"], got["stdout"], got["exit_code"]) == ("ok", "cba\n", 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": "raise SystemExit(3)"}, "runtime_error"),
        ({"code": "while True: pass", "limits": {"wall_s": 0.5}}, "time_limit"),
        ({"code": "x = bytearray(1 << 30)", "limits": {"memory_mb": 64}}, "memory_limit"),
        ({"code": "while True: print('x' * 4096)", "limits": {"output_bytes": 10000}}, "output_limit"),
        ({"code": "print(1)", "language": "klingon"}, "bad_reference"),
    ],
)
def test_how_a_program_ends_is_told(service: Service, body: dict[str, Any], status: str):
    assert execute(service, **body)["status"] == status


def test_a_program_sees_neither_the_host_nor_the_service(service: Service):
    data = str(service.folder)
    code = (
        f"import os; print(sorted(os.environ)); print(os.path.exists({data!r}), os.getuid() == 0); open('/etc/shadow')"
    )
    got = execute(service, code=code)
    assert "ASSAY" not in got["stdout"]
    assert "False False" in got["stdout"]
    assert got["status"] == "runtime_error"


def test_slow_programs_do_not_hold_up_math(service: Service):
    item = {"completion": "A: 4", "reference": {"kind": "math", "answer": "4"}}
    with ThreadPoolExecutor(6) as threads:
        slow = [threads.submit(execute, service, code=f"import time; time.sleep(2) # {n}") for n in range(4)]
        time.sleep(0.3)
        assert service.score([item], rubric="r1-zero")["results"][0]["components"]["accuracy"]["score"] == 1.0
        assert not any(one.done() for one in slow)
        assert all(one.result()["status"] == "ok" for one in slow)


def test_run_code_speaks_sandbox_fusions_shapes(service: Service):
    got = run_code(service, code="print(int(input()) * 2)", language="python", stdin="21", run_timeout=5)
    assert (got["status"], got["compile_result"]) == ("Success", None)
    assert (got["run_result"]["status"], got["run_result"]["return_code"]) == ("Finished", 0)
    assert got["run_result"]["stdout"] == "42\n"
    assert got["run_result"]["execution_time"] > 0
    failed = run_code(service, code="import sys; sys.exit(2)", language="python")
    assert (failed["status"], failed["run_result"]["return_code"]) == ("Failed", 2)
    late = run_code(service, code="while True: pass", language="python", run_timeout=0.5)
    assert (late["status"], late["run_result"]["status"]) == ("Failed", "TimeLimitExceeded")


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_run_code_tells_compilation_from_running(service: Service):
    good = run_code(service, code="#include <iostream>\nint main(){std::cout<<42;}", language="cpp")
    assert (good["status"], good["compile_result"]["return_code"], good["run_result"]["stdout"]) == ("Success", 0, "42")
    bad = run_code(service, code="int main(){", language="cpp")
    assert (bad["status"], bad["run_result"]) == ("Failed", None)
    assert bad["compile_result"]["return_code"] == 1
    assert "error" in bad["compile_result"]["stderr"]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_run_code_takes_files_in_and_brings_files_out(service: Service):
    code = (
        "import os, helper\nprint(open('data/in.txt').read(), helper.x)\nopen('data/in.txt', 'a').write('!')\n"
        "open('out.bin', 'wb').write(bytes(range(256)))\nos.mkdir('deep'); open('/tmp/deep/b', 'w').write('sauce')"
    )
    files = {"data/in.txt": _base64(b"hello"), "helper.py": _base64(b"x = 5"), "none": None, "a/IGNORE_THIS_FILE": "?"}
    wanted = ["out.bin", "/tmp/deep/b", "data/in.txt", "missing", "deep"]
    got = run_code(service, code=code, language="python", files=files, fetch_files=wanted)
    assert (got["status"], got["run_result"]["stdout"]) == ("Success", "hello 5\n"), got
    found = {name: base64.b64decode(content) for name, content in got["files"].items()}
    assert found == {"out.bin": bytes(range(256)), "/tmp/deep/b": b"sauce", "data/in.txt": b"hello!"}


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.symlink('/etc/passwd', 'x')",
        "import os; os.symlink('/etc', 'd'); os.symlink('d', 'x')",
        "import os; os.mkdir('real'); open('real/passwd', 'w').write('1'); os.symlink('real', 'd')",
        "import os; os.symlink('/proc/1/root/etc', 'd')",
        "import os; os.mkdir('x')",
        "import os; os.truncate(os.open('x', os.O_CREAT | os.O_RDWR), 9 << 20)",
        "import socket; s = socket.socket(1); s.bind('x')",
    ],
)
def test_run_code_brings_nothing_back_by_links_or_what_is_no_file_or_too_large(service: Service, code: str):
    got = run_code(service, code=code, language="python", fetch_files=["x", "d/passwd"])
    assert (got["status"], got["files"]) == ("Success", {}), got


@pytest.mark.parametrize(
    "body",
    [
        {"files": {"../a": "YQ=="}},
        {"files": {"/etc/a": "YQ=="}},
        {"files": {"a/../../b": "YQ=="}},
        {"files": {"": "YQ=="}},
        {"files": {"a\0b": "YQ=="}},
        {"files": {"a": "this is no base64"}},
        {"files": {"x" * 300: "YQ=="}},
        {"files": {"/".join("a" * 40): "YQ=="}},
        {"files": {f"f{n}": "YQ==" for n in range(65)}},
        {"fetch_files": ["/etc/passwd"]},
        {"fetch_files": ["../../etc/passwd"]},
        {"fetch_files": ["a"] * 65},
        {"run_timeout": 0},
        {"code": None},
    ],
)
def test_run_code_refuses_what_it_cannot_do(service: Service, body: dict[str, Any]):
    response = httpx.post(f"{service.url}/run_code", json={"code": "1", "language": "python", **body}, timeout=60)
    assert response.status_code == 422, response.text


def test_a_file_within_a_file_is_told(service: Service):
    got = run_code(service, code="1", language="python", files={"a": "YQ==", "a/b": "YQ=="})
    assert got["status"] == "SandboxError" and "lies in a file" in got["message"]


@pytest.mark.parametrize("language", ["klingon", "php", "pytest", "cuda"])
def test_run_code_names_the_language_that_it_does_not_have(service: Service, language: str):
    got = run_code(service, code="1", language=language)
    assert got["status"] == "SandboxError" and language in got["message"]
    assert (got["compile_result"], got["run_result"]) == (None, None)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_run_code_tells_a_compiler_that_was_too_slow(service: Service):
    code = "constexpr long f(long n){return n<2?n:f(n-1)+f(n-2);}\nstatic_assert(f(60));int main(){}"
    got = run_code(service, code=code, language="cpp", compile_timeout=0.3)
    assert (got["status"], got["compile_result"]["status"], got["run_result"]) == ("Failed", "TimeLimitExceeded", None)


def test_execute_takes_files_in_and_brings_files_out(service: Service):
    code = "open('b', 'w').write(open('a').read() * 2)"
    got = execute(service, code=code, files={"a": _base64(b"xy")}, fetch_files=["b", "c"])
    assert got["files"] == {"b": _base64(b"xyxy")}
    body = {"code": "1", "files": {"../a": "YQ=="}}
    assert httpx.post(f"{service.url}/v1/execute", json=body, timeout=60).status_code == 422


def test_stopping_the_service_leaves_no_program(tmp_path):
    service = Service(tmp_path / "own").start()
    mark = f"time.sleep(60) # {service.port}"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(httpx.post, f"{service.url}/v1/execute", json={"code": f"import time; {mark}"})
        time.sleep(1.5)
        service.process.kill()
        service.process.wait()
        with pytest.raises(httpx.TransportError):
            running.result(30)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and service.pids():
        time.sleep(0.1)
    assert service.pids() == []


ADD = "```python\ndef add(a, b):\n    return a + b\n```"
STDIO = {"kind": "code", "mode": "stdio", "tests": [{"input": "1 2", "output": "3"}, {"input": "5 5", "output": "10"}]}
FUNCTION = {
    "kind": "code",
    "mode": "function",
    "entry_point": "add",
    "tests": [{"args": [1, 2], "expected": 3}, {"args": [2, 2], "expected": 4}],
}
ASSERTS = {"kind": "code", "mode": "asserts", "tests": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]}
RUBRIC = {"components": {"accuracy": {"reward": "accuracy"}}}


@pytest.mark.parametrize(
    ("completion", "reference", "score", "status"),
    [
        (f"<think>Easy.</think>Here it is:\n{ADD}", FUNCTION, 1.0, "ok"),
        (ADD, ASSERTS, 1.0, "ok"),
        (ADD.replace("+", "-"), FUNCTION, 0.0, "ok"),
        ("```python\nprint(sum(map(int, input().split())))\n```", STDIO, 1.0, "ok"),
        ("```python\nprint(3)\n```", STDIO, 0.0, "ok"),
        ("```python\nprint(3)\n```", {**STDIO, "policy": {"score": "fraction"}}, 0.5, "ok"),
        ("```python\nprint(3\n```", STDIO, 0.0, "compile_error"),
        ("```python\nraise SystemExit(1)\n```", STDIO, 0.0, "runtime_error"),
        ("```python\nwhile True: pass\n```", {**STDIO, "limits": {"wall_s": 0.4}}, 0.0, "time_limit"),
        ("I would add them.", STDIO, 0.0, "no_answer"),
        (f"<think>{ADD}", FUNCTION, 0.0, "no_answer"),
        (ADD, {**FUNCTION, "tests": []}, None, "bad_reference"),
        (ADD, {**FUNCTION, "language": "klingon"}, None, "bad_reference"),
        (ADD, {**FUNCTION, "policy": {"score": "maybe"}}, None, "bad_reference"),
        ("```python\nimport os; os._exit(0)\n```", ASSERTS, 0.0, "runtime_error"),
    ],
)
def test_code_is_rewarded_by_its_tests(
    service: Service, completion: str, reference: dict[str, Any], score: float | None, status: str
):
    result = service.score([{"completion": completion, "reference": reference}], rubric=RUBRIC)["results"][0]
    component = result["components"]["accuracy"]
    assert (component["score"], component["status"]) == (score, status), component


def test_a_body_to_be_filled_in_follows_its_prompt(service: Service):
    prompt = 'def double(x):\n    """Twice x."""\n'
    reference = {"kind": "code", "mode": "fill", "entry_point": "double", "tests": ["assert double(4) == 8"]}
    items = [{"prompt": prompt, "completion": c, "reference": reference} for c in ("    return 2 * x", "    return x")]
    scores = [r["components"]["accuracy"]["score"] for r in service.score(items, rubric=RUBRIC)["results"]]
    assert scores == [1.0, 0.0]


def test_math_and_code_items_of_one_request_come_together_from_their_lanes(service: Service):
    math = {"completion": "A: 4", "reference": {"kind": "math", "answer": "4"}, "group": "m"}
    code = {"completion": ADD, "reference": FUNCTION, "group": "c"}
    results = service.score([math, code] * 8, rubric=RUBRIC)["results"]
    assert [r["reward"] for r in results] == [1.0] * 16
