"""What a rule asks of a movement, condition by condition; each is true, false, or not to be told.

The third answer is what keeps a policy closed. A grant holds only where all its conditions are true; what stops (a
denial, a question) holds unless one of its conditions is false. So what a movement does not say never opens anything.
What a tool needs and what it is given are told in `needs` and `arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.verdicts import Movement
from interlock.governance.patterns import Patterns, any_matches

Holds: TypeAlias = bool | None
"""None: the movement does not say enough to tell."""

Asker: TypeAlias = Literal["node", "agent"]
_AGENT: Final = "agent"


class Condition(Struct, frozen=True):
    """One key of a rule, ready to be asked about any movement."""

    key: str
    """As a person wrote it: `who.agent`."""
    field: str
    """The one field of a movement that it looks at."""
    holds: Callable[[Movement], Holds]
    found: Callable[[Movement], object]
    """What it saw, for whoever wants to know why."""


def word_matches(key: str, field: str, patterns: Patterns) -> Condition:
    """A name is one of those that were written, or of such a form. An empty one was not said."""
    said = attrgetter(field)

    def holds(movement: Movement) -> Holds:
        word = said(movement)
        return any_matches(patterns, word) if word else None

    return Condition(key, field, holds, said)


def agent_matches(patterns: Patterns) -> Condition:
    """The agent that asks is one of those that were written. Where no agent asks, it is certainly none of them."""

    def holds(movement: Movement) -> Holds:
        return movement.agent != "" and any_matches(patterns, movement.agent)

    return Condition("who.agent", "agent", holds, attrgetter("agent"))


def asked_by(wanted: Asker) -> Condition:
    """A node of the graph itself asks, as its author wrote it; or an agent, as its model came to want it."""

    def asker(movement: Movement) -> Asker:
        return "agent" if movement.agent else "node"

    return Condition("who.is", "agent", lambda movement: (movement.agent != "") == (wanted == _AGENT), asker)


def comes_from(patterns: Patterns, *, wants_all: bool) -> Condition:
    """An edge comes from certain nodes: a grant wants all of them named, what stops wants any."""

    def holds(movement: Movement) -> Holds:
        if not movement.sources:
            return None
        matching = (any_matches(patterns, source) for source in movement.sources)
        return all(matching) if wants_all else any(matching)

    return Condition("from", "sources", holds, attrgetter("sources"))


def is_one_of(field: Literal["effect", "access"], words: tuple[str, ...]) -> Condition:
    """A word of a movement is one of those that were written."""
    said = attrgetter(field)

    def holds(movement: Movement) -> Holds:
        word = said(movement)
        return word in words if word else None

    return Condition(field, field, holds, said)


def lies_between(key: str, field: Literal["risk", "safety"], ranks: Mapping[str, int], span: range) -> Condition:
    """A risk or a tier is of a rank in a span. A word without a rank tells nothing."""
    said = attrgetter(field)

    def holds(movement: Movement) -> Holds:
        rank = ranks.get(said(movement))
        return None if rank is None else rank in span

    return Condition(key, field, holds, said)


def is_tainted(*, wanted: bool) -> Condition:
    """Somebody outside may have put there what is asked for, or may not."""
    return Condition("tainted", "tainted", lambda movement: movement.tainted is wanted, attrgetter("tainted"))
