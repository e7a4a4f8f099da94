"""Docker: each slot in a warm container without network, rights or a writable root.

For machines where a daemon is there already and the jail's namespaces are not to be had. Without
`ASSAY_DOCKER_IMAGE` the containers show this machine's own programs, bound read-only into an image that is made from
nothing; the daemon must be on this machine then. With it, the image needs `/bin/sh`, `rm`, a Python of 3.11 or newer as
`python3`, this package as /opt/assay/sandbox, and the languages that programs are to have. Needs the `docker` extra.
Each slot is one container; in it every run gets its own processes, a user without rights, and an emptied /tmp.
"""

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from sandbox.backends import view
from sandbox.backends.base import Backend, Config
from sandbox.backends.container import BOX, CAPABILITIES, ENVIRONMENT, TMP, command
from sandbox.backends.image import look_into
from sandbox.errors import SandboxUnavailable

IMAGE = os.environ.get("ASSAY_DOCKER_IMAGE", "")
REPOSITORY = "assay-sandbox"
LABEL = "assay.sandbox"
CALL_S = 60
"""Starting a container takes tenths of a second; a daemon that needs longer than this is no help."""
DEFAULT_HOST = "unix:///var/run/docker.sock"
CHUNK = 1 << 16
_FRAME = struct.Struct(">BxxxI")
"""Docker's frames around what a container writes: stream, length."""
_STDOUT = 1


class Docker(Backend):
    """Docker containers: no network, no capability for programs, read-only root, process and memory limits."""

    name = "docker"

    def __init__(self, config: Config, image: str = IMAGE) -> None:
        super().__init__(config)
        self._client: Any = None
        self._image = image
        self._tools: dict[str, str] = {}
        """Of an image of the user's own."""
        self._view: view.View | None = None
        self._slots: dict[int, Any] = {}
        self._lock = threading.Lock()

    def open(self) -> None:
        try:
            import docker
            from docker.errors import DockerException
        except ImportError as cause:
            raise SandboxUnavailable("docker: the `docker` extra is not installed") from cause
        try:
            _knock()
            self._client = docker.from_env(version="auto", timeout=CALL_S)
            if not self._image:
                self._view = view.of_machine(self.config)
                self._image = self._made(self._view.tar())
            self._client.images.get(self._image)
            if self._view is None:
                self._tools = look_into(self._client, self._image)
        except SandboxUnavailable:
            self.close()
            raise
        except (DockerException, OSError) as cause:
            self.close()
            raise SandboxUnavailable(f"docker: {_said(cause)}") from cause

    def _made(self, archive: bytes) -> str:
        """The image of a root directory, by its content: made once a machine."""
        tag = sha256(archive).hexdigest()[:16]
        if not self._client.images.list(f"{REPOSITORY}:{tag}"):
            self._client.api.import_image_from_data(archive, repository=REPOSITORY, tag=tag)
        return f"{REPOSITORY}:{tag}"

    def tool(self, name: str) -> str | None:
        return super().tool(name) if self._view is not None else self._tools.get(name)

    def slot(self, number: int) -> socket.socket:
        if self._client is None:
            raise SandboxUnavailable("docker: not open")
        self._end(number)
        try:
            container = self._client.containers.create(self._image, **self._options(number))
            with self._lock:
                self._slots[number] = container
            stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
            container.start()
        except OSError as cause:  # requests' and docker's errors are OSErrors
            self._end(number)
            raise SandboxUnavailable(f"docker: {_said(cause)}") from cause
        ours, theirs = socket.socketpair()
        _Pump(theirs, stream).start()
        return ours

    def _options(self, number: int) -> dict[str, Any]:
        config = self.config
        binds = {} if self._view is None else self._view.binds
        memory = f"{config.container_memory_mb}m"
        return {
            "command": self._command(number),
            "entrypoint": [],
            "environment": ENVIRONMENT,
            "user": "0:0",
            "working_dir": "/",
            "hostname": "sandbox",
            "labels": {LABEL: str(os.getpid())},
            "network_mode": "none",
            "ipc_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "cap_add": list(CAPABILITIES),
            "security_opt": ["no-new-privileges"],
            "pids_limit": config.container_processes,
            "mem_limit": memory,
            "memswap_limit": memory,
            "oom_score_adj": 500,
            # What /sys tells of the machine is nobody's business in there.
            "tmpfs": {"/tmp": f"{TMP},size={config.container_disk_mb}m", "/box": BOX, "/sys": "ro,size=4k"},
            "volumes": {source: {"bind": target, "mode": "ro"} for target, source in binds.items()},
            "log_config": {"Type": "none"},
            # The container ends when its standard input does: with this process, however that ends.
            "stdin_open": True,
            "auto_remove": True,
        }

    def _command(self, number: int) -> list[str]:
        return command(self.config, number, python=None if self._view is not None else "python3")

    def _end(self, number: int) -> None:
        with self._lock:
            container = self._slots.pop(number, None)
        if container is not None:
            with suppress(OSError):  # it may have removed itself by now
                container.remove(force=True)

    def close(self) -> None:
        for number in list(self._slots):
            self._end(number)
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _knock() -> None:
    """Raises OSError where no daemon listens: the docker package would leave its socket open then."""
    address = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.removeprefix("unix://"))


def _said(cause: BaseException) -> str:
    return str(getattr(cause, "explanation", None) or cause)


class _Pump:
    """Moves bytes between a slot's channel and a container's attached streams, until either ends."""

    def __init__(self, channel: socket.socket, stream: Any) -> None:
        self._channel = channel
        self._attached = stream
        self._stream: socket.socket = getattr(stream, "_sock", stream)
        self._stream.settimeout(None)

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        inwards = threading.Thread(target=self._until_closed, args=(self._inwards,), daemon=True)
        inwards.start()
        self._until_closed(self._outwards)
        inwards.join()
        for end in (self._channel, self._attached, self._stream):
            with suppress(OSError):
                end.close()

    def _until_closed(self, work: Callable[[], None]) -> None:
        with suppress(OSError, EOFError):
            work()
        for end in (self._stream, self._channel):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _inwards(self) -> None:
        while data := self._channel.recv(CHUNK):
            self._stream.sendall(data)

    def _outwards(self) -> None:
        while True:
            kind, length = _FRAME.unpack(self._exactly(_FRAME.size))
            data = self._exactly(length)
            if kind == _STDOUT:
                self._channel.sendall(data)

    def _exactly(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            part = self._stream.recv(min(count, CHUNK))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
