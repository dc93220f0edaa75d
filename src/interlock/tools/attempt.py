"""One try of a call that has a context: where its requests and notes arrive on the event loop."""

from __future__ import annotations

from collections.abc import Callable

from interlock.core.plan import Micros
from interlock.core.redaction import Redaction
from interlock.core.values import copied
from interlock.tools.conversation import CallFacts, Heartbeat, Note, Progress, Reply, Request
from interlock.tools.failure import shortened
from interlock.tools.journal import Journal
from interlock.tools.outcome import ToolCall
from interlock.tools.steps import Steps


class Attempt:
    """The door's end of the line to a tool. `on_heartbeat` is told of each sign of life."""

    def __init__(self, call: ToolCall, deadline: Micros | None, journal: Journal, redaction: Redaction) -> None:
        self._journal = journal
        self._redaction = redaction
        self.steps = Steps(call, journal, redaction)
        self.facts = CallFacts(
            run=call.run,
            path=call.path,
            attempt=call.attempt,
            effect_id=call.effect_id,
            deadline=deadline,
            last_heartbeat=copied(journal.last_heartbeat),
            tenant=call.tenant,
        )
        self.on_heartbeat: Callable[[], None] | None = None

    @property
    def is_left(self) -> bool:
        """Whether the worker leaves."""
        return self._journal.is_leaving

    async def request(self, request: Request) -> Reply:
        """The reply to what the tool asks."""
        return await self.steps.request(request)

    def close(self) -> None:
        """The outcome is being reported: record nothing more. Raises what kept the journal from being written."""
        self.steps.close()
        if self.steps.broken is not None:
            raise self.steps.broken

    def note(self, note: Note) -> None:
        """Pass on what the tool says of itself, until it is given up: then another try may be speaking."""
        if self.steps.is_closed:
            return
        match note:
            case Progress():
                self._journal.progress(note.fraction, shortened(self._redaction.text(note.text)))
            case Heartbeat():
                self._journal.heartbeat(self._redaction.value(note.details))
                if self.on_heartbeat is not None:
                    self.on_heartbeat()
