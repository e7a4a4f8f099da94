"""The jail's system-call filter: what a program that only computes never needs is refused.

A list of refusals, not of permissions: runtimes as different as the JVM, V8 and Go's must run, and a permission list
that fits them all refuses little more. Calls newer than the tables below are answered ENOSYS, so that a new kernel
opens nothing that was not looked at. Few ranges make a short filter: calls of no use beside refused ones are refused
with them. Each refusal has its reason in the group's name. Most of it is inherited from the zygote; what that one needs
itself, a short second filter refuses, as each run has the kernel translate that.
"""

import errno
import struct
from collections.abc import Mapping
from typing import NamedTuple

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_BIT = 0x40000000
_AF_UNIX = 1

NEWEST_KNOWN = 462
"""Number of the newest call that was judged (mseal, Linux 6.10); both tables share numbers from 424 on."""
NEW_NAMESPACES = 0x7E020080
"""All CLONE_NEW* flags, time namespaces included."""

# name: (x86_64, aarch64); -1 where the architecture has no such call.
REFUSED: dict[str, dict[str, tuple[int, int]]] = {
    "namespaces and mounts": {
        "unshare": (272, 97),
        "setns": (308, 268),
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "chroot": (161, 51),
        "open_tree": (428, 428),
        "move_mount": (429, 429),
        "fsopen": (430, 430),
        "fsconfig": (431, 431),
        "fsmount": (432, 432),
        "fspick": (433, 433),
        "mount_setattr": (442, 442),
        "statmount": (457, 457),
        "listmount": (458, 458),
        "mknod": (133, -1),
        "mknodat": (259, 33),
    },
    "other processes": {
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "process_madvise": (440, 440),
        "kcmp": (312, 272),
        "pidfd_getfd": (438, 438),
        "process_mrelease": (448, 448),
    },
    "large and young parts of the kernel": {
        "bpf": (321, 280),
        "io_uring_setup": (425, 425),
        "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427),
        "perf_event_open": (298, 241),
        "userfaultfd": (323, 282),
        "add_key": (248, 217),
        "request_key": (249, 218),
        "keyctl": (250, 219),
        "fanotify_init": (300, 262),
        "fanotify_mark": (301, 263),
        "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265),
        "vmsplice": (278, 75),
        "memfd_secret": (447, 447),
        "io_setup": (206, 0),
        "io_destroy": (207, 1),
        "io_getevents": (208, 4),
        "io_submit": (209, 2),
        "io_cancel": (210, 3),
        "landlock_create_ruleset": (444, 444),
        "landlock_add_rule": (445, 445),
        "landlock_restrict_self": (446, 446),
        "lsm_get_self_attr": (459, 459),
        "lsm_set_self_attr": (460, 460),
        "lsm_list_modules": (461, 461),
    },
    "shared memory that outlives a process": {
        "shmget": (29, 194),
        "shmat": (30, 196),
        "shmctl": (31, 195),
        "shmdt": (67, 197),
        "semget": (64, 190),
        "semop": (65, 193),
        "semctl": (66, 191),
        "semtimedop": (220, 192),
        "msgget": (68, 186),
        "msgsnd": (69, 189),
        "msgrcv": (70, 188),
        "msgctl": (71, 187),
        "mq_open": (240, 180),
        "mq_unlink": (241, 181),
        "mq_timedsend": (242, 182),
        "mq_timedreceive": (243, 183),
        "mq_notify": (244, 184),
        "mq_getsetattr": (245, 185),
    },
    "identity": {
        "setuid": (105, 146),
        "setgid": (106, 144),
        "setreuid": (113, 145),
        "setregid": (114, 143),
        "setresuid": (117, 147),
        "setresgid": (119, 149),
        "setgroups": (116, 159),
        "setfsuid": (122, 151),
        "setfsgid": (123, 152),
        "capset": (126, 91),
    },
    "the machine itself": {
        "reboot": (169, 142),
        "kexec_load": (246, 104),
        "kexec_file_load": (320, 294),
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "delete_module": (176, 106),
        "swapon": (167, 224),
        "swapoff": (168, 225),
        "acct": (163, 89),
        "settimeofday": (164, 170),
        "clock_settime": (227, 112),
        "adjtimex": (159, 171),
        "clock_adjtime": (305, 266),
        "quotactl": (179, 60),
        "quotactl_fd": (443, 443),
        "syslog": (103, 116),
        "sethostname": (170, 161),
        "setdomainname": (171, 162),
        "iopl": (172, -1),
        "ioperm": (173, -1),
        "modify_ldt": (154, -1),
        "set_thread_area": (205, -1),
        "get_thread_area": (211, -1),
        "uselib": (134, -1),
        "sync": (162, 81),
        "syncfs": (306, 267),
        "lookup_dcookie": (212, 18),
        "vhangup": (153, 58),
    },
    "gone from the kernel": {
        "_sysctl": (156, -1),
        "create_module": (174, -1),
        "get_kernel_syms": (177, -1),
        "query_module": (178, -1),
        "nfsservctl": (180, 42),
        "getpmsg": (181, -1),
        "putpmsg": (182, -1),
        "afs_syscall": (183, -1),
        "tuxcall": (184, -1),
        "security": (185, -1),
    },
}
# clone3 hides its flags behind a pointer; answered ENOSYS, C libraries fall back to clone.
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR = (56, 220), (435, 435), (41, 198), (53, 199)
_MEMFD_CREATE = (319, 279)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
OURS = ("unshare", "setns", "mount", "umount2", "setgroups", "setresgid", "setresuid", "capset")
"""Refused calls that take a slot to a program without rights; besides them, `clone` into a namespace."""


