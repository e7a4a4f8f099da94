"""The jail's system-call filter: what a program that only computes never needs is refused.

A list of refusals, not of permissions: runtimes as different as the JVM, V8 and Go's must run, and a permission list
that fits them all refuses little more. Calls newer than the tables below are answered ENOSYS, so that a new kernel
opens nothing that was not looked at. Each refusal has its reason in the group's name.
"""

import errno
import struct

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
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
        "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265),
        "vmsplice": (278, 75),
        "memfd_secret": (447, 447),
        "io_setup": (206, 0),
    },
    "shared memory that outlives a process": {
        "shmget": (29, 194),
        "shmat": (30, 196),
        "shmctl": (31, 195),
        "semget": (64, 190),
        "msgget": (68, 186),
        "mq_open": (240, 180),
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
        "uselib": (134, -1),
        "lookup_dcookie": (212, 18),
        "vhangup": (153, 58),
    },
}
# clone3 hides its flags behind a pointer; answered ENOSYS, C libraries fall back to clone.
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR = (56, 220), (435, 435), (41, 198), (53, 199)
_MEMFD_CREATE = (319, 279)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def _op(code: int, value: int, on_true: int = 0, on_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, on_true, on_false, value)


def _refuse_if_equal(number: int, error: int = errno.EPERM) -> bytes:
    return _op(_JUMP_EQUAL, number, 0, 1) + _op(_RETURN, _ERRNO | error)


def build(machine: str, *, counted: bool = True) -> bytes:
    """The filter for a machine ("x86_64", "aarch64") as the kernel takes it.

    `counted`: the kernel counts the memory of the whole tree. Where it does not, memory that belongs to no process is
    refused, as nothing would find it. Raises KeyError for a machine whose call numbers are not in the tables.
    """
    column, architecture = _ARCHITECTURES[machine]
    out = [
        _op(_LOAD, _ARCHITECTURE_AT),
        # Another architecture's calls (32-bit entry points) have other numbers: no program here needs them.
        _op(_JUMP_EQUAL, architecture, 1, 0),
        _op(_RETURN, _KILL),
        _op(_LOAD, _NUMBER_AT),
        _op(_JUMP_ABOVE, _X32_BIT - 1, 0, 1),
        _op(_RETURN, _KILL),
        _op(_JUMP_ABOVE, NEWEST_KNOWN, 0, 1),
        _op(_RETURN, _ERRNO | errno.ENOSYS),
        _refuse_if_equal(_CLONE3[column], errno.ENOSYS),
    ]
    for group in REFUSED.values():
        out += [_refuse_if_equal(numbers[column]) for numbers in group.values() if numbers[column] >= 0]
    if not counted:
        out.append(_refuse_if_equal(_MEMFD_CREATE[column]))
    out += [
        # clone: refused with any flag that asks for a namespace.
        _op(_JUMP_EQUAL, _CLONE[column], 0, 4),
        _op(_LOAD, _FIRST_ARGUMENT_AT),
        _op(_JUMP_ANY_BIT, NEW_NAMESPACES & ~0x80, 0, 1),
        _op(_RETURN, _ERRNO | errno.EPERM),
        _op(_RETURN, _ALLOW),
        # Sockets: local ones only, for what runtimes do within a process; the network namespace is empty besides.
        # Asking for another family would make the kernel load its module.
        _op(_JUMP_EQUAL, _SOCKET[column], 1, 0),
        _op(_JUMP_EQUAL, _SOCKETPAIR[column], 0, 3),
        _op(_LOAD, _FIRST_ARGUMENT_AT),
        _op(_JUMP_EQUAL, _AF_UNIX, 1, 0),
        _op(_RETURN, _ERRNO | errno.EPERM),
        _op(_RETURN, _ALLOW),
    ]
    return b"".join(out)
