"""What a sandbox is asked and what it answers: a program with its files in, what became of it and of them out.

Nothing here runs anything, and nothing here knows a tier. What each tier contains, and what it does not, is told by
`describe`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from interlock.core.plan import Micros

Ending: TypeAlias = Literal["exited", "signalled", "timed_out", "output_full", "stopped"]
"""How a job ended: by itself, by a signal, at its wall limit, at its output limit, or because its sandbox gave up."""

WORKSPACE: Final = Path("/workspace")
"""Where a job finds its files, in every tier that can say so: a job is started there and should use relative names."""

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB


class SandboxLimits(Struct, frozen=True, kw_only=True):
    """Where a job is stopped. Each holds for the whole job, not for one of its processes, where the tier can do so."""

    memory_bytes: int = 512 * _MIB
    processes: int = 64
    open_files: int = 256
    """Per process."""
    file_bytes: int = 64 * _MIB
    """How large one file may become."""
    workspace_bytes: int = 64 * _MIB
    """How much the files of the workspace may take together, and as much again in `/tmp`."""
    output_bytes: int = 64 * _KIB
    """How much a job may write to its output and its errors, counted apart."""
    wall: Micros = Micros(60_000_000)
    cpu_seconds: int = 60
    """Per process; the wall limit is the one that ends a job for certain."""


class SandboxJob(Struct, frozen=True, kw_only=True):
    """A program to run with the content of a folder.

    The folder is never shared: what is in it is copied in, and with `keeps` what the job changed, made or deleted is
    copied back when the job ends. Without a folder the job begins in an empty workspace that nobody keeps.
    """

    argv: tuple[str, ...]
    workspace: Path | None = None
    stdin: bytes = b""
    limits: SandboxLimits = SandboxLimits()
    network: bool = False
    """Whether it may reach the network: all of it, also what listens on this machine."""
    keeps: bool = True
    read_only_paths: tuple[Path, ...] = ()
    """Folders of the machine that it may read at their own place, such as an interpreter's and its packages'."""


class SandboxResult(Struct, frozen=True, kw_only=True):
    """What became of a job. Everything that the job itself could have written is to be read with distrust."""

    ended: Ending
    exit_code: int | None
    """What it exited with, or minus the signal that ended it; None if nobody saw it end."""
    stdout: bytes
    stderr: bytes
    tier: str
    wall: Micros
    changed: tuple[str, ...] = ()
    """Names in the workspace that were made or changed, sorted."""
    deleted: tuple[str, ...] = ()
    cut: bool = False
    """Whether output or files are missing because they passed a limit."""
    refused_members: tuple[str, ...] = ()
    """What the job left in its workspace and was not copied back, each with the reason."""
    note: str = ""
    """Why a job was stopped, in words for people."""


class Sandbox(Protocol):
    """A place where programs run that nobody has to trust."""

    @property
    def tier(self) -> str:
        """How well it contains them, by name."""
        ...

    async def run(self, job: SandboxJob) -> SandboxResult:
        """What became of the job. When this is cancelled, everything of the job is killed first."""
        ...


class NoSandbox(Struct, frozen=True, kw_only=True):
    """Why no tier can be offered on this machine: programs are refused here, never run outside a sandbox."""

    reasons: tuple[tuple[str, str], ...]
    """Each tier that was tried, with why not."""

    def __str__(self) -> str:
        if not self.reasons:
            return "the settings allow no sandbox, so programs are refused here (`sandbox.tiers` is empty)"
        told = "; ".join(f"{tier}: {reason}" for tier, reason in self.reasons)
        return f"there is no sandbox on this machine, so programs are refused here ({told})"
