"""One call along its route: each model of the chain is asked until one answers, as `retrying` says.

Nothing is spent here beyond what was held for the route: a request that may have been billed is followed by the next
model, for which money is held as well, and by none after the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply, ModelRequest, Usage
from interlock.core.plan import Micros
from interlock.core.spending import NOTHING, Spending
from interlock.models.breaker import Era
from interlock.models.costs import spending_of
from interlock.models.data_answers import unfenced
from interlock.models.estimating import Size, estimated_tokens, size_of
from interlock.models.health import Health
from interlock.models.line import Line
from interlock.models.outcomes import ModelAnswered, ModelFailed, ModelOutcome, ModelRefused, Try
from interlock.models.pacing import Sleep
from interlock.models.provider import RETRYABLE, Answer, Asking, OnToken, RequestFailed
from interlock.models.retrying import Again, Move, next_move
from interlock.models.routing import Leg, Route
from interlock.models.struck_replies import struck_reply
from interlock.models.usage_checks import checked_usage

BROKEN_OFF: Final = "…\n"
"""What stands in what is told behind an answer that did not come to its end."""


class Call(Struct, frozen=True, kw_only=True):
    """What is asked, by whom, and until when."""

    route: Route
    request: ModelRequest
    call_id: str
    agent: str = ""
    deadline: Micros | None = None
    on_token: OnToken | None = None


class _Answered(Struct, frozen=True):
    reply: ModelReply
    spent: Spending


class Caller:
    """One call on its way. It never raises but `CancelledError`."""

    def __init__(
        self,
        call: Call,
        *,
        line: Callable[[str], Line],
        health: Callable[[str], Health],
        now: Callable[[], Micros],
        sleep: Sleep,
    ) -> None:
        self._call = call
        self._line = line
        self._health = health
        self._now = now
        self._sleep = sleep
        self._size: Size = size_of(call.request)
        self._tries: list[Try] = []
        self._has_reached = False
        self._is_telling = False
        """Whether somebody has been told a piece of an answer that has not come to its end."""

    async def outcome(self) -> ModelOutcome:
        """What becomes of the call."""
        chain = self._call.route.chain
        for place, leg in enumerate(chain):
            answered = await self._asked(leg, has_next=place + 1 < len(chain))
            if answered is not None:
                return ModelAnswered(answered.reply, self._spent(), tuple(self._tries))
        return self._not_answered()

    async def _asked(self, leg: Leg, *, has_next: bool) -> _Answered | None:
        """The answer of one model, or None when it is not to be asked any more."""
        attempt, waited = 1, 0
        while True:
            began = self._now()
            try:
                answered = await self._request(leg, attempt)
            except RequestFailed as failure:
                told = self._line(leg.model.provider).struck(failure.message)
                self._note(leg, began, waited, self._cost(leg, failure), Error(failure.kind, told))
                move = self._next(failure, leg, attempt, has_next=has_next)
                if not isinstance(move, Again):
                    return None
                await self._sleep(move.after)
                attempt, waited = attempt + 1, move.after
            else:
                self._note(leg, began, waited, answered.spent, None)
                return answered

    def _next(self, failure: RequestFailed, leg: Leg, attempt: int, *, has_next: bool) -> Move:
        return next_move(
            failure,
            attempt=attempt,
            attempts_max=self._line(leg.model.provider).settings.attempts,
            has_next=has_next,
            time_left=self._time_left(),
            call_id=self._call.call_id,
        )

    # --- One request --------------------------------------------------------------------------------------------------

    async def _request(self, leg: Leg, attempt: int) -> _Answered:
        line = self._line(leg.model.provider)
        provider = await line.provider()
        tokens = self._size.tokens + self._call.request.tokens_max
        async with line.pacing.turn(tokens, deadline=self._call.deadline):
            asking = self._asking(leg, line, attempt)
            health = self._health(leg.model.name)
            if health.resting is not None:
                raise RequestFailed("unavailable", health.resting, may_repeat=False)
            era, began, self._has_reached = health.begin(), self._now(), True
            try:
                with line.redaction.in_pieces(asking.on_token) as on_token:
                    answer = await provider.ask(replace(asking, on_token=on_token))
            except RequestFailed as failure:
                self._note_failure(health, era, failure, line, is_hurried=self._is_hurried(line, asking))
                self._tell_of_breaking_off()
                raise
            except BaseException:
                # Cancelled, most of all: whatever it is, another call must be able to try the model.
                health.abandoned(era)
                raise
            health.answered(era, self._now() - began)
        return self._checked(answer, leg, line)

    def _asking(self, leg: Leg, line: Line, attempt: int) -> Asking:
        settings, left = line.settings, self._time_left()
        if left is not None and left <= 0:
            raise RequestFailed("timeout", "no time is left to ask it")
        whole = round(settings.whole_seconds * 1_000_000)
        return Asking(
            model=leg.model.model,
            request=self._call.request,
            structured=leg.model.structured,
            call_id=self._call.call_id,
            attempt=attempt,
            agent=self._call.agent,
            first_token=round(settings.first_token_seconds * 1_000_000),
            whole=whole if left is None else min(whole, left),
            on_token=None if self._call.on_token is None else self._tell,
        )

    def _tell(self, text: str) -> None:
        assert self._call.on_token is not None, "nobody listens"
        self._call.on_token(text)
        self._is_telling = True

    def _tell_of_breaking_off(self) -> None:
        """Another answer may follow, perhaps of another model: who listens must not take both for one."""
        if self._is_telling:
            self._tell(BROKEN_OFF)
            self._is_telling = False

    def _is_hurried(self, line: Line, asking: Asking) -> bool:
        """Whether the call had less time than usual: that the provider was too slow for it then says nothing."""
        return asking.whole < round(line.settings.whole_seconds * 1_000_000)

    def _note_failure(self, health: Health, era: Era, failure: RequestFailed, line: Line, *, is_hurried: bool) -> None:
        if failure.kind == "timeout" and is_hurried:
            health.abandoned(era)
        else:
            health.failed(era, Error(failure.kind, line.struck(failure.message)))

    def _checked(self, answer: Answer, leg: Leg, line: Line) -> _Answered:
        heard = answer.text + "".join(call.raw or str(call.arguments) for call in answer.calls)
        usage = checked_usage(
            answer.usage,
            self._size,
            answer_tokens=estimated_tokens(heard),
            tokens_max=self._call.request.tokens_max,
        )
        reply = ModelReply(
            text=answer.text if self._call.request.output is None else unfenced(answer.text),
            calls=answer.calls,
            finish=answer.finish,
            model=leg.model.name,
            usage=usage,
            simulated=leg.model.simulated,
        )
        return _Answered(struck_reply(reply, line.redaction), self._priced(leg, usage))

    # --- What it costs, and what is told ------------------------------------------------------------------------------

    def _cost(self, leg: Leg, failure: RequestFailed) -> Spending:
        match failure.billed:
            case "nothing":
                return NOTHING
            case "worst":
                return leg.reserve
            case "heard":
                heard = min(estimated_tokens(failure.heard), self._call.request.tokens_max)
                return self._priced(leg, Usage(input=self._size.tokens, output=heard))

    def _priced(self, leg: Leg, usage: Usage) -> Spending:
        assert leg.model.price is not None, "a model without a price is on no route"
        return spending_of(usage, leg.model.price)

    def _note(self, leg: Leg, began: Micros, waited: Micros, spent: Spending, error: Error | None) -> None:
        self._tries.append(Try(leg.model.name, self._now() - began, error, spent, waited))

    def _spent(self) -> Spending:
        return sum((each.spent for each in self._tries), start=NOTHING)

    def _time_left(self) -> Micros | None:
        return None if self._call.deadline is None else self._call.deadline - self._now()

    def _not_answered(self) -> ModelRefused | ModelFailed:
        last: dict[str, Error] = {each.model: each.error for each in self._tries if each.error is not None}
        may_be_mended = [error for error in last.values() if error.kind in RETRYABLE]
        kind = (may_be_mended or list(last.values()))[-1].kind
        error = Error(kind, "; ".join(f"{model}: {error.message}" for model, error in last.items()))
        outcome = ModelFailed if self._has_reached else ModelRefused
        return outcome(error, self._spent(), bool(may_be_mended), tuple(self._tries))


def as_cached(reply: ModelReply) -> ModelAnswered:
    """An answer that was given before: nobody was asked, so that it cost nothing."""
    return ModelAnswered(reply, NOTHING, cached=True)
