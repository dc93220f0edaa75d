"""A run that was there already under the key with which one was asked for: told so that nobody takes it for a new one.

It is no refusal: whoever asks twice because the first answer was lost wants just this run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interlock.cli.output import error_console, plain
from interlock.embedded.handle import RunHandle
from interlock.engine.telling.events_in_words import instant
from interlock.store.rows import RunRow


@dataclass(frozen=True)
class KnownRun:
    """A run that was started before, and whether it was given other inputs than those of now."""

    row: RunRow
    has_other_inputs: bool

    def as_json(self) -> dict[str, Any]:
        """What programs read of it, beside the run itself."""
        return {"known": {"started_at": self.row.started_at, "other_inputs": self.has_other_inputs}}


async def known_run(handle: RunHandle, inputs: Mapping[str, object]) -> KnownRun | None:
    """What is to be told of the run that a start gave; None if it is a new one."""
    if handle.is_new:
        return None
    return KnownRun(await handle.row(), not await handle.was_given(inputs))


def tell_known(known: KnownRun) -> None:
    """Say that this is no new run, beside the output."""
    row, out = known.row, error_console()
    out.print(
        plain(
            f"a run was started under the key {row.key} already: this is that one,"
            f" run {row.run} of graph {row.graph}, started {instant(row.started_at)}"
        ),
        markup=False,
        soft_wrap=True,
    )
    if known.has_other_inputs:
        out.print("warning: ", style="bold yellow", end="")
        out.print("it was given other inputs than these; a new run needs another key", markup=False, soft_wrap=True)
