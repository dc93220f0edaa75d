"""Which files a process and its children may reach, held by the kernel's Landlock without any privilege.

It does not hide names, sizes and times of other files, and does not look at who changes a mode or a time by name.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

ABI_THAT_SCOPES_SIGNALS: Final = 6
"""From here on a confined process cannot signal anything outside, whoever it runs as."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 10, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_FILE_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_BITS_NOW: Final = 16
_NET_BITS, _SCOPES = 3, 3
_ABI_WITH_NET: Final = 4


def landlock_abi() -> int:
    """The version of the running kernel's Landlock; 0 where there is none."""
    version = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return max(0, version)


def confine_files(*, read: Iterable[str], write: Iterable[str], network: bool) -> None:
    """Leave this process only these files and folders, to read (and execute) or also to write.

    What does not exist is left out. Device files, pipes and sockets cannot be made in any of them.
    """
    libc, abi = _libc(), landlock_abi()
    handled = (1 << _FILE_BITS.get(abi, _FILE_BITS_NOW)) - 1
    net = 0 if network or abi < _ABI_WITH_NET else _NET_BITS
    scopes = _SCOPES if abi >= ABI_THAT_SCOPES_SIGNALS else 0
    attributes = struct.pack("=QQQ", handled, net, scopes)
    length = 8 if abi < _ABI_WITH_NET else 16 if abi < ABI_THAT_SCOPES_SIGNALS else 24
    rules = _told(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(length), ctypes.c_uint32(0)))
    never = _MAKE_CHAR | _MAKE_SOCK | _MAKE_FIFO | _MAKE_BLOCK | _IOCTL_DEV
    for paths, access in ((read, _EXECUTE | _READ_FILE | _READ_DIR), (write, ~never)):
        for path in paths:
            _allow_beneath(rules, path, access & handled)
    _told(libc.syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0)))
    os.close(rules)


def _allow_beneath(rules: int, path: str, access: int) -> None:
    try:
        here = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(here).st_mode):
        access &= _OF_FILES
    rule = struct.pack("=Qi", access, here)
    _told(_libc().syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)))
    os.close(here)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _told(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"landlock: {os.strerror(ctypes.get_errno())}")
    return answer
