"""`send NAME` without a run: the event is offered to the triggers of released graphs, and what came of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.failures import ExitCode
from interlock.cli.invocation import Invocation

if TYPE_CHECKING:
    from interlock.engine.triggers.event_triggers import Offered, Outcome
    from interlock.engine.triggers.trigger_requests import TriggerView

_TOLD: Final[dict[Outcome, str]] = {
    "started": "has started run {run}",
    "known": "had started run {run} before",
    "waits": "starts a run when the one before it has ended",
    "overlaps": "starts none while a run of it has not ended",
    "paused": "is paused",
    "failed": "could start none: {why}",
}


async def offer(name: str, data: Any, *, id: str, by: str, on: Invocation) -> int:  # noqa: ANN401 - JSON data
    """Offer it, and say at which triggers what came of it."""
    from interlock.cli.opening import looked_at_all, who
    from interlock.cli.output import console, plain, print_json
    from interlock.showing.json import plain_data
    from interlock.showing.triggers import offered_events

    async with looked_at_all(on.store) as interlock:
        offered = await interlock.triggers.send(name, data, id=id, by=who(by))
        triggers = await interlock.triggers.listed()
    if on.as_json:
        print_json(plain_data(offered_events(offered)))
    else:
        for line in _lines(name, offered, triggers):
            console().print(plain(line), markup=False, soft_wrap=True)
    return ExitCode.NOT_SUCCEEDED if any(each.outcome == "failed" for each in offered) else ExitCode.SUCCEEDED


def _lines(name: str, offered: list[Offered], triggers: list[TriggerView]) -> Iterator[str]:
    yield from map(_told, offered)
    listening = [f"{each.graph}/{each.name}" for each in triggers if (each.kind, each.what) == ("event", name)]
    taken = {each.trigger for each in offered}
    for trigger in listening:
        if trigger not in taken:
            yield f"{trigger} listens for event {name}, and its `where` says no to this one"
    if not listening:
        yield f"no trigger of a released graph listens for event {name}"


def _told(offered: Offered) -> str:
    return f"{offered.trigger} {_TOLD[offered.outcome].format(run=offered.run, why=offered.why)}"
