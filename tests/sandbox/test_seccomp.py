"""The jail's system-call filter, tried on every call's number by reading it as the kernel does."""

import errno
import struct

import pytest

from sandbox.harness import seccomp

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_PID, AF_UNIX, AF_INET = 0x20000000, 1, 2


def verdict(program: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What a filter answers to a call."""
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    data = {0: number, 4: architecture, 16: argument}
    at = held = 0
    while True:
        code, on_true, on_false, value = steps[at]
        at += 1
        match code:
            case 0x20:
                held = data[value]
            case 0x06:
                return value
            case _:
                holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
                at += on_true if holds else on_false


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
@pytest.mark.parametrize("counted", [True, False])
def test_each_call_is_answered_as_the_tables_say(machine: str, column: int, counted: bool) -> None:
    program = seccomp.build(machine, counted=counted)
    refused = {numbers[column] for group in seccomp.REFUSED.values() for numbers in group.values()}
    memfd_create = (319, 279)[column]
    expected = dict.fromkeys(range(seccomp.NEWEST_KNOWN + 1), ALLOW)
    expected |= {number: EPERM for number in refused if number >= 0}
    expected |= {} if counted else {memfd_create: EPERM}
    expected |= {435: ENOSYS, (41, 198)[column]: EPERM, (53, 199)[column]: EPERM}
    got = {number: verdict(program, ARCHITECTURES[machine], number) for number in expected}
    assert got == expected


def both(first: bytes, second: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What two filters answer: the kernel asks all, and takes the severest answer: to kill, else the lowest number."""
    answers = [verdict(program, architecture, number, argument) for program in (first, second)]
    return KILL if KILL in answers else min(answers)


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("counted", [True, False])
def test_two_filters_refuse_what_the_one_does(machine: str, counted: bool) -> None:
    whole, two = seccomp.build(machine, counted=counted), seccomp.split(machine, counted=counted)
    architecture = ARCHITECTURES[machine]
    for number in (*range(seccomp.NEWEST_KNOWN + 2), 1000, 0x40000000, 0xFFFFFFFF):
        for argument in (0, AF_UNIX, AF_INET, NEW_PID, 0x003D0F00):
            expected = verdict(whole, architecture, number, argument)
            assert both(*two, architecture, number, argument) == expected, (number, argument)
    assert both(*two, 0x40000003, 4) == KILL


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_first_of_two_filters_leaves_what_starts_programs(machine: str, column: int) -> None:
    first, _ = seccomp.split(machine)
    numbers = {name: numbers[column] for group in seccomp.REFUSED.values() for name, numbers in group.items()}
    allowed = {name for name, number in numbers.items() if verdict(first, ARCHITECTURES[machine], number) == ALLOW}
    assert allowed - {name for name, number in numbers.items() if number < 0} == set(seccomp.OURS)
    assert verdict(first, ARCHITECTURES[machine], (56, 220)[column], NEW_PID) == ALLOW


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_arguments_decide_on_clone_and_sockets(machine: str, column: int) -> None:
    program, architecture = seccomp.build(machine), ARCHITECTURES[machine]
    clone, socket = (56, 220)[column], (41, 198)[column]
    assert verdict(program, architecture, clone, NEW_PID) == EPERM
    assert verdict(program, architecture, clone, 0x003D0F00) == ALLOW  # a thread
    assert verdict(program, architecture, socket, AF_UNIX) == ALLOW
    assert verdict(program, architecture, socket, AF_INET) == EPERM


@pytest.mark.parametrize("number", [seccomp.NEWEST_KNOWN + 1, 1000, 0x3FFFFFFF])
def test_calls_newer_than_the_tables_do_not_exist(number: int) -> None:
    assert verdict(seccomp.build("x86_64"), ARCHITECTURES["x86_64"], number) == ENOSYS


@pytest.mark.parametrize("number", [0x40000000, 0x40000000 | 59, 0xFFFFFFFF])
def test_calls_by_other_entries_kill(number: int) -> None:
    program = seccomp.build("x86_64")
    assert verdict(program, ARCHITECTURES["x86_64"], number) == KILL
    assert verdict(program, 0x40000003, 4) == KILL
