"""What a tier prepares for one job: how its supervisor is started, what it is told, and what holds all of the job."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct

from interlock.tools.sandbox.cgroups import JobCgroup
from interlock.tools.sandbox.job import SandboxJob

INSIDE: Final = Path(__file__).parent / "inside"
"""The programs that run inside."""

PATHS_OF_MACHINE: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
"""Programs and libraries that every job may read."""
SETTINGS_OF_MACHINE: Final = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
SETTINGS_OF_NETWORK: Final = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/etc/ca-certificates",
)
PATH: Final = "/usr/local/bin:/usr/bin:/bin"

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
MIB: Final = 1024 * 1024

EACH_PROCESS_ALONE: Final = "memory is limited for each process of a job, not for all of them together"


class Confinement(Struct, frozen=True, kw_only=True):
    """What a supervisor is told to do with the job, on top of the job's own limits."""

    workspace: str
    environment: Mapping[str, str]
    kill: Literal["namespace", "user", "descendants"]
    """What all of the job's processes have in common."""
    families: tuple[int, ...]
    """Sockets that it may make."""
    shares_user: bool = False
    """Whether it runs as a user who has other files and processes, in sight of them."""
    user: int | None = None
    """As whom the job runs, where the supervisor is somebody else."""
    landlock: Mapping[str, object] | None = None
    room: str | None = None
    """The folder that the workspace and the job's other files lie in, where it is a folder of the machine. How much it
    holds is watched, unless it `mounts`."""
    mounts: bool = False
    """Whether memory of limited size is mounted there."""
    shown: tuple[str, ...] = ()
    """Folders that the job's user could not reach by itself, to be shown at their own place."""


class Enclosure(Struct, frozen=True, kw_only=True):
    """One job's place, ready for its supervisor to be started."""

    command: tuple[str, ...]
    confinement: Confinement
    runs_as: int | None = None
    """The user id to start the command as, if it is another one."""
    cgroup: JobCgroup | None = None
    job_user: int | None = None
    """The user id that nothing but the job has."""
    is_killed_whole: bool = True
    """Whether the job ends with the started process, rather than being ended by it."""


class Tier(Protocol):
    """A way to enclose jobs."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it does not keep a job from, for people."""
        ...

    @property
    def python(self) -> Path:
        """A Python interpreter that a job can run without asking for it."""
        ...

    def enclosed(self, job: SandboxJob) -> AbstractContextManager[Enclosure]:
        """A place for this job, gone afterwards; OSError where it cannot be made."""
        ...


def inside_program(name: str, *, python: Path | None = None, at: Path | str = INSIDE.parent) -> tuple[str, ...]:
    """The command that starts one of the programs of `inside`, which it finds in the folder `at`."""
    start = f"import sys; sys.path.append({str(at)!r}); from inside.{name} import main; main()"
    return (str(python or sys.executable), "-I", "-S", "-B", "-c", start)


def task_of(job: SandboxJob, confinement: Confinement) -> bytes:
    """What the supervisor reads first."""
    limits = msgspec.to_builtins(job.limits)
    return msgspec.json.encode(
        {
            "argv": job.argv,
            "keeps": job.keeps and job.workspace is not None,
            "limits": limits,
            "workspace": confinement.workspace,
            "environment": confinement.environment,
            "kill": confinement.kill,
            "user": confinement.user,
            "landlock": confinement.landlock,
            "room": confinement.room,
            "mounts": confinement.mounts,
            "shown": confinement.shown,
            "seccomp": {"families": confinement.families, "shares_user": confinement.shares_user},
        }
    )


def environment_with(home: str) -> dict[str, str]:
    """All that a job finds in its environment: nothing of this process's own."""
    return {
        "PATH": PATH,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "USER": "nobody",
        "LOGNAME": "nobody",
        # Settings of the machine that a job cannot read; some programs give up over that.
        "GIT_CONFIG_NOSYSTEM": "1",
        "OPENSSL_CONF": "/dev/null",
    }


def open_to_all(path: Path) -> bool:
    """Whether any user may look into the folder and everything above it."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))


def own_python() -> tuple[Path, Path]:
    """The interpreter that this process runs on, and the folder that holds all of it."""
    return Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()
