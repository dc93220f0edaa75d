"""What hostile programs try, to be sent into a sandbox as text: standard library alone, one function an attack.

`python -c TEXT NAME WORD ARGUMENTS` runs one of them and prints what it returns. WORD lets whoever looks from outside
recognise every process that comes of it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any


def outcome(attempt: Callable[[], Any]) -> str:
    """How an attempt ended, in one word."""
    try:
        result = attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "failed")
    except ValueError:
        return "EINVAL"
    except MemoryError:
        return "no memory"
    return "worked" if result is None or result is True else str(result)


def called(number: int, *arguments: int | None) -> None:
    """Make a system call, and raise what it answers."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *(ctypes.c_ulong(word or 0) for word in arguments)) < 0:
        raise OSError(ctypes.get_errno(), "")


def connected(family: int, address: Any) -> None:  # noqa: ANN401 - each family has its own kind
    """Whether somebody answers."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        connection.connect(address)


def survey(bait: dict[str, Any]) -> dict[str, str]:
    """Everything that is over at once."""
    file, folder, process, neighbour = bait["file"], bait["folder"], bait["process"], bait["neighbour"]
    libc = ctypes.CDLL(None, use_errno=True)

    def clone_into_new_user() -> None:
        if libc.syscall(bait["clone"], 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "")
        os._exit(0)

    def sent_by_datagram() -> None:
        left, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        left.sendto(b"x", bait["path_socket"])

    tried: dict[str, Callable[[], Any]] = {
        # First, as the others open some.
        "open files": lambda: str(
            [number for number in range(200) if outcome(lambda n=number: os.fstat(n) and None) == "worked"]
        ),
        "read a secret": lambda: open(file).read() == bait["secret"] or "something else",
        "read a secret through /proc": lambda: open(f"/proc/1/root{file}").read() == bait["secret"] or "other",
        "read the shadow file": lambda: open("/etc/shadow").close(),
        "read the environment of the door": lambda: "PATH" in open(f"/proc/{process}/environ").read() or "other",
        "environment of the first process": lambda: repr(open("/proc/1/environ").read()),
        "write a file": lambda: open(file, "w").close(),
        "make a file": lambda: open(f"{folder}/made", "x").close(),
        "truncate a file": lambda: os.truncate(file, 0),
        "remove a file": lambda: os.unlink(file),
        "rename a file": lambda: os.rename(file, f"{folder}/renamed"),
        "link to a file": lambda: os.link(file, "linked"),
        "mode of a file": lambda: os.chmod(file, 0),
        "times of a file": lambda: os.utime(file, (1, 1)),
        "owner of a file": lambda: os.chown(file, os.getuid(), os.getgid()),
        "attribute of a file": lambda: os.setxattr(file, "user.x", b"x"),
        "write to the programs": lambda: open("/usr/made", "x").close(),
        "abstract socket": lambda: connected(socket.AF_UNIX, "\0" + bait["abstract"]),
        "socket in a folder": lambda: connected(socket.AF_UNIX, bait["path_socket"]),
        "datagram to a socket in a folder": sent_by_datagram,
        "server of the machine": lambda: connected(socket.AF_INET, ("127.0.0.1", bait["port"])),
        "signal the door": lambda: os.kill(process, signal.SIGTERM) if process > 500 else "nobody there",
        "signal a neighbour": lambda: os.kill(neighbour, signal.SIGTERM) if neighbour > 500 else "nobody there",
        "limits of a neighbour": lambda: (
            neighbour > 500 and resource.prlimit(neighbour, resource.RLIMIT_NOFILE, (9, 9)) and None
        ),
        "priority of a neighbour": lambda: os.setpriority(os.PRIO_PROCESS, neighbour, 19),
        "processors of a neighbour": lambda: os.sched_setaffinity(neighbour, {0}),
        "supervisor's memory": lambda: os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)),
        "supervisor's output": lambda: os.close(os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY | os.O_NONBLOCK)),
        "type on a terminal": lambda: fcntl.ioctl(0, 0x5412, b"x"),
        "paste on a terminal": lambda: fcntl.ioctl(0, 0x541C, b"\3"),
        "open the terminal": lambda: os.close(os.open("/dev/tty", os.O_RDWR)),
        "clone into a new user namespace": clone_into_new_user,
        "shared memory": lambda: mmap.mmap(-1, 4096).close(),
        "memory of a device": lambda: mmap.mmap(os.open("/dev/zero", os.O_RDWR), 4096).close(),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100_000, 100_000)),
        "be root": lambda: os.setresuid(0, 0, 0) or (os.getuid() != 0 and "not it"),
        "make a device": lambda: os.mknod("device", 0o020666, os.makedev(1, 3)),
        "a terabyte in one file": lambda: os.truncate(os.open("huge", os.O_CREAT | os.O_RDWR), 1 << 40),
        "user": lambda: str(os.getuid()),
        "environment": lambda: str(sorted(os.environ)),
    }
    for name, family in bait["families"].items():
        tried[f"socket {name}"] = lambda family=family: socket.socket(
            family, socket.SOCK_RAW if family in (16, 17) else 1
        ).close()
    for name, number in bait["calls"].items():
        tried[f"call {name}"] = lambda number=number: called(number)
    return {what: outcome(attempt) for what, attempt in tried.items()}


def take_terminal(terminal: str) -> dict[str, str]:
    """Type on the terminal of whoever started all this, by every way to it, and on one of its own."""
    ways = {
        **{f"stream {number}": lambda number=number: number for number in range(3)},
        "the terminal of the session": lambda: os.open("/dev/tty", os.O_RDWR),
        "by its name": lambda: os.open(terminal, os.O_RDWR),
        "of the supervisor": lambda: os.open(f"/proc/{os.getppid()}/fd/0", os.O_RDWR | os.O_NONBLOCK),
        "of the first process": lambda: os.open("/proc/1/fd/0", os.O_RDWR | os.O_NONBLOCK),
        "one of its own": pty_of_its_own,
    }
    tricks: dict[str, Callable[[int], Any]] = {
        "type": lambda opened: fcntl.ioctl(opened, 0x5412, b"x") and None,
        # The kernel reads the lower half of the number; a filter that reads all of it is passed by.
        "type by another number": lambda opened: called(_IOCTL[os.uname().machine], opened, 0x1_0000_5412, _letter()),
        "paste": lambda opened: fcntl.ioctl(opened, 0x541C, b"\3") and None,
    }
    return {
        f"{trick}: {way}": outcome(lambda way=way, trick=trick: tricks[trick](ways[way]()))
        for way in ways
        for trick in tricks
    }


_IOCTL = {"x86_64": 16, "aarch64": 29}


def _letter() -> int:
    """Where a letter stands in memory, and stays."""
    letter = ctypes.create_string_buffer(b"x")
    _kept.append(letter)
    return ctypes.addressof(letter)


_kept: list[Any] = []


@functools.cache
def pty_of_its_own() -> int:
    """A terminal that belongs to its session, which can have one only."""
    _master, slave = os.openpty()
    fcntl.ioctl(slave, 0x540E, 0)
    return slave


def memory(gigabytes: int) -> str:
    """Ask for more than there is."""
    return outcome(lambda: len(bytearray(gigabytes << 30)))


def fork_bomb(_: object) -> None:
    """Every process makes as many as it can, and none ends."""
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def loop(_: object) -> None:
    """Compute for ever."""
    while True:
        pass


def ignore_and_sleep(_: object) -> None:
    """Hear no polite request."""
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(sign, signal.SIG_IGN)
    while True:
        time.sleep(1)


def daemonise(_: object) -> str:
    """Leave somebody behind who belongs to nobody, and keeps the job's output open."""
    if os.fork():
        return "left"
    os.setsid()
    if os.fork():
        os._exit(0)
    ignore_and_sleep(_)
    return "never"


