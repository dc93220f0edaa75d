"""A limit on memory and processes that holds for a job as a whole, where this process may make control groups.

Version 1 has a tree for each kind of limit, version 2 one for all. Where neither can be had a job's limits hold for
each of its processes alone, and `describe` says so.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

_MEMORY, _PIDS = "memory", "pids"
_PREFIX: Final = "interlock-"
"""Then comes the process id of the engine that made the group."""
_ENDS_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.005


class JobCgroup:
    """The control groups of one job: one folder, or two with version 1."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def take_in(self, processes: Sequence[int]) -> None:
        """From now on these, and all that they will start, count for the job."""
        for folder in self._folders:
            for process in processes:
                (folder / "cgroup.procs").write_text(str(process))

    def processes(self) -> set[int]:
        """What is alive in it."""
        return {int(line) for folder in self._folders for line in (folder / "cgroup.procs").read_text().split()}

    async def kill(self) -> bool:
        """Kill what is in it until nothing is, and say whether that worked."""
        deadline = asyncio.get_running_loop().time() + _ENDS_SECONDS
        while found := self.processes():
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_PAUSE_SECONDS)
        return True


@contextmanager
def job_cgroup(parents: Sequence[Path], *, memory_bytes: int, processes: int) -> Generator[JobCgroup | None]:
    """A control group for one job under each of the parents, gone afterwards; None where there are no parents."""
    if not parents:
        yield None
        return
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    with ExitStack() as gone:
        for parent in parents:
            _remove_forsaken(parent)
        folders = [parent / name for parent in parents]
        for folder in folders:
            folder.mkdir()
            gone.callback(_remove, folder)
            _limit(folder, memory_bytes=memory_bytes, processes=processes)
        yield JobCgroup(folders)


def cgroup_parents(root: Path = Path("/sys/fs/cgroup"), process: Path = Path("/proc/self/cgroup")) -> tuple[Path, ...]:
    """Where control groups for jobs can be made that limit both memory and processes; none if they cannot."""
    lines = [line.split(":", 2) for line in process.read_text().splitlines()] if process.is_file() else []
    places = {kind: place.lstrip("/") for _, kinds, place in lines for kind in kinds.split(",")}
    first = _usable_first(root, places)
    parents = first or _usable_second(root, places.get("", ""))
    return parents if all(_can_make(parent) for parent in parents) else ()


def _usable_first(root: Path, places: dict[str, str]) -> tuple[Path, ...]:
    found = [
        next((folder for folder in (root / kind / places[kind], root / kind) if folder.is_dir()), None)
        for kind in (_MEMORY, _PIDS)
        if kind in places
    ]
    return tuple(folder for folder in found if folder) if len(found) == 2 and all(found) else ()


def _usable_second(root: Path, own: str) -> tuple[Path, ...]:
    """A group with processes in it cannot limit its children, so the first one above that hands its limits down."""
    for folder in (root / own, *(root / own).parents):
        handed = folder / "cgroup.subtree_control"
        if handed.is_file() and {_MEMORY, _PIDS} <= set(handed.read_text().split()):
            return (folder,)
        if folder == root:
            break
    return ()


def _can_make(parent: Path) -> bool:
    trial = parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True


def _limit(folder: Path, *, memory_bytes: int, processes: int) -> None:
    for name, bound in (
        ("memory.limit_in_bytes", memory_bytes),
        ("memory.memsw.limit_in_bytes", memory_bytes),
        ("memory.max", memory_bytes),
        ("memory.swap.max", 0),
        ("pids.max", processes),
    ):
        file = folder / name
        if file.exists():
            file.write_text(str(bound))


def _remove_forsaken(parent: Path) -> None:
    """Groups of engines that were killed: nobody else would remove them."""
    for folder in parent.glob(f"{_PREFIX}*"):
        engine = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", engine).exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    # A group that still holds something cannot be removed; that is told by who counted it.
    with suppress(OSError):
        folder.rmdir()
