"""The tier of a kernel of one's own: gVisor answers a job's system calls itself, in a process that has hardly any.

A hole in the machine's kernel is not within a job's reach. It is slower to start than the other tiers.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from interlock.tools.sandbox.cgroups import job_cgroup
from interlock.tools.sandbox.enclosure import (
    AF_UNIX,
    EACH_PROCESS_ALONE,
    INSIDE,
    MIB,
    PATHS_OF_MACHINE,
    SETTINGS_OF_MACHINE,
    Confinement,
    Enclosure,
    environment_with,
    inside_program,
)
from interlock.tools.sandbox.identity import can_give_identities
from interlock.tools.sandbox.job import WORKSPACE, SandboxJob

_NOBODY = 65_534
_SUPERVISORS = Path("/supervisor")
_SUPERVISORS_RIGHTS = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
_OWN_BYTES = 128 * MIB
"""What gVisor and the supervisor need of the job's memory."""
_OWN_PROCESSES = 400
"""Threads of gVisor itself, and one process of the machine for each address space inside."""


class Gvisor:
    """Jobs under `runsc`, without a network whatever they ask for."""

    def __init__(self, program: Path, *, python: Path, python_home: Path, cgroups: Sequence[Path] = ()) -> None:
        self._program, self.python, self._home, self._cgroups = program, python, python_home, cgroups

    name = "gvisor"

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it does not keep a job from."""
        return (
            "a job with the network granted is refused: this tier has none to give",
            "processes of a job are not counted: its memory bounds them",
            *(() if self._cgroups else (EACH_PROCESS_ALONE,)),
        )

    @contextmanager
    def enclosed(self, job: SandboxJob) -> Generator[Enclosure]:
        """A bundle for this job, as `runsc` wants it."""
        if job.network:
            raise OSError("the tier gvisor has no network to give")
        limits = job.limits
        with ExitStack() as held:
            folder = held.enter_context(tempfile.TemporaryDirectory(prefix="interlock-", ignore_cleanup_errors=True))
            cgroup = held.enter_context(
                job_cgroup(
                    self._cgroups,
                    memory_bytes=limits.memory_bytes + 2 * limits.workspace_bytes + _OWN_BYTES,
                    processes=limits.processes + _OWN_PROCESSES,
                )
            )
            bundle, state = Path(folder, "bundle"), Path(folder, "state")
            (bundle / "rootfs").mkdir(parents=True)
            state.mkdir()
            (bundle / "config.json").write_text(json.dumps(self._bundle(job, bundle / "rootfs")))
            yield Enclosure(
                command=(
                    *(str(self._program), f"--root={state}", "--network=none", "--ignore-cgroups"),
                    *(() if can_give_identities() else ("--rootless",)),
                    *("run", f"--bundle={bundle}", f"job-{secrets.token_hex(8)}"),
                ),
                confinement=Confinement(
                    workspace=str(WORKSPACE),
                    environment=environment_with("/tmp"),  # noqa: S108 - the job's own, in memory
                    kill="namespace",
                    # Its supervisor is another user there, as gVisor does not hide a process that asks to be hidden.
                    user=_NOBODY,
                    families=(AF_UNIX,),
                ),
                cgroup=cgroup,
            )

    def _bundle(self, job: SandboxJob, root: Path) -> dict[str, object]:
        room = f"size={job.limits.workspace_bytes}"
        return {
            "ociVersion": "1.0.2",
            "root": {"path": str(root), "readonly": True},
            "hostname": "sandbox",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": inside_program("supervise", python=self.python, at=_SUPERVISORS),
                "env": [],
                "cwd": "/",
                "noNewPrivileges": True,
                "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), _SUPERVISORS_RIGHTS),
            },
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
                *(_memory(place, room) for place in ("/tmp", str(WORKSPACE))),  # noqa: S108
                *_shown(path for path in (*PATHS_OF_MACHINE, *SETTINGS_OF_MACHINE)),
                *_shown([str(path) for path in (self._home, *job.read_only_paths)]),
                _read_only(str(INSIDE), at=str(_SUPERVISORS / "inside")),
            ],
            "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")]},
        }


def _memory(place: str, options: str) -> dict[str, object]:
    return {
        "destination": place,
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "nodev", options, "mode=0777"],
    }


def _shown(paths: Iterable[str]) -> list[dict[str, object]]:
    return [_read_only(path, at=path) for path in paths if os.path.exists(path)]  # noqa: PTH110 - text in, text out


def _read_only(path: str, *, at: str) -> dict[str, object]:
    return {"destination": at, "type": "bind", "source": os.path.realpath(path), "options": ["ro", "rbind"]}