def take_another_name(seconds: str) -> str:
    """Leave somebody behind of whom nothing tells where they came from."""
    begun, beginning = os.pipe()
    if os.fork():
        os.close(beginning)
        os.read(begun, 1)  # it ends when they have become another program
        return "left"
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(0, 3)
    os.execv("/bin/sleep", ["sleep", seconds])  # noqa: S606 - no shell would do
    return "never"


def orphan(count: int) -> int:
    """Processes that end at once, of which nobody is the parent any more; how many could be made."""
    for made in range(count):
        # Those that have ended are not asked about at once, so a refusal need not be the last word.
        if not any(orphaned() or time.sleep(0.01) for _ in range(500)):
            return made
    return count


def orphaned() -> bool:
    """Whether a process could be made whose parent ends, and ends too."""
    try:
        child = os.fork()
    except BlockingIOError:
        return False
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        os.fork()
    except BlockingIOError:
        os._exit(1)
    os._exit(0)


def flood(_: object) -> None:
    """Write until nobody reads."""
    while True:
        os.write(1, b"x" * 65_536)


def flood_errors(_: object) -> None:
    """The other output."""
    while True:
        os.write(2, b"x" * 65_536)


def fill(megabytes: int) -> str:
    """Many files of a megabyte."""
    data = b"x" * (1 << 20)
    for number in range(megabytes):
        try:
            with open(f"file-{number}", "wb") as file:
                file.write(data)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        time.sleep(0.01)
    return "written"


