"""Whether a run could go on on another graph: all that was decided in it must be what that graph would have decided.

Nothing is changed here and nobody is asked. Whoever records that a run goes on on another bundle has the run's log
looked at first, under its lease: an event that came in between could be the one that does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.deciding.giving import given
from interlock.core.errors import InterlockError
from interlock.core.events import Event, RunStarted
from interlock.core.plan import Plan
from interlock.core.requests import MigrateRun
from interlock.core.settle import record
from interlock.core.state import RunState
from interlock.core.verify import Divergence
from interlock.engine.courses.verifying import divergence_in
from interlock.engine.engine import Engine
from interlock.engine.telling.events_in_words import what_happened


class Obstacle(Struct, frozen=True, kw_only=True):
    """The first event of a run that another graph would not have brought about."""

    seq: int
    path: str
    recorded: str
    """What is on record, in words."""
    instead: str
    """What that graph would have decided, in words."""

    @property
    def told(self) -> str:
        """The whole of it in one sentence."""
        where = f" {self.path}" if self.path else ""
        return f'event {self.seq}{where} says "{self.recorded}", and on the other graph: {self.instead}'


async def obstacle_to(engine: Engine, plan: Plan, run: str, *, at_seq: int | None = None) -> Obstacle | None:
    """What keeps a run from going on on another plan; None if its log could have come from there as well.

    With `at_seq`, its log up to that event. Of a long log a page is held at a time.
    """
    first = await _event(engine, run, 1)
    started = first.body
    assert isinstance(started, RunStarted), "a log begins with the run's start"
    if plan.name != started.graph:
        return _at(first, f"it is another graph: {plan.name}")
    recorded = await engine.whole(started.inputs)
    inputs, problems = given(plan.root, recorded)
    if problems:
        return _at(first, f"these inputs are refused: {'; '.join(problems)}")
    if inputs != recorded:
        return _at(first, "a default would have been filled in for an input that the run does not have")
    _, pages = await engine.log_in_pages(run, at_seq=at_seq)
    state, found = await divergence_in(engine, plan, run, pages, bundle=plan.bundle_hash)
    return None if found is None else _obstacle(await _event(engine, run, found.seq), state, found)


async def _event(engine: Engine, run: str, seq: int) -> Event:
    (event,) = await engine.store.read(engine.tenant, run, after=seq - 1, limit=1)
    return event


async def looked_at(
    engine: Engine,
    run: str,
    seq: int,
    request: MigrateRun,
    *,
    missing: Callable[[Iterable[str]], list[str]] = lambda _: [],
) -> MigrateRun:
    """The request, with what stands in its way in a log that ends at event `seq`, or where the run is driven."""
    try:
        plan = await engine.plan_of(request.bundle)
    except InterlockError as problem:
        return replace(request, checked=seq, obstacle=str(problem))
    found = await obstacle_to(engine, plan, run, at_seq=seq)
    if found is not None:
        return replace(request, checked=seq, obstacle=found.told)
    absent = ", ".join(missing(plan.tools))
    return replace(request, checked=seq, obstacle=absent and f"where it is driven there is no tool {absent}")


def _obstacle(event: Event, state: RunState, found: Divergence) -> Obstacle:
    if found.decided is None:
        return _at(event, "nothing of that kind is decided")
    instead = record(state, found.decided, at=event.at)
    where = "" if instead.path == event.path else f"at {instead.path or 'the run'}: "
    said = what_happened(instead)
    same = said == what_happened(event) and not where
    return _at(event, f"the same, but not in every detail ({_details(event, instead)})" if same else where + said)


def _details(event: Event, instead: Event) -> str:
    """The fields in which two events that read alike differ."""
    fields = event.body.__struct_fields__
    return ", ".join(name for name in fields if getattr(event.body, name) != getattr(instead.body, name)) or "its cause"


def _at(event: Event, instead: str) -> Obstacle:
    return Obstacle(seq=event.seq, path=event.path, recorded=what_happened(event), instead=instead)
