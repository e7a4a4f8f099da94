"""A plugin's rewards tried on rows of a file, in processes that are ended when they go over their limits."""

import json
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from app.rewards import isolated, plugins, registry
from app.rewards.base import Component, GroupReward, Member, Reward, Sample
from app.rewards.memory import memory_limit

_IMPORT_S = 60.0
"""For a process to start and import the plugin."""
_MAX_LOST = 3
"""Processes that a reward may lose before the rest of the rows is left out."""


class Finding(NamedTuple):
    """What a reward said of a row (a group's reward: of a member of a group), and what is wrong with it."""

    reward: str
    row: str
    component: Component | None
    problem: str | None


class _Task(NamedTuple):
    plugin: Path
    rows: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]


class _Offer(NamedTuple):
    """A reward of the plugin: how many pieces of work it has, each within so many seconds."""

    name: str
    pieces: Sequence[str]
    wall_s: float


def trial(plugin: Path, rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> Iterator[Finding]:
    """Each reward on each row, and each group reward on each group of rows.

    Raises PluginError if the plugin can't be loaded, has no reward or doesn't take the parameters.
    """
    task = _Task(plugin.resolve(), rows, params)
    offers = next(_messages(_offer, (task,), _IMPORT_S))
    if not isinstance(offers, list):
        raise plugins.PluginError(str(offers))
    for offer in offers:  # pyright: ignore[reportUnknownVariableType]
        yield from _try(task, offer)  # pyright: ignore[reportUnknownArgumentType]


def _try(task: _Task, offer: _Offer) -> Iterator[Finding]:
    start = lost = 0
    while start < len(offer.pieces) and lost < _MAX_LOST:
        for message in _messages(_work, (task, offer.name, start), offer.wall_s):
            if isinstance(message, str):
                lost += 1
                yield Finding(offer.name, offer.pieces[start], None, message)
            elif message is not None:
                yield from message
            else:
                continue
            start += 1
    if start < len(offer.pieces):
        yield Finding(offer.name, offer.pieces[start], None, f"not tried: {lost} processes were lost before")


def _messages(target: Any, arguments: tuple[Any, ...], wall_s: float) -> Generator[Any]:
    """What a process sends up to its end; a sentence if it dies or lets one wait. The first message may take longer."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, target, arguments), daemon=True)
    process.start()
    theirs.close()
    patience = _IMPORT_S
    try:
        while True:
            if not ours.poll(patience):
                yield f"took more than {patience:g} s and was ended"
                return
            message = ours.recv()
            if message == "end":
                return
            yield message
            patience = wall_s
    except EOFError:
        process.join()
        cpu = process.exitcode == -signal.SIGXCPU
        yield "used more CPU time than its limit" if cpu else f"its process died: exit code {process.exitcode}"
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _serve(pipe: Connection, target: Any, arguments: tuple[Any, ...]) -> None:
    isolated.die_with_parent()
    target(pipe, *arguments)
    pipe.send("end")


def _load(task: _Task) -> list[registry.AnyReward]:
    os.environ[plugins.ENV] = str(task.plugin)
    return [registry.find(name) for name in plugins.load(str(task.plugin))]


def _offer(pipe: Connection, task: _Task) -> None:
    """In the process: the plugin's rewards, or why there are none."""
    try:
        rewards = _load(task)
        for reward in rewards:
            reward.params.model_validate(task.params)
    except Exception as error:  # noqa: BLE001 - the edge of somebody else's code
        pipe.send(f"{type(error).__name__}: {error}")
        return
    ids = [_name(n, row) for n, row in enumerate(task.rows)]
    groups = [group for group, _ in _groups(task.rows)]
    pipe.send(
        [
            _Offer(
                one.name,
                groups if isinstance(one, GroupReward) else ids,
                registry.limits_of(one).wall_s or isolated.DEFAULT_WALL_S,
            )
            for one in rewards
        ]
    )


def _work(pipe: Connection, task: _Task, name: str, start: int) -> None:
    """In the process: the findings of each piece of work from `start` on."""
    reward = next(one for one in _load(task) if one.name == name)
    limits = registry.limits_of(reward)
    params = reward.params.model_validate(task.params)
    pipe.send(None)  # loaded: from here on the reward's own limit counts
    pieces: list[Any] = _groups(task.rows) if isinstance(reward, GroupReward) else list(enumerate(task.rows))
    cpu_s = limits.cpu_s or limits.wall_s or isolated.DEFAULT_WALL_S
    for key, piece in pieces[start:]:
        resource.setrlimit(resource.RLIMIT_CPU, (ceil(time.process_time() + cpu_s), resource.RLIM_INFINITY))
        try:
            with memory_limit(limits.memory_mb or isolated.DEFAULT_MEMORY_MB):
                found = (
                    _group(reward, piece, params)
                    if isinstance(reward, GroupReward)
                    else [_once(reward, _name(key, piece), _sample(piece), params)]
                )
        except Exception as error:  # noqa: BLE001 - any fault of somebody else's code is shown
            where = key if isinstance(reward, GroupReward) else _name(key, piece)
            found = [Finding(name, where, None, f"raised {type(error).__name__}: {error}")]
        pipe.send(found)


def _name(number: int, row: Mapping[str, Any]) -> str:
    return str(row.get("id", number))


def _groups(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """The rows of each group; a row without one is its own."""
    groups: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for number, row in enumerate(rows):
        name = _name(number, row)
        groups.setdefault(str(row.get("group") or f"row {name}"), []).append((name, row))
    return list(groups.items())


def _sample(row: Mapping[str, Any]) -> Sample:
    reference: dict[str, Any] = row.get("reference") or {"kind": "none"}
    return Sample(row["completion"], row.get("prompt", ""), reference, row.get("language"), row.get("meta") or {})


def _once(reward: Reward[Any], name: str, sample: Sample, params: Any) -> Finding:
    component, again = reward.score(sample, params), reward.score(sample, params)
    return Finding(reward.name, name, component, _problem(reward, component, again))


def _group(reward: GroupReward[Any], rows: Sequence[tuple[str, Mapping[str, Any]]], params: Any) -> list[Finding]:
    members = [_member(_sample(row)) for _, row in rows]
    scored, again = reward.score_group(members, params), reward.score_group(members, params)
    if len(scored) != len(rows) or len(again) != len(rows):
        return [Finding(reward.name, rows[0][0], None, f"gave {len(scored)} components for {len(rows)} members")]
    return [
        Finding(reward.name, name, one, _problem(reward, one, two))
        for (name, _), one, two in zip(rows, scored, again, strict=True)
    ]


def _member(sample: Sample) -> Member:
    """A completion with its accuracy, the component that group rewards ask for; it is the reward, too."""
    accuracy = registry.get("accuracy")
    component = accuracy.score(sample, accuracy.params())
    return Member(sample, {"accuracy": component}, component.score)


def _problem(reward: registry.AnyReward, component: Component, again: Component) -> str | None:
    low, high = reward.bounds
    if component.score is not None and not low <= component.score <= high:
        return f"{component.score} is out of the reward's bounds {reward.bounds}"
    if (component.score, component.status) != (again.score, again.status):
        return f"scored again it is {again.score}: a reward should not change its mind"
    try:
        json.dumps(dict(component.evidence), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"its evidence is no JSON: {error}"
    return None
