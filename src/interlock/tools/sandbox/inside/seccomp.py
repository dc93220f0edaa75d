"""Which system calls a job may not make, as a filter that the kernel holds it and its children to.

It refuses by name what a program has no need of and an attacker has: other processes' memory, mounts, namespaces,
kernel objects, and sockets of all but the granted families. It is a second wall: files and networks are kept
away by the tier itself.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from typing import Final

_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers of (x86_64, aarch64); None where an architecture has no such call.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "lookup_dcookie": (212, 18),
    "vhangup": (153, 58),
    # Notes on files: whoever may write to one may make them, and Landlock does not look at that.
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # Memory that belongs to no process, and talk that passes by every socket.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}

# What changes a file by its name. Landlock does not look at these, so where a job runs as the person who started it,
# they would reach that person's files. They are said to have worked: programs that copy files set modes and times.
_BY_NAME: Final[dict[str, tuple[int | None, int | None]]] = {
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
}
_BY_NAME_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
}

# What is done to a process by its number, and the argument that says which: the user's others would be in reach too. A
# job may do it to the process that asks, which is number 0.
_OF_A_PROCESS: Final = {
    "prlimit64": ((302, 261), 0),
    "sched_setaffinity": ((203, 122), 0),
    "sched_setscheduler": ((144, 119), 0),
    "sched_setparam": ((142, 118), 0),
    "sched_setattr": ((314, 274), 0),
    "setpriority": ((141, 140), 1),
    "ioprio_set": ((251, 30), 1),
}
_UTIMENSAT: Final = (280, 88)

_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)
_IOCTL, _MMAP = (16, 29), (9, 222)
_LAST_KNOWN: Final = 469
"""Calls that are newer than this module answer as on a kernel that does not have them."""

_NEW_NAMESPACES: Final = 0x7E020000
_AF_UNIX: Final = 1
_TYPE_BITS: Final = 0xF
_CONNECTED_TYPES: Final = (1, 5)  # stream and seqpacket: a pair of these can never speak to a third
_TERMINAL_TRICKS: Final = (0x5412, 0x541C)  # TIOCSTI types on somebody's terminal, TIOCLINUX pastes there
_SHARED_ANONYMOUS: Final = 0x21

_LD, _AND, _JEQ, _JGT, _JSET, _RET = 0x20, 0x54, 0x15, 0x25, 0x45, 0x06
_NR, _ARCH, _ARGS = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE: Final = _ERRNO | errno.EPERM
_UNKNOWN: Final = _ERRNO | errno.ENOSYS
_PRETEND: Final = _ERRNO

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_Step = tuple[int, int, int, int]


def seccomp_filter(*, families: Iterable[int], shares_user: bool, machine: str | None = None) -> bytes:
    """The filter for this machine: sockets of these families only, and more where the job `shares_user` with others.

    KeyError where the machine's calls are not known.
    """
    machine = machine or platform.machine()
    which = list(_ARCHITECTURES).index(machine) if machine in _ARCHITECTURES else None
    if which is None:
        raise KeyError(f"the system calls of {machine} are not known here")
    steps: list[_Step] = [
        *((_LD, 0, 0, _ARCH), (_JEQ, 1, 0, _ARCHITECTURES[machine]), _returns(_KILL)),
        *((_LD, 0, 0, _NR), (_JGT, 0, 1, _LAST_KNOWN), _returns(_UNKNOWN)),
        *_always(_CLONE3[which], _UNKNOWN),
    ]
    tables = [(_REFUSED, _REFUSE)] + ([(_BY_NAME, _PRETEND), (_BY_NAME_REFUSED, _REFUSE)] if shares_user else [])
    for table, answer in tables:
        for numbers in table.values():
            steps += _always(numbers[which], answer)
    steps += _when(_CLONE[which], 0, [(_JSET, 0, 1, _NEW_NAMESPACES), _returns(_REFUSE)])
    steps += _when(_IOCTL[which], 1, [step for trick in _TERMINAL_TRICKS for step in _equal(trick, _REFUSE)])
    steps += _when(
        _MMAP[which], 3, [(_AND, 0, 0, _SHARED_ANONYMOUS), (_JEQ, 0, 1, _SHARED_ANONYMOUS), _returns(_REFUSE)]
    )
    if shares_user:
        for numbers, argument in _OF_A_PROCESS.values():
            steps += _when(numbers[which], argument, [(_JEQ, 1, 0, 0), _returns(_REFUSE)])
        # Without a name it sets the times of a file that is open already.
        steps += _when(_UTIMENSAT[which], 1, [(_JEQ, 1, 0, 0), _returns(_PRETEND)])
    steps += _when(_SOCKET[which], 0, [*(step for one in families for step in _equal(one, _ALLOW)), _returns(_REFUSE)])
    steps += _when(_SOCKETPAIR[which], 0, [(_JEQ, 1, 0, _AF_UNIX), _returns(_REFUSE)])
    connected = [step for one in _CONNECTED_TYPES for step in _equal(one, _ALLOW)]
    steps += _when(_SOCKETPAIR[which], 1, [(_AND, 0, 0, _TYPE_BITS), *connected, _returns(_REFUSE)])
    return b"".join(struct.pack("HBBI", *step) for step in [*steps, _returns(_ALLOW)])


def hold_to(program: bytes) -> None:
    """Put this process and all that it will start under the filter, for ever.

    It needs no privileges once none can be gained.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    held = Program(len(program) // 8, ctypes.cast(instructions, ctypes.c_void_p))
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(held), 0, 0):
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def _returns(answer: int) -> _Step:
    return (_RET, 0, 0, answer)


def _equal(value: int, answer: int) -> list[_Step]:
    return [(_JEQ, 0, 1, value), _returns(answer)]


def _always(number: int | None, answer: int) -> list[_Step]:
    return [] if number is None else _equal(number, answer)


def _when(number: int, argument: int, steps: list[_Step]) -> list[_Step]:
    """Look at the lower half of one argument of one call, and at the number again for all that follows."""
    body = [(_LD, 0, 0, _ARGS + 8 * argument), *steps, (_LD, 0, 0, _NR)]
    return [(_JEQ, 0, len(body), number), *body]
