"""Runs one job in the place that a tier made for it: files in, output and files out, and everything dead at the end.

What comes from inside is counted and cut here; how long a job may take is decided here too, by a clock that it cannot
reach. Whatever happens, cancelling included, nothing of the job is alive when `run_enclosed` returns.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec
from msgspec import Struct

from interlock.core.plan import Micros
from interlock.tools.sandbox.enclosure import Enclosure, Tier, task_of
from interlock.tools.sandbox.inside import archive, frames
from interlock.tools.sandbox.job import Ending, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.leftovers import Family, kill_descendants, kill_user
from interlock.tools.sandbox.returning import Returned, printable, take_back

START_SECONDS: Final = 10.0
"""How long a tier may take to set up a place and its files, which is not the job's time."""
END_SECONDS: Final = 20.0
"""How long packing what is left may take."""
_POLITE_SECONDS: Final = 3.0
_LAST_SECONDS: Final = 5.0
"""How long after the last was killed it may take until all that they said has been read."""
_ARCHIVE_SPARE: Final = 32 * 1024 * 1024
"""Room for the heads of an archive's members, beside their bytes."""
_COMPLAINT_BYTES: Final = 2_000


class EnclosedSandbox:
    """A sandbox of one tier."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier

    @property
    def tier(self) -> str:
        """How well it contains programs, by name."""
        return self._tier.name

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it does not keep them from."""
        return self._tier.gaps

    @property
    def python(self) -> Path:
        """A Python interpreter that a job can always run."""
        return self._tier.python

    async def run(self, job: SandboxJob) -> SandboxResult:
        """What became of the job. When this is cancelled, everything of the job is killed first."""
        return await run_enclosed(self._tier, job)


async def run_enclosed(tier: Tier, job: SandboxJob) -> SandboxResult:
    """What became of the job."""
    try:
        with tier.enclosed(job) as enclosure, tempfile.TemporaryFile() as files:
            conversation = _Conversation(job, enclosure, cast("BinaryIO", files))
            await conversation.hold()
            return conversation.result(tier.name)
    except OSError as error:
        return SandboxResult(
            ended="stopped", exit_code=None, stdout=b"", stderr=b"", tier=tier.name, wall=Micros(0), note=str(error)
        )


class _Stopped(Exception):
    """The job is over before it said so."""

    def __init__(self, ending: Ending, note: str = "") -> None:
        super().__init__(note)
        self.ending: Ending = ending


class _Ended(Struct, frozen=True):
    """What the supervisor says about the end."""

    exit_code: int | None = None
    cannot_start: str = ""


class _Packed(Struct, frozen=True):
    """What the supervisor says about the files that it sent."""

    deleted: list[str] = []
    left_out: list[tuple[str, str]] = []
    full: bool = False


@dataclass
class _Said:
    """One of the job's outputs, cut at its limit."""

    bytes_max: int
    data: bytearray = field(default_factory=bytearray)

    def take(self, piece: bytes) -> None:
        """Keep what fits; what does not ends the job."""
        self.data += piece[: self.bytes_max - len(self.data) + 1]
        if len(self.data) > self.bytes_max:
            del self.data[self.bytes_max :]
            raise _Stopped("output_full")


