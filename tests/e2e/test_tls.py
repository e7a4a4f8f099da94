"""Redis behind TLS: a real server, a terminator in front of it, certificates of a test's own authority."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from app.queue.connection import Server
from app.queue.outage import QueueUnavailable
from app.settings import Settings

pytestmark = pytest.mark.e2e

OPENSSL = shutil.which("openssl")


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run([str(OPENSSL), *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, another one, and a server's and a client's certificate of the first."""
    if OPENSSL is None:
        pytest.skip("no openssl")
    folder = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "other"):
        subject = ("-subj", f"/CN={name}", "-days", "1")
        openssl("req", "-x509", *key, *subject, "-keyout", f"{name}.key", "-out", f"{name}.pem", folder=folder)
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=folder)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "names")
        openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem", folder=folder)
    return folder


@pytest.fixture
async def port(redis_server: Server, certificates: Path) -> AsyncGenerator[int]:
    """Port of the terminator, which wants a certificate of its clients."""
    path = redis_server.url.removeprefix("unix://")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    running: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        for task in (relay(reader, inner_writer), relay(inner_reader, writer)):
            running.add(asyncio.ensure_future(task))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield listener.sockets[0].getsockname()[1]
    listener.close()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def settings(port: int, certificates: Path, authority: str, client: str | None = "client") -> Settings:
    return Settings(
        redis_url=f"rediss://localhost:{port}/0",
        redis_ca_file=certificates / f"{authority}.pem",
        redis_cert_file=certificates / f"{client}.pem" if client else None,
        redis_key_file=certificates / f"{client}.key" if client else None,
    )


async def test_a_server_of_a_known_authority_is_used(port: int, certificates: Path):
    server = Server.of(settings(port, certificates, "ca"))
    await server.ping()
    await server.add_all([("s", {"x": 1})])
    assert await server.lengths(["s"]) == [1]
    await server.close()


@pytest.mark.parametrize(("authority", "client"), [("other", "client"), ("ca", None)])
async def test_strangers_are_not_spoken_to(port: int, certificates: Path, authority: str, client: str | None):
    server = Server.of(settings(port, certificates, authority, client))
    with pytest.raises(QueueUnavailable):
        await server.ping()
    await server.close()
