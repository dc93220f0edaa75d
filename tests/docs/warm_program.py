"""The program `interlock`, loaded once: what types it a hundred times does not wait a hundred times for it to load.

A process loads the commands and then waits. What stands in its place on the `PATH` hands over its words, folder,
environment and the ends of its pipes; a fork of the loaded process runs the command with them, as the program itself
would, and its exit code is handed back.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LOADED: Final = (
    "interlock.cli.app",
    "interlock.cli.opening",
    "interlock.cli.driving",
    "interlock.cli.summary",
    "interlock.api.door",
)
_STANDS_FOR_IT: Final = """\
#!{python} -IS
import json, os, socket, sys

asked = socket.socket(socket.AF_UNIX)
asked.connect({socket!r})
said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(asked, [len(said).to_bytes(4, "big")], [0, 1, 2])
asked.sendall(said)
told = asked.recv(1)
sys.exit(told[0] if told else "the command ended without an exit code")
"""


@functools.cache
def folder_of_warm_program() -> str:
    """A folder for the `PATH` in which `interlock` is what hands over; the loaded process ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    place = str(folder / "socket")
    stand_in = folder / "interlock"
    stand_in.write_text(_STANDS_FOR_IT.format(python=sys.executable, socket=place), encoding="utf-8")
    stand_in.chmod(0o700)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.docs.warm_program", place],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"loaded\n"
    atexit.register(shutil.rmtree, folder)
    atexit.register(process.communicate)
    return str(folder)


def serve(place: str) -> int:
    """Run commands in forks until nobody can ask any more. In a fork this is the exit code of its command."""
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as ready:
        listening.bind(place)
        listening.listen()
        ready.register(listening, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        sys.stdout.write("loaded\n")
        sys.stdout.flush()
        while all(key.fileobj is listening for key, _ in ready.select()):
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                return _run(asked)
            asked.close()
    return 0


def _run(asked: socket.socket) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, pipes, _, _ = socket.recv_fds(asked, 4, 3)
    with asked.makefile("rb") as read:
        words, folder, environment = json.loads(read.read(int.from_bytes(length, "big")))
    for end, pipe in enumerate(pipes):
        os.dup2(pipe, end)
        os.close(pipe)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(end, "w" if end else "r", closefd=False) for end in range(3))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["interlock", *words]
    code: int = importlib.import_module("interlock.cli.app").main()
    sys.stdout.flush()
    sys.stderr.flush()
    asked.sendall(bytes([code]))
    return code


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
