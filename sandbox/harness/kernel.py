"""The kernel's calls that Python's standard library lacks, each raising OSError with what it was for.

The numbers are the kernel's stable ABI. `PyDLL` keeps the interpreter lock over a call: a `clone` child must not
find it released by a thread that it does not have.
"""

import ctypes
import functools
import os
import platform
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_NOATIME = 1, 2, 4, 8, 32, 1024
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
PR_SET_CHILD_SUBREAPER = 36
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522

# name: (x86_64, aarch64)
_NUMBERS = {"clone": (56, 220), "pivot_root": (155, 41), "capset": (126, 91), "close_range": (436, 436)}
MACHINE = platform.machine()
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(MACHINE)

_CAPABILITY_HEADER = ctypes.create_string_buffer(CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4), 8)
_NO_CAPABILITIES = ctypes.create_string_buffer(24)
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def supported() -> bool:
    """Whether this machine's system-call numbers are known here."""
    return _COLUMN is not None


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    if _COLUMN is None:
        raise OSError(f"{name}: system-call numbers of {MACHINE} are not known")
    number = _NUMBERS[name][_COLUMN]
    plain = [ctypes.c_ulong(item) if isinstance(item, int) else item for item in arguments]
    return _check(_libc.syscall(ctypes.c_long(number), *plain), name)


def clone(namespaces: int) -> int:
    """Fork into new namespaces: 0 in the child, the child's pid in the parent. The process must have one thread."""
    return _syscall("clone", namespaces | signal.SIGCHLD, 0, 0, 0, 0)


def fork() -> int:
    """Fork without the interpreter's own hooks, which cost a third of it; the child must seed what is random."""
    return _check(_libc.fork(), "fork")


def unshare(namespaces: int) -> None:
    _check(_libc.unshare(ctypes.c_int(namespaces)), "unshare")


def setns(fd: int, kind: int) -> None:
    """Enter a namespace, or (a pid namespace) have children born in it."""
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    _check(
        _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()),
        f"mount {target}",
    )


def umount(target: str) -> None:
    """Take a mount out of the tree at once; it goes when its last user does."""
    _check(_libc.umount2(target.encode(), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def pivot_to(directory: str) -> None:
    """Make a mount point the root of this mount namespace, and forget the old root."""
    os.chdir(directory)
    _syscall("pivot_root", b".", b".")
    umount(".")
    os.chdir("/")


def prctl(option: int, argument: int = 0, third: int = 0) -> None:
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), ctypes.c_ulong(third), zero, zero), "prctl")


class FilterProgram(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@functools.cache
def prepared(program: bytes) -> tuple[ctypes.Array[ctypes.c_char], FilterProgram]:
    """A filter as the kernel takes it; the first must be kept as long as the second is used."""
    code = ctypes.create_string_buffer(program, len(program))
    return code, FilterProgram(len(program) // 8, ctypes.addressof(code))


def install_filter(program: bytes) -> None:
    """Confine this process and its children by a seccomp program (array of `sock_filter`). Needs no_new_privs."""
    header = prepared(program)[1]
    result = _libc.prctl(ctypes.c_int(PR_SET_SECCOMP), ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(header))
    _check(result, "seccomp")


def mprotect(address: int, size: int, rights: int) -> None:
    """Raises OSError."""
    _check(_libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(rights)), "mprotect")


def drop_capabilities() -> None:
    """Give up every capability, ambient ones with the permitted, for good once no_new_privs is set."""
    _syscall("capset", _CAPABILITY_HEADER, _NO_CAPABILITIES)


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    # Linux takes any unsigned number as the last, gVisor's kernel only those that descriptors can have.
    _syscall("close_range", first, 0x7FFFFFFF, 0)
