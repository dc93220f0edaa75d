"""What this machine has to play with: a sandbox or none, scripts in the place of models or a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from interlock.settings import read_settings
from interlock.tools.sandbox import NoSandbox, find_sandbox


@dataclass(frozen=True)
class Means:
    """What the acts are played with."""

    sandbox: str
    """The tier in which programs run, or why none do."""
    executes: bool
    model_url: str
    """The server that is asked; nothing: scripts answer."""

    @property
    def is_simulated(self) -> bool:
        """Whether scripts answer in the place of models."""
        return not self.model_url

    @property
    def inputs(self) -> tuple[str, ...]:
        """What a run has to be told of it."""
        return () if self.executes else ("-i", "execute=false")


def means_here(project: Path) -> Means:
    """What the settings of the project and the machine allow."""
    settings = read_settings(folder=project).settings
    found = asyncio.run(find_sandbox(tiers=settings.sandbox.tiers))
    is_there = not isinstance(found, NoSandbox)
    return Means(found.tier if is_there else str(found), is_there, settings.model.url or "")
