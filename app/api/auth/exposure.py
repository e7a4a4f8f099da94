"""Refuses to serve everybody by mistake: a public address needs keys, or a word that it shall have none."""

import socket
from ipaddress import ip_address

from app.api.auth.keys import KeyRing
from app.settings import Settings


class OpenToAll(Exception):
    """The service would be open to whoever reaches it. The message says what to do."""


def check_exposure(settings: Settings, ring: KeyRing) -> None:
    """Raises OpenToAll."""
    if len(ring) or settings.insecure_no_auth or _loopback(settings.host):
        return
    raise OpenToAll(
        f"refusing to listen on {settings.host} without API keys: whoever reaches it could run programs and use up the "
        "machine. Make a key with `assay keys new NAME` and set ASSAY_API_KEYS or ASSAY_API_KEYS_FILE; or, where "
        "something else guards the address, set ASSAY_INSECURE_NO_AUTH=1 (or --insecure-no-auth)"
    )


def _loopback(host: str) -> bool:
    """Whether an address or a name is this machine's own, and nothing else."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ip_address(str(address).partition("%")[0]).is_loopback for address in found)
