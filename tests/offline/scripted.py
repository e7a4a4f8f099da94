"""A server that answers `/v1/chat/completions` by a script: a real one on a real port, with the faults of real ones."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | dict[str, Any] | int | bytes | None
"""A completion's text, a message, a status, a raw body; None cuts the connection in the middle of the body."""


@dataclass
class Script:
    """`answer(body, number)` says what the number-th request gets."""

    answer: Callable[[dict[str, Any], int], Answer]
    requests: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    most_at_once: int = 0
    at_once: int = 0
    url: str = ""


def completion(message: dict[str, Any], finish: str = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    return json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Answer]) -> Generator[Script]:
    script = Script(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with script.lock:
                script.requests.append(body)
                number = len(script.requests) - 1
                script.at_once += 1
                script.most_at_once = max(script.most_at_once, script.at_once)
            try:
                self._reply(script.answer(body, number))
            finally:
                with script.lock:
                    script.at_once -= 1

        def _reply(self, said: Answer) -> None:
            if isinstance(said, int):
                self.send_response(said)
                if said == 429:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            data = said if isinstance(said, bytes) else b""
            if isinstance(said, str | dict):
                data = completion({"content": said} if isinstance(said, str) else said)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data) if said is not None else 1000))
            self.end_headers()
            if said is None:
                self.wfile.write(b'{"choices": [')
                self.close_connection = True
                return
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
