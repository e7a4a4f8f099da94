"""All settings, in one typed object: from the environment (`ASSAY_…`) or the TOML file that `ASSAY_CONFIG` names."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

_MAX_SOCKET_PATH = 100
"""A unix socket's path holds 107 bytes; a little is left for the server's own temporary names."""


class Settings(BaseSettings):
    """Every value can be set as `ASSAY_<NAME>`; the environment wins over the file."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    api_keys_file: Path | None = None
    """TOML file of API keys (`assay keys new NAME`); read again on SIGHUP."""
    api_keys: str = ""
    """API keys as `name=hash`, separated by commas."""
    open_metrics: bool = True
    """Whether `/metrics` needs no key: it has names of keys and rubrics, and nothing of what is scored."""
    insecure_no_auth: bool = False
    """Listen on a public address without keys."""
    data_dir: Path = Path(".assay")
    """Queue data, logs and the socket of the embedded server."""
    redis_url: Annotated[str | None, Field(validation_alias=AliasChoices("ASSAY_REDIS_URL", "REDIS_URL"))] = None
    """Server to use; where unset, `assay serve` starts one of its own."""
    redis_ca_file: Path | None = None
    """Certificates to trust in the server of a `rediss://` address; the system's where unset."""
    redis_cert_file: Path | None = None
    """Certificate to show to that server, with `redis_key_file`."""
    redis_key_file: Path | None = None
    redis_max_memory_mb: Annotated[int, Field(ge=0)] = 0
    """Memory of the embedded server, past which submissions get 503; 0 is no limit."""
    namespace: str = "assay"
    """Prefix of all keys: several deployments can share one server."""
    log_level: str = "info"
    sources: Path | None = None
    """TOML or JSON file: which rubric and kind of reference each data source has, for the trainers' dialects."""

    api_processes: Annotated[int, Field(ge=1, le=256)] = 1
    """API processes behind the port: one is busy at about 10,000 short items a second."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Worker processes that `assay serve` starts."""
    children: Annotated[int, Field(ge=1)] = os.cpu_count() or 1
    """Killable processes of each worker: one a core is the most that helps."""
    lanes: tuple[str, ...] = ("cpu", "code", "judge")

    batch_items: Annotated[int, Field(ge=1)] = 64
    """Most items of a micro-batch; where they are dear it holds fewer: as many as take about 15 ms."""
    batch_bytes: Annotated[int, Field(ge=1)] = 1280 * 1024
    """Text of a micro-batch."""
    coalesce_ms: Annotated[float, Field(ge=0)] = 2.0
    """How long a request of a few items waits for others where many are being scored, to share a micro-batch; a part of
    that where there are few."""
    cache_items: Annotated[int, Field(ge=0)] = 20_000
    """Scores that an API process keeps, to answer equal items with; 0 keeps none."""
    prefetch: Annotated[int, Field(ge=1)] = 2
    """Micro-batches a worker holds for each child: one at work and one to go on with."""

    item_cpu_s: Annotated[float, Field(gt=0)] = 5.0
    """CPU time one reward may spend on one item; past it the completion is at fault (`cpu_exceeded`)."""
    item_wall_s: Annotated[float, Field(gt=0)] = 30.0
    """Wall time one reward may take on one item; past it without the CPU time spent, the service is (`timeout`)."""
    child_memory_mb: Annotated[int, Field(ge=128)] = 1024
    """Address space of a child."""
    child_rss_mb: Annotated[int, Field(ge=64)] = 512
    """Resident memory past which a child is replaced between two micro-batches."""
    plugin_cpu_s: Annotated[float, Field(gt=0)] | None = None
    """CPU time a plugin's reward may spend on one item, where the plugin does not say; unset: as any reward."""
    plugin_wall_s: Annotated[float, Field(gt=0)] | None = None
    """Wall time, likewise."""
    plugin_memory_mb: Annotated[int, Field(ge=1)] | None = None
    """Memory beyond what the child has when the reward begins, likewise."""
    child_max_items: Annotated[int, Field(ge=1)] = 200_000
    """Items after which a child is replaced, so that a leak in a plugin stays bounded."""
    pin_children: bool = False
    """Bind each child of the `cpu` lane to one core: steadier times where the worker has its cores to itself."""
    part_rows: Annotated[int, Field(ge=1)] = 20_000
    """Rows of a part of `assay rescore`: a file of some MB."""

    judge_url: str = ""
    """Base of an OpenAI-compatible API, with its `/v1`, for references of kind `judge`."""
    judge_model: str = ""
    judge_key: SecretStr = SecretStr("none")
    judge_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """For one reply; two must fit into `item_wall_s`."""
    judge_max_tokens: Annotated[int, Field(ge=16)] = 512
    """Room for a short thought before the verdict."""

    code_wall_s: Annotated[float, Field(gt=0)] = 900.0
    """Wall time of one item of the code lane, all its tests together; each test has a limit of its own."""
    sandbox_backend: str = "jail"
    """How programs are isolated; `assay doctor` tells which work here. `unsafe_subprocess` isolates nothing."""
    sandbox_packages: tuple[Path, ...] = ()
    """Folders of Python packages that programs may import."""
    sandbox_preload: tuple[str, ...] = ()
    """Modules that programs find loaded already."""

    lease_s: Annotated[float, Field(gt=0)] = 4.0
    """A micro-batch whose worker has not renewed it for so long goes to another worker."""
    max_deliveries: Annotated[int, Field(ge=1)] = 3
    """Deliveries of a micro-batch; after so many workers died of it, it is answered with `error`."""
    max_queued_batches: Annotated[int, Field(ge=1)] = 50_000
    """Micro-batches waiting in one lane before requests get 429."""
    stall_s: Annotated[float, Field(gt=0)] = 30.0
    """Longest pause of a client within a body that it sends, or a stream that it reads: one that stops holds memory."""
    max_queued_bytes: Annotated[int, Field(ge=1)] = 4 * 1024 * 1024 * 1024
    """Bytes waiting in one lane, as Redis counts them, before requests get 429."""
    max_requests: Annotated[int, Field(ge=1)] = 16_384
    """Requests that one API process scores at a time, before others get 429: two GRPO steps of one item each."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 512 * 1024 * 1024
    """Body of a request, after decompression: 8,192 completions of 32 KB are 256 MiB."""
    max_inbound_bytes: Annotated[int, Field(ge=1024)] = 2 * 1024 * 1024 * 1024
    """Bodies in the memory of one API process, of all its requests, before others get 429."""
    max_stream_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024 * 1024
    """Body of an NDJSON request, which is never in memory as a whole: 65,536 items of 128 KB."""
    window_items: Annotated[int, Field(ge=64)] = 16_384
    """Items of one request that are in the queue at a time."""
    reply_ttl_s: Annotated[int, Field(ge=1)] = 600
    """How long replies to an API process that died are kept."""
    job_ttl_s: Annotated[int, Field(ge=60)] = 7 * 86_400
    """How long after its submission a job is deleted if it is not done by then."""
    job_results_ttl_s: Annotated[int, Field(ge=60)] = 86_400
    """How long the results of a job are kept after its end."""
    job_window_items: Annotated[int, Field(ge=32)] = 2_048
    """Items of one job that are in the queue at a time: enough for 32 children, and little for others to wait for."""
    max_jobs: Annotated[int, Field(ge=1)] = 1_000
    """Jobs that are not over, before submissions get 429."""
    max_jobs_bytes: Annotated[int, Field(ge=1)] = 16 * 1024 * 1024 * 1024
    """Items of all jobs that are not scored, before submissions get 429; Redis keeps them in memory."""
    grace_s: Annotated[float, Field(ge=0)] = 10.0
    """Time to finish what is at work after SIGTERM."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("ASSAY_CONFIG")
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    @property
    def log_dir(self) -> Path:
        return self.data_dir.resolve() / "logs"

    @property
    def redis_dir(self) -> Path:
        return self.data_dir.resolve() / "redis"

    @property
    def redis_socket(self) -> Path:
        """Socket of the embedded server; under the system's temporary folder if the data folder's path is too long."""
        path = self.redis_dir / "redis.sock"
        if len(os.fsencode(path)) <= _MAX_SOCKET_PATH:
            return path
        return Path(tempfile.gettempdir()) / f"assay-{sha256(os.fsencode(path)).hexdigest()[:16]}.sock"

    @property
    def spool_dir(self) -> Path | None:
        """Where the API leaves large payloads for the workers; None where the queue's server is not the embedded one:
        then workers may be of other machines."""
        embedded = self.redis_url in (None, f"unix://{self.redis_socket}")
        return self.data_dir.resolve() / "spool" if embedded else None

    @property
    def server_url(self) -> str:
        """URL of the queue's server: the one named, or the embedded one's socket."""
        return self.redis_url or f"unix://{self.redis_socket}"
