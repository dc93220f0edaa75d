"""What a sandbox is worth, in words for people: its tier, and what it does not keep a program from."""

from __future__ import annotations

from msgspec import Struct

from interlock.tools.sandbox.job import NoSandbox, Sandbox
from interlock.tools.sandbox.running import EnclosedSandbox

_SENTENCES = {
    "gvisor": "programs run in gVisor: each job has a kernel of its own",
    "bubblewrap": "programs run under bubblewrap: each job has its own processes, files and network",
    "landlock": "programs run under Landlock and seccomp: each job is kept from files, sockets and system calls",
}


class SandboxDescription(Struct, frozen=True):
    """A sandbox as it is told to people."""

    tier: str | None
    """None where there is none."""
    sentence: str
    gaps: tuple[str, ...]
    """What it does not keep a program from."""


def describe(sandbox: Sandbox | NoSandbox) -> SandboxDescription:
    """What to say about it."""
    if isinstance(sandbox, NoSandbox):
        return SandboxDescription(None, str(sandbox), ())
    gaps = sandbox.gaps if isinstance(sandbox, EnclosedSandbox) else ()
    return SandboxDescription(sandbox.tier, _SENTENCES.get(sandbox.tier, f"programs run in {sandbox.tier}"), gaps)
