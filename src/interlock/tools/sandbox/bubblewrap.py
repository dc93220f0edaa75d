"""The tier of namespaces: a job sees its own processes, its own files in memory, no network and no host folder.

It shares the machine's kernel, so it is no wall against a hole in that.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from interlock.tools.sandbox.cgroups import job_cgroup
from interlock.tools.sandbox.enclosure import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    EACH_PROCESS_ALONE,
    INSIDE,
    MIB,
    PATHS_OF_MACHINE,
    SETTINGS_OF_MACHINE,
    SETTINGS_OF_NETWORK,
    Confinement,
    Enclosure,
    environment_with,
    inside_program,
    open_to_all,
)
from interlock.tools.sandbox.identity import can_give_identities, one_identity
from interlock.tools.sandbox.job import WORKSPACE, SandboxJob

_NOBODY: Final = 65_534
_SUPERVISORS: Final = "/supervisor"
_SHARED_BYTES: Final = 16 * MIB
_OWN_BYTES: Final = 48 * MIB
"""What the supervisor and its like need of the job's memory."""
_OWN_PROCESSES: Final = 8


class Bubblewrap:
    """Jobs under `bwrap`: each as a user of its own where this process may give one, else as who runs this.

    `runs_as` has all of them run as one other user, as if that user had started this process.
    """

    def __init__(
        self,
        program: Path,
        *,
        python: Path,
        python_home: Path,
        cgroups: Sequence[Path] = (),
        runs_as: int | None = None,
    ) -> None:
        self._program, self.python, self._home = program, python, python_home
        self._cgroups, self._runs_as = cgroups, runs_as
        self._gives = can_give_identities() and runs_as is None

    name = "bubblewrap"

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it does not keep a job from."""
        return (
            "a job shares the kernel of this machine, so a hole in that lets it out",
            "a job with the network granted reaches all of it, also what listens on this machine",
            *(() if self._cgroups else (EACH_PROCESS_ALONE,)),
            *(() if self._gives else ("all jobs run as the user of this process",)),
        )

    @contextmanager
    def enclosed(self, job: SandboxJob) -> Generator[Enclosure]:
        """Its arguments for this job, with its user and its control group."""
        limits = job.limits
        with ExitStack() as held:
            own = held.enter_context(one_identity()) if self._gives else None
            user = self._runs_as if own is None else own
            cgroup = held.enter_context(
                job_cgroup(
                    self._cgroups,
                    memory_bytes=limits.memory_bytes + 2 * limits.workspace_bytes + _SHARED_BYTES + _OWN_BYTES,
                    processes=limits.processes + _OWN_PROCESSES,
                )
            )
            mounts = _Mounts(held, user)
            inside = (
                *self._files(job, mounts),
                "--",
                *inside_program("supervise", python=self.python, at=_SUPERVISORS),
            )
            command = (str(self._program), *_namespaces(network=job.network), *inside)
            yield Enclosure(
                command=mounts.through(command),
                confinement=Confinement(
                    workspace=str(WORKSPACE),
                    environment=environment_with("/tmp"),  # noqa: S108 - the job's own, in memory
                    kill="namespace",
                    # With the machine's network its abstract sockets would be in reach too.
                    families=(AF_INET, AF_INET6) if job.network else (AF_UNIX,),
                ),
                # Showing needs root, and goes on as the job's user by itself.
                runs_as=None if mounts.are_staged else user,
                cgroup=cgroup,
                job_user=own,
            )

    def _files(self, job: SandboxJob, mounts: _Mounts) -> list[str]:
        room = str(job.limits.workspace_bytes)
        settings = (*SETTINGS_OF_MACHINE, *(SETTINGS_OF_NETWORK if job.network else ()))
        # Read-only paths come last: one may lie within another, or under /tmp.
        return [
            *mounts.of_machine(PATHS_OF_MACHINE),
            *mounts.of_machine(settings),
            *("--proc", "/proc", "--dev", "/dev"),
            # What is mapped from there is shared memory that no limit of a process counts.
            *("--dev-bind", "/dev/null", "/dev/zero"),
            *("--size", str(_SHARED_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108
            *("--size", room, "--tmpfs", "/tmp"),  # noqa: S108
            *("--size", room, "--tmpfs", str(WORKSPACE)),
            *mounts.of(INSIDE, at=f"{_SUPERVISORS}/inside"),
            *(word for path in (self._home, *job.read_only_paths) for word in mounts.of(path, at=str(path))),
            *("--remount-ro", "/", "--chdir", str(WORKSPACE)),
        ]


class _Mounts:
    """Folders of the machine to be seen inside, read-only.

    Those that the job's user cannot reach, such as an interpreter in root's home, are shown to it where it can.
    """

    def __init__(self, held: ExitStack, user: int | None) -> None:
        self._held, self._user = held, user
        self._staged: dict[str, str] = {}
        self._at = ""

    def of_machine(self, paths: Sequence[str]) -> list[str]:
        """Those of them that there are; links stay links."""
        words: list[str] = []
        for path in paths:
            if os.path.islink(path) and path in PATHS_OF_MACHINE:  # noqa: PTH114 - text in, text out
                words += ["--symlink", os.readlink(path), path]  # noqa: PTH115
            elif os.path.exists(path):  # noqa: PTH110
                words += ["--ro-bind", path, path]
        return words

    def of(self, path: Path, *, at: str) -> list[str]:
        """One folder at its place."""
        seen_at = str(path) if self._user is None or open_to_all(path) else self._stage(path)
        return ["--ro-bind", seen_at, at]

    def through(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command that shows what has to be shown and then becomes this one."""
        if not self._staged:
            return tuple(command)
        asked = {"at": self._at, "shown": self._staged, "user": self._user, "command": list(command)}
        return (*inside_program("staging"), json.dumps(asked))

    def _stage(self, path: Path) -> str:
        if not self._at:
            self._at = self._held.enter_context(tempfile.TemporaryDirectory(prefix="interlock-"))
        place = f"{self._at}/{len(self._staged)}"
        self._staged[place] = str(path)
        return place

    @property
    def are_staged(self) -> bool:
        """Whether something has to be shown first."""
        return bool(self._staged)


def _namespaces(*, network: bool) -> list[str]:
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
        *(("--share-net",) if network else ()),
        *("--cap-drop", "ALL", "--clearenv", "--uid", str(_NOBODY), "--gid", str(_NOBODY), "--hostname", "sandbox"),
    ]
