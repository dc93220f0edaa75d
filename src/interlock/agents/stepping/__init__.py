"""An agent's own control flow: what it does next, given what came of what it did last. Pure."""

from __future__ import annotations

from interlock.agents.stepping.step import Toolbox, begin, step

__all__ = ["Toolbox", "begin", "step"]