class _Conversation:
    """Everything between the door and one supervisor."""

    def __init__(self, job: SandboxJob, enclosure: Enclosure, files: BinaryIO) -> None:
        self._job, self._enclosure, self._files = job, enclosure, files
        self._limits: SandboxLimits = job.limits
        self._out, self._errors = _Said(job.limits.output_bytes), _Said(job.limits.output_bytes)
        self._sent: dict[str, str] = {}
        self._not_sent: list[str] = []
        self._ended: _Ended | None = None
        self._packed: _Packed | None = None
        self._ending: Ending = "stopped"
        self._note = ""
        self._family: Family | None = None
        self._started_at = self._ended_at = 0.0

    async def hold(self) -> None:
        """From the start of the supervisor to the death of all that it started."""
        process = await self._start()
        failed = ""
        complaint = asyncio.create_task(_end_of(process.stderr))
        try:
            await self._talk(process)
        except _Stopped as stopped:
            self._ending, self._note = stopped.ending, str(stopped)
        except (OSError, EOFError, frames.BadFrame, msgspec.MsgspecError) as error:
            failed = str(error)
        finally:
            self._ended_at = self._ended_at or _now()
            await _to_the_end(self._end(process, complaint))
            told = complaint.result() if complaint.done() and not complaint.cancelled() else ""
        if failed:
            self._note = f"{failed} ({told})" if told else failed

    def result(self, tier: str) -> SandboxResult:
        """What became of the job, with its files back in their folder if it came to an end of its own."""
        came = self._take_back()
        wall = Micros(int((self._ended_at - self._started_at) * 1_000_000)) if self._started_at else Micros(0)
        return SandboxResult(
            ended=self._ending,
            exit_code=self._ended.exit_code if self._ended else None,
            stdout=bytes(self._out.data),
            stderr=bytes(self._errors.data),
            tier=tier,
            wall=wall,
            changed=came.changed,
            deleted=came.deleted,
            cut=came.is_cut or self._ending == "output_full",
            refused_members=(*self._not_sent, *came.refused),
            note=self._note,
        )

    async def _start(self) -> asyncio.subprocess.Process:
        enclosure = self._enclosure
        user = {} if enclosure.runs_as is None else {"user": enclosure.runs_as, "group": enclosure.runs_as}
        return await asyncio.create_subprocess_exec(
            *enclosure.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Also what only sets the sandbox up: its first process would show its environment inside.
            env={},
            cwd="/",
            start_new_session=True,
            **({**user, "extra_groups": ()} if user else {}),  # pyright: ignore[reportArgumentType] - its stubs know each alone
        )

    async def _talk(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS) as limit:
                kind, _ = await _heard(process.stdout)
                if kind != frames.HELLO:
                    raise frames.BadFrame(f"the supervisor began with {kind!r}")
                # All that is needed around the job is there now, and nothing of the job is yet.
                self._family = Family(process.pid)
                if self._enclosure.cgroup is not None:
                    self._enclosure.cgroup.take_in(self._family.processes)
                await self._send(process)
                while self._packed is None:
                    kind, data = await _heard(process.stdout)
                    self._take(kind, data, limit)
                    if self._ended is not None and not self._expects_files:
                        break
        except TimeoutError:
            raise self._too_late() from None

    def _too_late(self) -> _Stopped:
        if self._ended is not None:
            return _Stopped("stopped", f"its files were not packed within {END_SECONDS:g} s")
        if self._started_at:
            return _Stopped("timed_out")
        return _Stopped("stopped", f"it could not be started within {START_SECONDS:g} s")

    @property
    def _expects_files(self) -> bool:
        return self._job.keeps and self._job.workspace is not None

    def _take(self, kind: bytes, data: bytes, limit: asyncio.Timeout) -> None:
        match kind:
            case frames.STARTED:
                self._started_at = _now()
                limit.reschedule(self._started_at + self._limits.wall / 1_000_000)
            case frames.OUTPUT:
                self._out.take(data)
            case frames.ERRORS:
                self._errors.take(data)
            case frames.FULL:
                raise _Stopped("stopped", f"its files took more than {self._limits.workspace_bytes:,} bytes")
            case frames.ENDED:
                self._take_end(msgspec.json.decode(data, type=_Ended))
                limit.reschedule(self._ended_at + END_SECONDS)
            case frames.FILES:
                if self._files.tell() + len(data) > self._limits.workspace_bytes + _ARCHIVE_SPARE:
                    raise _Stopped("stopped", "its files are more than was asked for")
                self._files.write(data)
            case frames.END:
                self._packed = msgspec.json.decode(data, type=_Packed)
            case _:
                raise frames.BadFrame(f"the supervisor said {kind!r}")

    def _take_end(self, ended: _Ended) -> None:
        self._ended, self._ended_at = ended, _now()
        if ended.cannot_start or ended.exit_code is None:
            raise _Stopped("stopped", f"it cannot be started: {ended.cannot_start}")
        self._ending = "exited" if ended.exit_code >= 0 else "signalled"

    async def _send(self, process: asyncio.subprocess.Process) -> None:
        to_job = process.stdin
        assert to_job is not None
        to_job.write(frames.framed(frames.TASK, task_of(self._job, self._enclosure.confinement)))
        await self._send_files(to_job)
        to_job.write(frames.framed(frames.END))
        for start in range(0, len(self._job.stdin), frames.PIECE_BYTES):
            piece = self._job.stdin[start : start + frames.PIECE_BYTES]
            to_job.write(frames.framed(frames.INPUT, piece))
            await to_job.drain()
        to_job.write(frames.framed(frames.END))
        await to_job.drain()

    async def _send_files(self, to_job: asyncio.StreamWriter) -> None:
        if self._job.workspace is None:
            to_job.write(frames.framed(frames.FILES, bytes(1024)))
            return
        packing = archive.Packing(self._limits.workspace_bytes)
        digests: dict[str, Any] = {}
        pieces = archive.packed(
            str(self._job.workspace),
            packing,
            on_file=lambda name, data: digests.setdefault(name, hashlib.sha256()).update(data),
        )
        for piece in pieces:
            to_job.write(frames.framed(frames.FILES, piece))
            await to_job.drain()
        if packing.is_full:
            name, why = packing.left_out[-1]
            raise _Stopped("stopped", f"the workspace is larger than a job's may be: {name}: {why}")
        self._sent = {name: digests[name].hexdigest() if name in digests else "" for name in packing.seen}
        self._not_sent = [f"{name}: {why}, so it was not sent in" for name, why in packing.left_out]

    async def _end(self, process: asyncio.subprocess.Process, complaint: asyncio.Task[str]) -> None:
        """Nothing of the job lives when this returns; where something does, the result says so."""
        assert process.stdin is not None
        assert process.stdout is not None
        # Unread, it would hide from the event loop that everybody has gone.
        unread = asyncio.create_task(_end_of(process.stdout))
        if not self._enclosure.is_killed_whole:
            # The supervisor ends everything of its job when it hears nothing more, and only then itself.
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _POLITE_SECONDS)
            except TimeoutError:
                # First those who would be orphans without it, and nobody's then.
                await kill_descendants(process.pid)
        # As they were at the start: who has lost its parent since would not be found any more.
        with self._family or Family(process.pid) as family:
            is_ended = await family.kill()
        cgroup, user = self._enclosure.cgroup, self._enclosure.job_user
        is_empty = await cgroup.kill() if cgroup is not None else True
        is_gone = await kill_user(user) if user is not None else True
        process.stdin.close()
        has_closed = await _all_end([asyncio.create_task(process.wait()), unread, complaint])
        if not (is_ended and is_empty and is_gone and has_closed):
            self._ending, self._note = "stopped", "something of it could not be killed"

    def _take_back(self) -> Returned:
        if self._packed is None or self._job.workspace is None or self._ending not in ("exited", "signalled"):
            return Returned(changed=(), deleted=(), refused=(), is_cut=False)
        self._files.seek(0)
        came = take_back(
            self._files,
            self._job.workspace,
            sent=self._sent,
            gone=self._packed.deleted,
            bytes_max=self._limits.workspace_bytes,
        )
        left_out = tuple(f"{printable(name)}: {printable(why)}" for name, why in self._packed.left_out)
        return msgspec.structs.replace(
            came, refused=(*came.refused, *left_out), is_cut=came.is_cut or self._packed.full
        )


async def _heard(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next frame; EOFError when there is none."""
    try:
        kind, length = frames.head_of(await stream.readexactly(frames.HEAD_BYTES))
        return kind, await stream.readexactly(length)
    except asyncio.IncompleteReadError:
        raise EOFError("its supervisor ended before it did") from None


async def _end_of(stream: asyncio.StreamReader | None) -> str:
    """The end of what is written there, read up to it so that nobody waits for us."""
    assert stream is not None
    kept = b""
    while data := await stream.read(frames.PIECE_BYTES):
        kept = (kept + data)[-_COMPLAINT_BYTES:]
    return " ".join(kept.decode(errors="replace").split())


async def _all_end(tasks: Sequence[asyncio.Task[Any]]) -> bool:
    """Whether all of them end. Who has got away may hold their other ends open for ever, and is not waited for."""
    _, waiting = await asyncio.wait(tasks, timeout=_LAST_SECONDS)
    for task in waiting:
        task.cancel()
    return not waiting


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it however often whoever waits for it is cancelled."""
    task = asyncio.ensure_future(work)
    was_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            was_cancelled = True
    task.result()
    if was_cancelled:
        raise asyncio.CancelledError


def _now() -> float:
    return asyncio.get_running_loop().time()