def children_with_memory(asked: dict[str, int]) -> int:
    """How many children can each hold so much at the same time."""
    pipes: list[int] = []
    for _ in range(asked["children"]):
        read, write = os.pipe()
        if os.fork() == 0:
            held = bytearray(asked["bytes"])
            held[:: mmap.PAGESIZE] = b"x" * len(held[:: mmap.PAGESIZE])
            os.write(write, b"+")
            signal.pause()
        os.close(write)
        pipes.append(read)
    # One that is killed for it says nothing, and closes its pipe.
    return sum(os.read(pipe, 1) == b"+" for pipe in pipes)


def leave_traps(_: object) -> str:
    """Things in the workspace that would hurt whoever opens them."""
    os.symlink("/etc/passwd", "link")
    os.symlink("/", "folder-link")
    tried = [
        outcome(lambda: os.mkfifo("pipe")),
        outcome(lambda: os.link("kept", "second-name")),
        outcome(lambda: os.mkdir(".git") or os.mkdir(".git/hooks")),
        outcome(lambda: open(".git/hooks/post-checkout", "w").close()),
        outcome(lambda: open(b"bad-\xff-name", "w").close()),
        outcome(lambda: open("new\nline", "w").close()),
        outcome(lambda: open("plain", "w").close()),
    ]
    return " ".join(tried)


def sparse(megabytes: int) -> str:
    """Files that are all holes."""
    for number in range(8):
        with open(f"hole-{number}", "wb") as file:
            file.truncate(megabytes << 20)
    return "made"


def dig(levels: int) -> str:
    """Folders in folders."""
    for level in range(levels):
        os.mkdir("d")
        os.chdir("d")
        if level % 100 == 0:
            open("here", "w").close()
    return "dug"


def stop_supervisor(_: object) -> None:
    """Keep the one who watches from watching."""
    outcome(lambda: os.kill(os.getppid(), signal.SIGSTOP))
    ignore_and_sleep(_)


def kill_supervisor(_: object) -> None:
    """Kill the one who watches, and everybody who can be."""
    outcome(lambda: os.kill(os.getppid(), signal.SIGKILL))
    outcome(lambda: os.kill(-1, signal.SIGKILL))
    ignore_and_sleep(_)


def leave_early(_: object) -> None:
    """End with success before anything was done."""
    os._exit(0)


def speak_as_supervisor(frame: str) -> None:
    """Say what a supervisor would say, on every open file."""
    for number in range(100):
        outcome(lambda number=number: os.write(number, bytes.fromhex(frame)) and None)
    sys.exit(3)


if __name__ == "__main__":
    name, _word, told = sys.argv[1:4]
    print(json.dumps(globals()[name](json.loads(told))))
