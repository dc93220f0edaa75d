"""What a plugin's tools say of themselves, read before it is enabled: in a process of its own, which calls none.

A contract is made while the package is imported, and importing runs its code. So that code gets a process without our
environment, for a short time, and only the contracts come back.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import IO, Final

import msgspec
from msgspec import Struct

from interlock.core.plan import ToolContract, ToolTerms
from interlock.tools.plugins.installed import Plugin

IMPORT_SECONDS: Final = 30.0
OFFER_BYTES_MAX: Final = 16 << 20
_SAID_CHARACTERS_MAX: Final = 1_000
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")


class Offered(Struct, frozen=True):
    """A tool that a plugin offers."""

    contract: ToolContract
    pool: str

    @property
    def terms(self) -> ToolTerms:
        """On what terms it is called."""
        return self.contract.terms or ToolTerms()


class OfferUnreadable(Exception):
    """A package whose tools cannot be read."""


def offered_by(plugin: Plugin) -> list[Offered]:
    """The tools of a plugin, by what they say of themselves; `OfferUnreadable` says why they cannot be read."""
    if not plugin.tools:
        return []
    # Not a pipe: who writes more than that holds waits for somebody to read it.
    with tempfile.TemporaryFile() as written:
        command = [sys.executable, "-m", "interlock.tools.plugins.reading_process", str(written.fileno()), plugin.name]
        with subprocess.Popen(  # noqa: S603 - our own module, and the name of an installed package
            command,
            env=_environment(),
            pass_fds=[written.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            return _answer(process, written)


def _answer(process: subprocess.Popen[bytes], written: IO[bytes]) -> list[Offered]:
    try:
        _, said = process.communicate(timeout=IMPORT_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise OfferUnreadable(f"it was not imported within {IMPORT_SECONDS:g} s") from error
    written.seek(0)
    offer = written.read(OFFER_BYTES_MAX + 1)
    if process.returncode != 0 or not offer:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise OfferUnreadable((last[0] if last else f"it ended with code {process.returncode}")[:_SAID_CHARACTERS_MAX])
    if len(offer) > OFFER_BYTES_MAX:
        raise OfferUnreadable(f"what it says of its tools is longer than {OFFER_BYTES_MAX:,} bytes")
    try:
        return msgspec.json.decode(offer, type=list[Offered])
    except msgspec.MsgspecError as error:
        raise OfferUnreadable("what it wrote are no contracts") from error


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return known | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
