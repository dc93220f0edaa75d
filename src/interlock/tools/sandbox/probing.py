"""Which tier this machine offers: the best one from which nothing gets out when it is tried.

A tier is not believed because its program is installed: a small hostile job runs in it first, and a tier that lets
anything of it through is not offered. Where none is left, programs are refused.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.plan import Micros
from interlock.tools.sandbox.bubblewrap import Bubblewrap
from interlock.tools.sandbox.cgroups import cgroup_parents
from interlock.tools.sandbox.enclosure import INSIDE, PATH, Tier, open_to_all, own_python
from interlock.tools.sandbox.gvisor import Gvisor
from interlock.tools.sandbox.identity import can_give_identities
from interlock.tools.sandbox.inside.landlock import ABI_THAT_SCOPES_SIGNALS, landlock_abi
from interlock.tools.sandbox.inside.seccomp import seccomp_filter
from interlock.tools.sandbox.job import NoSandbox, Sandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.landlock import Landlock
from interlock.tools.sandbox.leftovers import processes_that_say
from interlock.tools.sandbox.running import EnclosedSandbox

TIERS: Final = ("gvisor", "bubblewrap", "landlock")
"""From the best to the least."""

_TRIAL_WALL: Final = Micros(10_000_000)
_CAP_SYS_ADMIN: Final = 21
_COMPLAINT: Final = 300


class TierUnavailable(Exception):
    """A tier cannot be offered here; the message says why."""


async def find_sandbox(
    *, runsc: str = "runsc", bwrap: str = "bwrap", tiers: Sequence[str] = TIERS
) -> Sandbox | NoSandbox:
    """The best of the tiers that holds on this machine; otherwise why none does. It takes a part of a second a tier.

    `runsc` and `bwrap` are the programs, by name or path.
    """
    reasons: list[tuple[str, str]] = []
    for name in tiers:
        try:
            sandbox = EnclosedSandbox(tier_named(name, runsc=runsc, bwrap=bwrap))
            await try_to_break_out(sandbox)
        except TierUnavailable as why:
            reasons.append((name, str(why)))
        else:
            return sandbox
    return NoSandbox(reasons=tuple(reasons))


def tier_named(name: str, *, runsc: str = "runsc", bwrap: str = "bwrap") -> Tier:
    """The tier as this machine could offer it, untried."""
    _check_calls_are_known()
    python, home = own_python()
    match name:
        case "gvisor":
            return Gvisor(_program(runsc), python=python, python_home=home, cgroups=cgroup_parents())
        case "bubblewrap":
            return Bubblewrap(_program(bwrap), python=python, python_home=home, cgroups=cgroup_parents())
        case "landlock":
            return _landlock(python, home)
        case _:
            raise TierUnavailable(f"there is no such tier; there are {', '.join(TIERS)}")


async def try_to_break_out(sandbox: EnclosedSandbox) -> None:
    """Run a small hostile program; TierUnavailable if it cannot be run, or if anything of it gets out."""
    program = (INSIDE / "breaking_out.py").read_text()
    with _bait() as bait:
        told = msgspec.json.encode(bait).decode()
        result = await sandbox.run(
            SandboxJob(
                argv=(str(sandbox.python), "-I", "-S", "-c", program, told), limits=SandboxLimits(wall=_TRIAL_WALL)
            )
        )
        left = processes_that_say(bait.word)
        was_written = _text_of(bait.file) != bait.secret
    if result.ended != "exited" or result.exit_code != 0:
        raise TierUnavailable(f"a trial job did not run: {_why(result)}")
    report = msgspec.json.decode(result.stdout, type=_Report)
    got_out = [
        *report.got_out,
        *(["left a process behind"] if left else []),
        *(["wrote to a file"] if was_written else []),
    ]
    if got_out or report.was_here != bait.word:
        raise TierUnavailable(f"a trial job got out of it: it {', it '.join(got_out)}")


def _check_calls_are_known() -> None:
    try:
        seccomp_filter(families=(), shares_user=False)
    except KeyError as unknown:
        raise TierUnavailable(str(unknown.args[0])) from None


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise TierUnavailable(f"there is no program {name}")
    return Path(found).resolve()


def _landlock(python: Path, home: Path) -> Landlock:
    abi, gives = landlock_abi(), can_give_identities()
    if not abi:
        raise TierUnavailable("this kernel has no Landlock, or it is switched off")
    if not gives and abi < ABI_THAT_SCOPES_SIGNALS:
        raise TierUnavailable(
            f"this kernel's Landlock (version {abi}, from 6 on it can) does not keep a job from the other processes of "
            "its user: run as root, so that each job has a user of its own, or install bubblewrap"
        )
    mounts = gives and _may_mount()
    if gives and not mounts and not open_to_all(home):
        python, home = _system_python(), Path("/usr")
    return Landlock(python=python, python_home=home, cgroups=cgroup_parents(), mounts=mounts)


def _system_python() -> Path:
    found = shutil.which("python3", path=PATH)
    if found is None:
        raise TierUnavailable("the interpreter lies where no other user can reach it, and the machine has no other")
    return Path(found)


def _may_mount() -> bool:
    """Whether this process may: root in most containers may not."""
    status = Path("/proc/self/status").read_text()
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) >> _CAP_SYS_ADMIN & 1)


def _text_of(path: str) -> str:
    return Path(path).read_text()


def _why(result: SandboxResult) -> str:
    if result.note:
        return result.note
    complaint = " ".join(result.stderr.decode(errors="replace").split())[-_COMPLAINT:]
    return f"it {result.ended.replace('_', ' ')} with {result.exit_code}{f' ({complaint})' if complaint else ''}"


class _Report(Struct, frozen=True):
    """What the hostile job says of itself."""

    got_out: list[str]
    was_here: str


class _Bait(Struct, frozen=True):
    """Things of this machine that a job must not reach, and a word that its processes carry."""

    file: str
    secret: str
    port: int
    socket: str
    word: str


@contextmanager
def _bait() -> Generator[_Bait]:
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="interlock-")))
        secret, word = secrets.token_hex(16), secrets.token_hex(16)
        file = folder / "secret"
        file.write_text(secret)
        # Open to all: it must be the tier that keeps a job from it, not its owner.
        file.chmod(0o666)
        folder.chmod(0o777)
        server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = held.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0{word}")
        abstract.listen()
        yield _Bait(str(file), secret, server.getsockname()[1], word, word)
