"""The sandboxes of this machine, each tier in each way that it can be had here, and running attacks in them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from msgspec.structs import replace

from interlock.core.plan import Micros
from interlock.tools.sandbox import EnclosedSandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.bubblewrap import Bubblewrap
from interlock.tools.sandbox.enclosure import (
    INSIDE,
    Confinement,
    Enclosure,
    Tier,
    environment_with,
    inside_program,
    open_to_all,
)
from interlock.tools.sandbox.landlock import Landlock
from interlock.tools.sandbox.leftovers import processes_that_say
from interlock.tools.sandbox.probing import TierUnavailable, tier_named
from tests.privileges import NOBODY, folder_open_to_all

MIB: Final = 1024 * 1024
SECOND: Final = 1_000_000
PATIENT: Final = SandboxLimits(wall=Micros(20 * SECOND))
"""For jobs that end by themselves, however busy the machine is."""

_ATTACKS: Final = (Path(__file__).parent / "attacks.py").read_text()
_SYSTEM_PYTHON: Final = Path("/usr/bin/python3")


def as_anybody(make: Callable[[Path, Path, int | None], Tier]) -> Tier:
    """A tier as an ordinary user would have it, also where the tests are root."""
    if os.geteuid() != 0:
        return make(Path(sys.executable).resolve(), Path(sys.base_prefix), None)
    if not _SYSTEM_PYTHON.exists():
        pytest.skip("there is no Python here that an ordinary user can reach")
    return make(_SYSTEM_PYTHON, Path("/usr"), NOBODY)


def _bubblewrap_of_anybody(_: Path) -> Tier:
    program = shutil.which("bwrap")
    if program is None:
        pytest.skip("bubblewrap is not installed (make sandbox)")
    return as_anybody(
        lambda python, home, user: Bubblewrap(Path(program), python=python, python_home=home, runs_as=user)
    )


def _landlock_of_anybody(programs: Path) -> Tier:
    return as_anybody(
        lambda python, home, user: Landlock(python=python, python_home=home, runs_as=user, programs=programs)
    )


def _landlock_in_a_folder(_: Path) -> Tier:
    if open_to_all(Path(sys.base_prefix)):
        return Landlock(python=Path(sys.executable).resolve(), python_home=Path(sys.base_prefix))
    return Landlock(python=_SYSTEM_PYTHON, python_home=Path("/usr"))


PLACES: Final[dict[str, Callable[[Path], Tier]]] = {
    "bubblewrap": lambda _: tier_named("bubblewrap"),
    "bubblewrap of an ordinary user": _bubblewrap_of_anybody,
    "landlock": lambda _: tier_named("landlock"),
    "landlock of an ordinary user": _landlock_of_anybody,
    "landlock without mounts or control groups": _landlock_in_a_folder,
    # Machines that have it are few, and the Debian package is old: it is tried where somebody has installed it.
    **({"gvisor": lambda _: tier_named("gvisor")} if shutil.which("runsc") else {}),
}


_HOLDING: Final = Confinement(
    workspace="", environment={}, kill="descendants", families=(), shares_user=True, landlock=None
)


class Leaky:
    """A tier in which something was forgotten."""

    name = "leaky"
    gaps = ()
    python = Path(sys.executable)

    def __init__(self, **forgotten: object) -> None:
        self._forgotten = forgotten

    @contextmanager
    def enclosed(self, job: SandboxJob) -> Generator[Enclosure]:  # noqa: ARG002 - it is the same for every job
        """No wall at all but the filter of system calls, and not even that where it was forgotten."""
        with folder_open_to_all() as room:
            confinement = replace(
                _HOLDING,
                room=str(room),
                workspace=f"{room}/workspace",
                environment=environment_with(f"{room}/tmp"),
                **self._forgotten,
            )
            yield Enclosure(command=inside_program("supervise"), confinement=confinement, is_killed_whole=False)


@contextmanager
def place_named(name: str) -> Generator[EnclosedSandbox]:
    """One of the sandboxes; a skip that says why where this machine has none of the kind."""
    with folder_open_to_all() as folder:
        programs = folder / "programs"
        shutil.copytree(INSIDE, programs / "inside", ignore=shutil.ignore_patterns("__pycache__"))
        try:
            tier = PLACES[name](programs)
        except TierUnavailable as why:
            pytest.skip(f"{name}: {why}")
        yield EnclosedSandbox(tier)


def attacked(
    sandbox: EnclosedSandbox,
    attack: str,
    told: object = None,
    *,
    limits: SandboxLimits = PATIENT,
    workspace: Path | None = None,
    wall: Micros | None = None,
) -> SandboxResult:
    """What became of an attack. Whatever became of it, nothing of it is alive afterwards."""
    word = f"attack-{uuid4().hex}"
    chosen = limits if wall is None else SandboxLimits(wall=wall, processes=32)
    result = asyncio.run(sandbox.run(attack_job(sandbox, attack, word, told, limits=chosen, workspace=workspace)))
    assert (processes_that_say(word), unreaped()) == (set(), [])
    return result


def attack_job(
    sandbox: EnclosedSandbox,
    attack: str,
    word: str,
    told: object = None,
    *,
    limits: SandboxLimits,
    workspace: Path | None = None,
) -> SandboxJob:
    """An attack of which each process can be told by a word."""
    argv = (str(sandbox.python), "-I", "-S", "-c", _ATTACKS, attack, word, json.dumps(told))
    return SandboxJob(argv=argv, limits=limits, workspace=workspace)


def unreaped() -> list[str]:
    """Children of this process that have ended, and that nobody has asked about: they hold their number for ever."""
    states = [_state_and_parent(status) for status in Path("/proc").glob("[0-9]*/stat")]
    return [state for state, parent in states if (state, parent) == ("Z", str(os.getpid()))]


def _state_and_parent(status: Path) -> tuple[str, str]:
    try:
        state, parent = status.read_text(errors="replace").rpartition(")")[2].split()[:2]
    except OSError:
        return "", ""
    return state, parent


def said(result: SandboxResult) -> Any:  # noqa: ANN401 - what the attack returned
    """What an attack that ran to its end returned."""
    assert (result.ended, result.exit_code, result.stderr) == ("exited", 0, b""), result
    return json.loads(result.stdout)
