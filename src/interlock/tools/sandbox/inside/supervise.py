"""Watches over one job: unpacks its files, starts it confined, passes on what it writes, kills all of it, packs up.

It speaks with the door through its own input and output, which the job never sees. When the door falls silent, the job
is killed. It does not decide how long a job may run or how much it may say: the door does, and kills everything.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from . import archive, killing, limits, staging
from .frames import (
    END,
    ENDED,
    ERRORS,
    FILES,
    FULL,
    HEAD_BYTES,
    HELLO,
    INPUT,
    OUTPUT,
    PIECE_BYTES,
    STARTED,
    TASK,
    framed,
    head_of,
)
from .landlock import confine_files
from .seccomp import hold_to, seccomp_filter

_DOOR_IN, _DOOR_OUT = 0, 1
_LOOK_MILLISECONDS: Final = 50
"""How often the room that files take is looked at, where nothing else limits it."""

_DESCRIPTORS: Final = 1 << 20
"""More than a process here could have been given."""

Task = dict[str, Any]  # JSON that the door wrote


def main() -> None:
    """The whole life of one job."""
    limits.hide_from_job()
    limits.adopt_orphans()
    say(HELLO)
    kind, data = hear()
    assert kind == TASK, kind
    task: Task = json.loads(data)
    make_room(task)
    known = as_job_user(task, lambda: unpack_files(task))
    job = Job(task, Sent(INPUT).rest())
    try:
        job.start()
    except CannotStart as why:
        say(ENDED, {"cannot_start": f"{task['argv'][0]}: {why}"})
    else:
        say(STARTED)
        ended = job.watch()
        kill_everything(task)
        job.drain()
        say(FULL) if ended is None else say(ENDED, {"exit_code": ended})
    if task["keeps"]:
        as_job_user(task, lambda: send_files(task, known))


def make_room(task: Task) -> None:
    """The job's folders, where they are folders of the machine: in memory of a limited size, if this may mount any."""
    room = task["room"]
    if room is None:
        return
    if task["mounts"]:
        staging.leave_mounts_of_machine()
        staging.show_in_place(task["shown"])
        staging.mount_memory(room, size_bytes=task["limits"]["workspace_bytes"])
    for folder in (task["workspace"], task["environment"]["TMPDIR"]):
        os.mkdir(folder)
        if task["user"] is not None:
            os.chown(folder, task["user"], task["user"])


def say(kind: bytes, told: object = None) -> None:
    """One frame to the door, with bytes as they are and anything else as JSON."""
    data = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
    left = memoryview(framed(kind, data))
    while left:
        left = left[os.write(_DOOR_OUT, left) :]


def hear() -> tuple[bytes, bytes]:
    """One frame from the door, and not a byte more: what follows may be for another process."""
    kind, length = head_of(_exactly(HEAD_BYTES))
    return kind, _exactly(length)


