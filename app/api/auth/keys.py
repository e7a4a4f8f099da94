"""API keys: secrets that are known here by their hashes alone, each with a name and limits.

Keys come from a TOML file (`ASSAY_API_KEYS_FILE`) and from `ASSAY_API_KEYS`, `name=hash` separated by commas:

    [trainer-a]
    hash = "sha256:…"
    requests_per_s = 50
    concurrency = 64
    priority = "offline"

A secret has 256 random bits, so that a fast hash is enough: there is nothing to guess.
"""

import hmac
import re
import secrets
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_PREFIX = "ak_"
_SECRET_BYTES = 32
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")
"""Names become labels of metrics."""
_LONGEST_SECRET = 512


class BadKeys(Exception):
    """The keys can't be read. The message says where and why."""


class ApiKey(BaseModel):
    """One key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    hash: str
    requests_per_s: Annotated[float, Field(gt=0)] | None = None
    """Of each API process; no limit where unset."""
    burst: Annotated[int, Field(ge=1)] | None = None
    """Requests that may come at once; those of two seconds where unset."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Requests at a time, of each API process."""
    priority: Literal["online", "offline"] = "online"
    """Highest priority: what asks for more gets this."""

    def capped(self, priority: str) -> str:
        """The priority that a request gets that asks for this one."""
        return self.priority if self.priority == "offline" else priority


class KeyRing:
    """All keys; empty where the service is open to all."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self.keys = dict(keys)

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret. The time it takes does not depend on which key matches, or how far."""
        if len(secret) > _LONGEST_SECRET:
            return None
        given = hashed(secret)
        found = None
        for key in self.keys.values():
            if hmac.compare_digest(key.hash, given):
                found = key
        return found

    @classmethod
    def load(cls, file: Path | None, given: str) -> "KeyRing":
        """Read all keys. Raises BadKeys."""
        keys: dict[str, ApiKey] = {}
        if file is not None:
            for name, fields in _read(file).items():
                keys[name] = _key(name, fields, str(file))
        for entry in filter(None, (part.strip() for part in given.split(","))):
            name, _, hash_ = entry.partition("=")
            keys[name.strip()] = _key(name.strip(), {"hash": hash_.strip()}, "ASSAY_API_KEYS")
        return cls(keys)


def new_secret() -> str:
    """A secret to give to a user of the service; it is kept nowhere."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hashed(secret: str) -> str:
    """What the service knows of a secret."""
    return "sha256:" + sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadKeys(f"{file}: {error}") from None


def _key(name: str, fields: Any, where: str) -> ApiKey:
    if not _NAME.fullmatch(name):
        raise BadKeys(f"{where}: '{name[:64]}' is no name of a key: letters, digits, '.', '_', '-'")
    if not isinstance(fields, dict) or not _HASH.fullmatch(str(fields.get("hash"))):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise BadKeys(f"{where}: {name}: needs `hash`, as `assay keys new {name}` prints it")
    try:
        return ApiKey.model_validate({**fields, "name": name})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadKeys(f"{where}: {name}.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
