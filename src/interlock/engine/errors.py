"""What the engine can raise, as one small tree.

EngineError
├── RunNotFoundError       there is no such run
│   └── RunPrunedError     there was one, and it was given up
├── RequestRefusedError    the core said no, and why
│   └── InputsRefusedError a run was not started: its graph takes other inputs
├── BundleChangedError     a stored bundle does not compile to what it was
├── ToolsMissingError      a run needs tools that are not here
├── NothingHeldError       nothing of a run is held back from a sink
├── NoReleaseError         there is no released version that could be meant
├── UnknownTriggerError    no version in force has such a trigger
├── TriggerRefusedError    a trigger cannot do what was asked of it
├── EventNameError         no event is called so
├── UnknownEventTypeError  no event of a log is of such a type
├── UnreadableOfferError   an offered effect is of another release
└── EngineStoppedError     the engine is not running
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlock.core.errors import InterlockError
from interlock.core.problems import nearest
from interlock.engine.telling.events_in_words import instant

if TYPE_CHECKING:
    from interlock.core.requests import Refused
    from interlock.engine.retaining.pruned_run import PrunedRun

_NAMED_MAX: Final = 5


class EngineError(InterlockError):
    """Something the engine cannot do; the message says to which thing and what to do next."""


class RunNotFoundError(EngineError):
    """There is no such run in this store."""

    def __init__(self, run: str, *, meant: str | None = None) -> None:
        super().__init__(f"there is no run {run}" + (f"; did you mean {meant}?" if meant else ": see `interlock runs`"))
        self.run = run


class RunPrunedError(RunNotFoundError):
    """There was such a run, and it was given up; `pruned` is what is on record of it."""

    def __init__(self, pruned: PrunedRun) -> None:
        EngineError.__init__(
            self,
            f"run {pruned.run} of graph {pruned.graph} was pruned at {instant(pruned.at)} by {pruned.by}"
            + (f" ({pruned.why})" if pruned.why else "")
            + f": it had {pruned.status.replace('_', ' ')} at {instant(pruned.ended_at)}, after {pruned.seq} events",
        )
        self.run, self.pruned = pruned.run, pruned


class RequestRefusedError(EngineError):
    """The core refused a request; nothing has changed."""

    def __init__(self, run: str, reason: str) -> None:
        super().__init__(reason)
        self.run, self.reason = run, reason


class InputsRefusedError(RequestRefusedError):
    """A run was not started, and never will be with these inputs: its graph takes others."""

    field: Final = "inputs"


def start_refused(run: str, refused: Refused) -> RequestRefusedError:
    """Why a run was not started, told apart by whether asking again could help."""
    kind = InputsRefusedError if refused.field == InputsRefusedError.field else RequestRefusedError
    return kind(run, refused.reason)


class BundleChangedError(EngineError):
    """A stored bundle compiles to something else than it was: it was changed, or this release cannot read it."""

    def __init__(self, bundle: str, *, now: str) -> None:
        super().__init__(
            f"bundle {bundle} compiles to {now}: it was damaged, or is of a release that this one cannot continue"
        )
        self.bundle, self.now = bundle, now


class ToolsMissingError(EngineError):
    """A run needs tools that are not here: driven on without them it would fail, where it now only waits."""

    def __init__(self, run: str, missing: Sequence[str]) -> None:
        named = ", ".join(missing[:_NAMED_MAX]) + (
            f" and {len(missing) - _NAMED_MAX} more" * (len(missing) > _NAMED_MAX)
        )
        super().__init__(
            f"run {run} needs tools that are not here ({named}): name the file they are in (`--tools`), "
            "or let the request only be recorded (`--detach`)"
        )
        self.run, self.missing = run, tuple(missing)


class UnknownTriggerError(EngineError):
    """No version in force has a trigger of this name."""

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        meant = nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}" if known else "there are none"
        super().__init__(f"no released graph has the trigger {name}; {hint}")
        self.name = name


class TriggerRefusedError(EngineError):
    """A trigger cannot do what was asked of it; nothing has changed."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"the trigger {name} refuses: {why}")
        self.name = name


class EventNameError(EngineError):
    """Text that cannot be the name of an event: what is sent under it could never start anything."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} cannot be the name of an event, so no trigger could ever listen for it")
        self.name = name


class UnknownEventTypeError(EngineError):
    """A word that is no type of the events in a log."""

    def __init__(self, written: str, *, known: Sequence[str]) -> None:
        meant = nearest(written, known)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}"
        super().__init__(f"{written!r} is no type of event; {hint}")
        self.written = written


class NoReleaseError(EngineError):
    """There is no released version of a graph that could be meant."""

    def __init__(self, graph: str, *, version: int | None = None, before: int | None = None) -> None:
        if before is not None:
            what = f"there is no version of {graph} before version {before}: it is the first that was released"
        elif version is not None:
            what = f"{graph} has no version {version}: see `interlock releases {graph}`"
        else:
            what = f"nothing of {graph} was released: `interlock release {graph}` does"
        super().__init__(what)
        self.graph, self.version = graph, version


class NothingHeldError(EngineError):
    """Nothing of this run is held back from a sink."""

    def __init__(self, sink: str, run: str) -> None:
        super().__init__(f"nothing of run {run} is held back from the sink {sink}: see `interlock sinks`")
        self.sink, self.run = sink, run


class UnreadableOfferError(EngineError):
    """What is on offer was put there by another release, which says more than this one knows."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"what is on offer cannot be read by this release: update it ({problem})")


class EngineStoppedError(EngineError):
    """The engine is not running: open it first."""

    def __init__(self) -> None:
        super().__init__("the engine is not running: use it as an async context manager")
