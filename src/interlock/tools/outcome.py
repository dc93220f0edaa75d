"""What goes through the tool door and what comes back: a call, and what became of it.

What was answered in the tool's place, by a cassette or a script, is `simulated`.
An outcome is known (`Done`, `Failed`) or it is not (`Unknown`): a call that was given up, stopped or lost in flight may
have taken effect. What follows from that is decided by the core, never here.
"""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from interlock.core.events import Error
from interlock.core.plan import Micros
from interlock.core.values import Value

T_co = TypeVar("T_co", covariant=True)


class ToolCall(Struct, frozen=True, gc=False, kw_only=True):
    """One attempt at calling a tool. The input is canonical and complete, but for secrets, which are filled here."""

    run: str
    path: str
    attempt: int
    effect_id: str
    input: Value
    tenant: str = "local"
    first_attempt: int | None = None
    """The attempt that first used the effect id, if this one repeats it."""
    deadline: Micros | None = None
    """The instant at which the call is given up."""

    @property
    def effect_attempt(self) -> int:
        """The attempt whose number its ids carry."""
        return self.attempt if self.first_attempt is None else self.first_attempt


class Done(Struct, frozen=True, gc=False):
    """The tool returned: its canonical, checked result. `calls` counts contacts with the world."""

    out: Value = None
    labels: tuple[str, ...] = ()
    calls: int = 1
    simulated: bool = False


class Failed(Struct, frozen=True, gc=False):
    """The call failed, and it is known that it did. `calls` is 0 if the tool was never reached."""

    error: Error
    retryable: bool = True
    calls: int = 1
    simulated: bool = False


class Unknown(Struct, frozen=True, gc=False):
    """Nobody can say whether the call took effect. `error.path` names the step in doubt, if it is a step."""

    error: Error
    calls: int = 1
    simulated: bool = False


ToolOutcome: TypeAlias = Done | Failed | Unknown


class Labelled(Generic[T_co]):
    """A tool's result together with labels that edges can wait for: `return Labelled(report, "risky")`."""

    __slots__ = ("labels", "value")

    def __init__(self, value: T_co, *labels: str) -> None:
        self.value = value
        self.labels = labels

    def __repr__(self) -> str:
        return f"Labelled({self.value!r}, {', '.join(map(repr, self.labels))})"
