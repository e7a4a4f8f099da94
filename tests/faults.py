"""A proxy in front of a real service that fails as networks and services do: on order, then passes on."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx


class Fault(NamedTuple):
    """What happens to one request instead of, or besides, being passed on."""

    status: int | None = None
    """Answer this, with problem+json."""
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    """Close the connection without an answer."""
    cut: bool = False
    """Pass on, and break off in the middle of the answer."""
    delay_s: float = 0.0
    page: bytes | None = None
    """Answer 200 with a page that is not the service's."""


PASS = Fault()


class Proxy:
    """Faults for the next requests, and what came in."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        """For all requests once `faults` is used up."""
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        """Method, path, headers, body of each request."""
        self.url = ""
        self._lock = threading.Lock()

    def next(self, request: tuple[str, str, dict[str, str], bytes]) -> Fault:
        with self._lock:
            self.seen.append(request)
            return self.faults.pop(0) if self.faults else self.always or PASS


def _handler(proxy: Proxy, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fault = proxy.next((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(fault.delay_s)
            if fault.drop:
                self.close_connection = True
            elif fault.status is not None:
                problem = b'{"title": "made up", "detail": "by the test", "status": %d}' % fault.status
                self._answer(fault.status, "application/problem+json", problem, dict(fault.headers))
            elif fault.page is not None:
                self._answer(200, "text/html", fault.page, {})
            else:
                self._pass_on(body, fault.cut)

        do_GET = do_DELETE = do_POST

        def _pass_on(self, body: bytes, cut: bool) -> None:
            skipped = {"host", "content-length", "connection", "accept-encoding"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in skipped}
            answer = client.request(self.command, proxy.target + self.path, content=body, headers=headers, timeout=120)
            kept = {n: v for n, v in answer.headers.items() if n in ("retry-after", "location")}
            self._answer(answer.status_code, answer.headers.get("content-type", ""), answer.content, kept, cut)

        def _answer(self, status: int, media: str, content: bytes, headers: dict[str, str], cut: bool = False) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-type": media, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            self.close_connection = cut

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def faulty(target: str, faults: Sequence[Fault] = (), always: Fault | None = None, port: int = 0) -> Generator[Proxy]:
    """A running proxy; on a port that is free if none is named."""
    proxy = Proxy(target)
    proxy.faults, proxy.always = list(faults), always
    with httpx.Client() as client:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(proxy, client))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield proxy
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