Target = str | int
"""Where a jump leads: to one of the ends of the filter, or to the step of that position."""


class _Step(NamedTuple):
    code: int
    value: int
    on_true: Target
    on_false: Target


def _ends(column: int, counted: bool) -> dict[int, Target]:
    """What becomes of the calls that are not simply allowed."""
    ends: dict[int, Target] = {
        numbers[column]: "refuse" for group in REFUSED.values() for numbers in group.values() if numbers[column] >= 0
    }
    if not counted:
        ends[_MEMFD_CREATE[column]] = "refuse"
    ends |= {_CLONE[column]: "clone", _CLONE3[column]: "unknown"}
    return ends | {_SOCKET[column]: "socket", _SOCKETPAIR[column]: "socket"}


def _ours(column: int) -> set[int]:
    numbers = {name: numbers[column] for group in REFUSED.values() for name, numbers in group.items()}
    return {_CLONE[column], *(numbers[name] for name in OURS)}


def _ranges(ends: Mapping[int, Target]) -> list[tuple[int, Target]]:
    """The same from each number on at which it changes."""
    every = [ends.get(number, "allow") for number in range(NEWEST_KNOWN + 1)]
    return [(number, end) for number, end in enumerate(every) if not number or end != every[number - 1]]


def _tree(ranges: list[tuple[int, Target]], steps: list[_Step]) -> Target:
    """Add the steps that find a number's range by halving; returns where to start.

    Not one number after the other: when a filter is put in place, which every run does, the kernel tries it on each
    call's number.
    """
    if len(ranges) == 1:
        return ranges[0][1]
    middle, at = len(ranges) // 2, len(steps)
    steps.append(_Step(_JUMP_AT_LEAST, ranges[middle][0], "", ""))
    low = _tree(ranges[:middle], steps)
    steps[at] = steps[at]._replace(on_false=low, on_true=_tree(ranges[middle:], steps))
    return at


def build(machine: str, *, counted: bool = True) -> bytes:
    """The filter for a machine ("x86_64", "aarch64") as the kernel takes it.

    `counted`: the kernel counts the memory of the whole tree. Where it does not, memory that belongs to no process is
    refused, as nothing would find it. Raises KeyError for a machine whose call numbers are not in the tables.
    """
    column, architecture = _ARCHITECTURES[machine]
    return _whole(architecture, _ends(column, counted))


def split(machine: str, *, counted: bool = True) -> tuple[bytes, bytes]:
    """The same in two filters. Raises KeyError.

    The first leaves what is OURS, so that whoever starts programs can have it: they inherit it, and the kernel need
    not translate it for each of them. The second refuses the rest, and only to those that have the first already.
    """
    column, architecture = _ARCHITECTURES[machine]
    ends, ours = _ends(column, counted), _ours(column)
    common = {number: end for number, end in ends.items() if number not in ours}
    steps = [_Step(_LOAD, _NUMBER_AT, "", "")]
    _tree(_ranges({number: ends[number] for number in ours}), steps)
    return _whole(architecture, common), _finished(steps)


def _whole(architecture: int, ends: Mapping[int, Target]) -> bytes:
    steps = [
        _Step(_LOAD, _ARCHITECTURE_AT, "", ""),
        # Another architecture's calls (32-bit entry points) have other numbers: no program here needs them.
        _Step(_JUMP_EQUAL, architecture, 2, "kill"),
        _Step(_LOAD, _NUMBER_AT, "", ""),
    ]
    _tree([*_ranges(ends), (NEWEST_KNOWN + 1, "unknown"), (_X32_BIT, "kill")], steps)
    return _finished(steps)


def _finished(steps: list[_Step]) -> bytes:
    """With the ends that its jumps lead to, and those alone."""
    wanted = {target for step in steps for target in (step.on_true, step.on_false)}
    for name in list(_ENDS):
        wanted |= {t for step in _ENDS[name] for t in (step.on_true, step.on_false)} if name in wanted else set()
    ends: dict[Target, int] = {}
    for name, block in _ENDS.items():
        if name in wanted:
            ends[name] = len(steps)
            steps += block
    return b"".join(_assembled(step, at, ends) for at, step in enumerate(steps))


_ENDS = {
    # clone: refused with any flag that asks for a namespace.
    "clone": [
        _Step(_LOAD, _FIRST_ARGUMENT_AT, "", ""),
        _Step(_JUMP_ANY_BIT, NEW_NAMESPACES & ~0x80, "refuse", "allow"),
    ],
    # Sockets: local ones only, for what runtimes do within a process; the network namespace is empty besides.
    # Asking for another family would make the kernel load its module.
    "socket": [_Step(_LOAD, _FIRST_ARGUMENT_AT, "", ""), _Step(_JUMP_EQUAL, _AF_UNIX, "allow", "refuse")],
    "allow": [_Step(_RETURN, _ALLOW, "", "")],
    "refuse": [_Step(_RETURN, _ERRNO | errno.EPERM, "", "")],
    "unknown": [_Step(_RETURN, _ERRNO | errno.ENOSYS, "", "")],
    "kill": [_Step(_RETURN, _KILL, "", "")],
}
"""Where a call's number leads."""


def _assembled(step: _Step, at: int, ends: Mapping[Target, int]) -> bytes:
    """A step as the kernel reads it: jumps count the steps to leave out, at most 255."""
    jumps = [0 if target == "" else ends.get(target, target) for target in (step.on_true, step.on_false)]
    skipped = [int(target) - at - 1 if target else 0 for target in jumps]
    return struct.pack("<HBBI", step.code, *skipped, step.value)