def _exactly(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(_DOOR_IN, size - len(data))
        if not piece:
            sys.exit("the door has gone before the job began")
        data += piece
    return bytes(data)


def unpack_files(task: Task) -> dict[str, archive.Mark]:
    """Put the files into the workspace, and say how each can be told to be unchanged."""
    files = Sent(FILES)
    known = archive.unpack(files, task["workspace"])
    # An archive ends before its last piece does.
    files.rest()
    return known


def as_job_user(task: Task, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what JSON can say
    """Do it in a process of the job's own user, where that is another one: what a job left is met with its rights."""
    if task["user"] is None:
        return work()
    read, write = os.pipe()
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            limits.become(task["user"])
            with os.fdopen(write, "w") as answer:
                json.dump(work(), answer)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as answer:
        told = answer.read()
    if os.waitpid(worker, 0)[1]:
        sys.exit("the files of the job could not be moved")
    return json.loads(told)


def send_files(task: Task, known: dict[str, Any]) -> None:
    """What the job changed in its workspace, and the names that are gone."""
    packing = archive.Packing(task["limits"]["workspace_bytes"])
    marks = {name: tuple(mark) for name, mark in known.items()}
    for piece in archive.packed(task["workspace"], packing, known=marks):
        for start in range(0, len(piece), PIECE_BYTES):
            say(FILES, piece[start : start + PIECE_BYTES])
    gone = [] if packing.is_full else sorted(set(known) - set(packing.seen))
    say(END, {"deleted": gone, "left_out": packing.left_out, "full": packing.is_full})


def kill_everything(task: Task) -> None:
    """Nothing of the job is alive when this returns."""
    match task["kill"]:
        case "namespace":
            killing.kill_namespace()
        case "user":
            killing.kill_user(task["user"])
        case _:
            killing.kill_descendants()


class CannotStart(Exception):
    """The job's program could not be started; the message says why."""


class Sent:
    """What the door sends in frames of one kind up to the next end, as bytes that come one after another."""

    def __init__(self, kind: bytes) -> None:
        self._kind = kind
        self._piece = b""
        self._is_over = False

    def read(self, size: int) -> bytes:
        """At most that many; none at the end."""
        while not self._piece and not self._is_over:
            kind, self._piece = hear()
            self._is_over = kind == END
            assert kind in (self._kind, END), kind
        taken, self._piece = self._piece[:size], self._piece[size:]
        return taken

    def rest(self) -> bytes:
        """All that is still to come."""
        return b"".join(iter(lambda: self.read(PIECE_BYTES), b""))


class Job:
    """The job's first process, and the pipes to it."""

    def __init__(self, task: Task, given: bytes) -> None:
        self._task = task
        self._given = memoryview(given)
        self._process = 0
        self._pipes: dict[int, bytes] = {}
        self._input: int | None = None
        self._ended: int | None = None

    def start(self) -> None:
        """Start the program; CannotStart where it cannot be."""
        pipes = [os.pipe() for _ in range(4)]
        (job_in, to_job), (from_job, job_out), (errors, job_errors), (failure, failing) = pipes
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, _only_wake)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._process = os.fork()
        if self._process == 0:
            _become_job(self._task, (job_in, job_out, job_errors), failing)
        for end in (job_in, job_out, job_errors, failing):
            os.close(end)
        with os.fdopen(failure) as told:
            why = told.read()
        if why:
            raise CannotStart(why)
        for end in (to_job, from_job, errors):
            os.set_blocking(end, False)
        self._pipes, self._input = {from_job: OUTPUT, errors: ERRORS}, to_job

    def watch(self) -> int | None:
        """Pass everything on until the job's first process has ended; None if its files took too much room."""
        watched: str | None = None if self._task["mounts"] else self._task["room"]
        while self._ended is None:
            self._pass_on(None if watched is None else _LOOK_MILLISECONDS)
            if watched is not None and _room_taken(watched) > self._task["limits"]["workspace_bytes"]:
                return None
        return self._ended

    def drain(self) -> None:
        """Pass on what was written before everything was killed."""
        for pipe in list(self._pipes):
            while self._pass_on_from(pipe):
                pass

    def _pass_on(self, milliseconds: int | None) -> None:
        poll = select.poll()
        for pipe in (self._wake[0], _DOOR_IN, *self._pipes):
            poll.register(pipe, select.POLLIN)
        if self._input is not None:
            poll.register(self._input, select.POLLOUT)
        for pipe, _ in poll.poll(milliseconds):
            if pipe == self._wake[0]:
                os.read(pipe, PIECE_BYTES)
                self._notice_end()
            elif pipe == _DOOR_IN:
                # The door says nothing more, so it has gone, or wants the job to.
                kill_everything(self._task)
                sys.exit("the door has gone")
            elif pipe == self._input:
                self._give()
            else:
                self._pass_on_from(pipe)

    def _notice_end(self) -> None:
        status = killing.reap_ended().get(self._process)
        if status is not None:
            self._ended = os.waitstatus_to_exitcode(status)

    def _pass_on_from(self, pipe: int) -> bool:
        """Whether there was something."""
        try:
            data = os.read(pipe, PIECE_BYTES)
        except BlockingIOError:
            return False
        if data:
            say(self._pipes[pipe], data)
            return True
        del self._pipes[pipe]
        os.close(pipe)
        return False

    def _give(self) -> None:
        assert self._input is not None
        try:
            self._given = self._given[os.write(self._input, self._given) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._given = memoryview(b"")
        if not self._given:
            os.close(self._input)
            self._input = None


def _only_wake(_signal: int, _frame: FrameType | None) -> None:
    """That a child has ended is read from a pipe, like everything else."""


def _become_job(task: Task, streams: tuple[int, int, int], failing: int) -> None:
    """Put on every limit and become the job's program. It never returns."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for standard, stream in enumerate(streams):
            os.dup2(stream, standard)
        os.closerange(3, failing)
        os.closerange(failing + 1, _DESCRIPTORS)
        _confine(task)
        os.execvpe(task["argv"][0], task["argv"], task["environment"])
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must not begin, and somebody has to hear why
        os.write(failing, str(getattr(error, "strerror", None) or error).encode())
    finally:
        os._exit(127)


def _confine(task: Task) -> None:
    os.chdir(task["workspace"])
    os.umask(0o022)
    limits.be_the_first_to_go()
    others = 0 if task["user"] is not None or task["kill"] == "namespace" else limits.processes_of(os.getuid())
    limits.limit(task["limits"], processes=task["limits"]["processes"] + others)
    if task["user"] is not None:
        limits.become(task["user"])
    limits.die_with_supervisor()
    limits.gain_no_privileges()
    if task["landlock"] is not None:
        confine_files(**task["landlock"])
    for sign in (signal.SIGPIPE, signal.SIGXFSZ):
        # Python ignores these, and what is ignored stays so in the program that it becomes.
        signal.signal(sign, signal.SIG_DFL)
    hold_to(seccomp_filter(**task["seccomp"]))


def _room_taken(folder: str) -> int:
    """How much room the files of a folder take, as far as it can be seen while they change."""
    taken = 0
    for _, folders, files, here in os.fwalk(folder, follow_symlinks=False):
        for entry in (*folders, *files):
            try:
                taken += os.stat(entry, dir_fd=here, follow_symlinks=False).st_blocks * 512
            except OSError:
                continue
    return taken


if __name__ == "__main__":
    main()
