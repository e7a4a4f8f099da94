"""A plugin's group reward in a process of its own, which is ended when it goes over its limits."""

import ctypes
import multiprocessing
import resource
import signal
from collections.abc import Mapping, Sequence
from math import ceil
from multiprocessing.connection import Connection
from typing import Any

from app.rewards import registry
from app.rewards.base import Component, GroupReward, Limits, Member, abstain
from app.rewards.memory import memory_limit
from app.status import Status

DEFAULT_WALL_S = 30.0
"""Where neither the plugin nor the settings say: as long as any reward of single items."""
DEFAULT_MEMORY_MB = 1024
_PR_SET_PDEATHSIG = 1


def score_group(reward: GroupReward[Any], members: Sequence[Member], params: Mapping[str, Any]) -> list[Component]:
    """One component a member, in their order; a plugin that fails abstains for all, with `timeout` or `error`."""
    limits = registry.limits_of(reward)
    wall_s = limits.wall_s or DEFAULT_WALL_S
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_serve, args=(theirs, reward.name, list(members), dict(params), limits), daemon=True
    )
    process.start()
    theirs.close()
    failure = Status.ERROR
    try:
        if ours.poll(wall_s):
            found: list[Component] | str = ours.recv()
        else:
            failure, found = Status.TIMEOUT, f"{reward.name} took more than {wall_s:g} s"
    except EOFError:
        process.join()
        found = f"the process of {reward.name} died"
        if process.exitcode == -signal.SIGXCPU:
            failure, found = Status.TIMEOUT, f"{reward.name} used more than {_cpu_s(limits)} s of CPU time"
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    return [abstain(failure, found) for _ in members] if isinstance(found, str) else found


def _cpu_s(limits: Limits) -> int:
    """In whole seconds, as the kernel counts them."""
    return ceil(limits.cpu_s or limits.wall_s or DEFAULT_WALL_S)


def die_with_parent() -> None:
    """In a process: be killed when the parent dies, and leave no core."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(pipe: Connection, name: str, members: list[Member], params: dict[str, Any], limits: Limits) -> None:
    """In the process: score, and send the components or what went wrong."""
    die_with_parent()
    cpu_s = _cpu_s(limits)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # first a signal that tells of it
    reward = registry.find(name)
    if not isinstance(reward, GroupReward):
        raise TypeError(f"'{name}' is no group reward")
    try:
        with memory_limit(limits.memory_mb or DEFAULT_MEMORY_MB):
            scored = reward.score_group(members, reward.params.model_validate(params))
    except Exception as error:  # noqa: BLE001 - the edge of somebody else's code
        pipe.send(f"{name}: {type(error).__name__}: {error}")
        return
    pipe.send(list(scored) if _fits(scored, members) else f"{name} did not give one component a member")


def _fits(scored: Any, members: Sequence[Member]) -> bool:
    return (
        isinstance(scored, Sequence)
        and len(scored) == len(members)  # pyright: ignore[reportUnknownArgumentType]
        and all(isinstance(one, Component) for one in scored)  # pyright: ignore[reportUnknownVariableType]
    )
