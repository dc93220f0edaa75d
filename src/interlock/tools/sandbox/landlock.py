"""The tier for machines without user namespaces: the kernel keeps a job from files, sockets and calls, in plain sight.

A job sees the names, sizes and times of files that it cannot open, and shares this machine's process numbers and
network addresses. As root each job is a user of its own and its files lie in memory; as anybody else it runs as who
started it, and how much room its files take is only looked at now and then.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from interlock.tools.sandbox.cgroups import job_cgroup
from interlock.tools.sandbox.enclosure import (
    AF_INET,
    AF_INET6,
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
from interlock.tools.sandbox.job import SandboxJob

_OWN_BYTES = 48 * MIB
"""What the supervisor needs of the job's memory."""
_OWN_PROCESSES = 4
_DEVICES_READ = ("/dev/urandom", "/dev/random")
_DEVICES_WRITTEN = ("/dev/null",)


class Landlock:
    """Jobs under Landlock and seccomp: each as a user of its own where this process may give one.

    `runs_as` has all of them run as one other user, as if that user had started this process.
    """

    def __init__(
        self,
        *,
        python: Path,
        python_home: Path,
        cgroups: Sequence[Path] = (),
        mounts: bool = False,
        runs_as: int | None = None,
        programs: Path = INSIDE.parent,
    ) -> None:
        self.python, self._home, self._cgroups, self._mounts = python, python_home, cgroups, mounts
        self._gives = can_give_identities() and runs_as is None
        self._runs_as, self._programs = runs_as, programs

    name = "landlock"

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it does not keep a job from."""
        return (
            "a job shares the kernel of this machine, so a hole in that lets it out",
            "a job sees the names, sizes and times of files that it cannot open",
            "a job with the network granted reaches all of it, also what listens on this machine",
            *(() if self._cgroups else (EACH_PROCESS_ALONE,)),
            *(() if self._mounts else ("files of a job lie on the disk, and their size is looked at every 50 ms",)),
            *(() if self._gives else ("all jobs run as the user of this process, and count with its processes",)),
        )

    @contextmanager
    def enclosed(self, job: SandboxJob) -> Generator[Enclosure]:
        """A private folder for this job, with its user and its control group."""
        limits = job.limits
        with ExitStack() as held:
            user = held.enter_context(one_identity()) if self._gives else None
            cgroup = held.enter_context(
                job_cgroup(
                    self._cgroups,
                    memory_bytes=limits.memory_bytes + limits.workspace_bytes * self._mounts + _OWN_BYTES,
                    processes=limits.processes + _OWN_PROCESSES,
                )
            )
            room = held.enter_context(tempfile.TemporaryDirectory(prefix="interlock-", ignore_cleanup_errors=True))
            workspace, home = f"{room}/workspace", f"{room}/tmp"  # noqa: S108 - the job's own
            owner = self._runs_as if user is None else user
            if owner is not None:
                # Its files are the job's own, and nobody else's.
                os.chown(room, owner, owner)
            settings = (*SETTINGS_OF_MACHINE, *(SETTINGS_OF_NETWORK if job.network else ()))
            folders = (self._home, *job.read_only_paths)
            read = (*PATHS_OF_MACHINE, *settings, *_DEVICES_READ, *folders)
            yield Enclosure(
                command=inside_program("supervise", python=self.python, at=self._programs),
                confinement=Confinement(
                    workspace=workspace,
                    environment=environment_with(home),
                    kill="descendants" if user is None else "user",
                    families=(AF_INET, AF_INET6) if job.network else (),
                    shares_user=user is None,
                    user=user,
                    landlock={
                        "read": [str(path) for path in read],
                        "write": [workspace, home, *_DEVICES_WRITTEN],
                        "network": job.network,
                    },
                    room=room,
                    mounts=self._mounts,
                    shown=tuple(str(path) for path in folders if self._mounts and not open_to_all(path)),
                ),
                runs_as=self._runs_as,
                cgroup=cgroup,
                job_user=user,
                is_killed_whole=False,
            )
