"""Deciding a recorded run anew on another graph: the old answers, other decisions, and where the answers end.

The world is the record: a call gets the result that is recorded for its path and attempt, if it is the same call.
People say what they said, events come when they came, time is that of the record. Nothing else answers. An agent's
steps and its result are answers as a whole: to the same agent only, and as long as no limit would have stopped it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.admit import admit, waits
from interlock.core.compiling.callees import reachable_agents
from interlock.core.evolving.journal import StepFact
from interlock.core.paths import node_at, node_of_step
from interlock.core.plan import Micros, Plan
from interlock.core.settle import admit_all, settle
from interlock.core.state import Calling, RunState, next_due
from interlock.engine.courses.differing import Course, RunDifference, difference, edges_in
from interlock.engine.courses.effect_difference import EffectOnOneSide, effects_only_in, request_digest
from interlock.engine.courses.whole_log import whole_log, whole_view
from interlock.engine.effects import SendOut, effects_in
from interlock.engine.engine import Engine
from interlock.engine.errors import RequestRefusedError
from interlock.engine.telling.history import run_view

Said: TypeAlias = tuple[r.Request, str]
"""A request, and who made it."""

TIMERS_FOLLOWED_MAX = 10_000
"""How many instants are gone through behind the record's end: a graph may wait for ever."""


class AnswersEnd(Struct, frozen=True):
    """A place at which the record has no answer."""

    path: str
    why: str


class Redecided(Struct, frozen=True):
    """The log as it would have been, as far as the record answers, and where it does not."""

    events: tuple[e.Event, ...]
    ends: tuple[AnswersEnd, ...]


class OnAnotherGraph(Struct, frozen=True):
    """How a run would have gone on another graph: in what that differs, what it would do, and where nobody knows."""

    difference: RunDifference
    would_do: tuple[EffectOnOneSide, ...]
    """The effects that it would intend and the run did not."""
    would_not_do: tuple[EffectOnOneSide, ...]
    """The effects of the run that it would not intend, and what became of them."""
    ends: tuple[AnswersEnd, ...]

    @property
    def is_same(self) -> bool:
        """Whether it would have gone as it did, and the record answers everything."""
        return self.difference.is_same and not (self.would_do or self.would_not_do or self.ends)


async def redecide_run(engine: Engine, run: str, plan: Plan) -> OnAnotherGraph:
    """Take a stored run through another graph. Nothing is called, nobody is asked, and nothing is written."""
    before, events = await engine.log_of(run)
    recorded = await whole_log(engine, events)
    started = recorded[0].body
    assert isinstance(started, e.RunStarted), "a log begins with the run's start"
    refused = admit(plan, RunState(run, engine.tenant), r.StartRun(inputs=started.inputs), at=recorded[0].at)
    if isinstance(refused, r.Refused):
        raise RequestRefusedError(run, refused.reason)
    redecided = redecide(plan, run, engine.tenant, recorded, other_agents=_other_agents(before, plan))
    left = await whole_view(engine, run_view(before, run, events))
    right = await whole_view(engine, run_view(plan, run, redecided.events))
    would_do, would_not_do = effects_only_in(run, redecided.events, beside=recorded)
    differs = difference(Course(left, edges_in(recorded)), Course(right, edges_in(redecided.events)))
    return OnAnotherGraph(differs, would_do, would_not_do, redecided.ends)


def redecide(
    plan: Plan, run: str, tenant: str, recorded: Sequence[e.Event], *, other_agents: Collection[str] = frozenset()
) -> Redecided:
    """Take a recorded run through another graph. `recorded` is its whole log, with every value at hand.

    `other_agents`: those that are not what they were under their names when it was recorded.
    """
    return _Redeciding(plan, RunState(run, tenant), recorded, other_agents).to_the_end()


def _other_agents(before: Plan, after: Plan) -> frozenset[str]:
    """The agents that are not what they were, or may call one that is not."""
    return frozenset(
        name
        for name in after.agents
        if reachable_agents([name], before.agents) != reachable_agents([name], after.agents)
    )


class _Redeciding:
    def __init__(self, plan: Plan, state: RunState, recorded: Sequence[e.Event], other_agents: Collection[str]) -> None:
        self._plan = plan
        self._state = state
        self._recorded = recorded
        self._other_agents = other_agents
        self._stopped: dict[str, str] = {}
        """The calls whose steps would not all have been made, by their effects, and why."""
        self._answered = dict(_answered_calls(recorded))
        """The call that each recorded result answers, or step belongs to, by the number of its event."""
        self._fired = Counter((each.path, each.body.kind) for each in recorded if isinstance(each.body, e.TimerFired))
        """The timers that the record is still to fire, each at its own time: a worker may have been late."""
        self._early: dict[str, list[e.Event]] = {}
        """What the record answers to something that has not been asked yet, by its path."""
        self._log: list[e.Event] = []
        self._at = 0

    def to_the_end(self) -> Redecided:
        """What came from outside in its order, each time what came together, then what only time brings."""
        for batch in _batches(self._recorded):
            self._pass_time(batch[0].at)
            self._offer(batch)
        for _ in range(TIMERS_FOLLOWED_MAX):
            due = self._next_timer()
            if due is None or self._state.has_ended or self._state.calls_in_flight:
                break
            self._pass_time(due)
        return Redecided(tuple(self._log), tuple(self._ends()))

    def _start(self, body: e.RunStarted) -> r.StartRun:
        adopted = [(each.path, each.body) for each in self._recorded if isinstance(each.body, e.ResultAdopted)]
        return r.StartRun(
            inputs=body.inputs,
            tenant=body.tenant,
            kind=body.kind,
            parent=body.parent,
            key=body.key,
            labels=body.labels,
            adopted=tuple(adopted),
            tainted=body.tainted,
        )

    def _pass_time(self, at: int) -> None:
        while (due := self._next_timer()) is not None and due <= at:
            self._at = max(self._at, due)
            self._take([(r.TimePassed(), "")])
        self._at = max(self._at, at)

    def _next_timer(self) -> Micros | None:
        """When time alone changes something, of which the record tells nothing."""
        timer = self._state.timers.first()
        is_recorded = timer is not None and self._fired[timer[1], timer[2]] > 0
        is_wall_recorded = self._state.wall_limit > 0 and self._fired["", "wall"] > 0
        return None if is_recorded or is_wall_recorded or not self._state.seq else next_due(self._state)

    def _offer(self, batch: Sequence[e.Event]) -> None:
        """Say what was said, as far as it fits already; an answer that comes too early is kept for its question."""
        fitting: list[tuple[e.Event, Said]] = []
        for event in batch:
            said = self._said(event)
            if said is None:
                self._early.setdefault(node_of_step(event.path), []).append(event)
            else:
                fitting.append((event, said))
        for (event, _), refused in zip(fitting, self._take([said for _, said in fitting]), strict=True):
            if refused is not None:
                self._note_stop(event, refused)
                self._early.setdefault(node_of_step(event.path), []).append(event)

    def _note_stop(self, event: e.Event, refused: r.Refused) -> None:
        """A step that a limit refuses is not made: nobody knows what its node would have come to without it."""
        call = self._call_at(node_of_step(event.path))
        if call is not None and refused.limit is not None:
            self._stopped.setdefault(call.effect, refused.reason)

    def _take(self, said: Sequence[Said]) -> list[r.Refused | None]:
        """Admit, settle, and answer what that asks for and the record knows. Which of the requests were refused."""
        arrived = admit_all(self._plan, self._state, said, at=self._at)
        settled = settle(self._plan, arrived.state, at=self._at)
        assert not settled.need, "every value is at hand"
        self._state = settled.state
        fresh = [*arrived.events, *settled.events]
        self._log += fresh
        if fresh:
            self._answer(fresh)
        return list(arrived.refused)

    def _answer(self, fresh: Sequence[e.Event]) -> None:
        for effect in effects_in(self._plan, self._state, fresh):
            if isinstance(effect, SendOut) and not self._is_recorded(effect.path):
                self._take([(r.Result(path=effect.path, result=e.NodeResult(effect.effect, "done")), "")])
        for event in fresh:
            if isinstance(event.body, e.NodeStarted | e.NodeWaiting | e.UndoStarted | e.UndoWaiting):
                for early in self._early.pop(node_of_step(event.path), []):
                    self._offer([early])

    def _said(self, event: e.Event) -> Said | None:
        """An outside event as the request that it was; None if what it answers is not, or not so, asked here."""
        if isinstance(event.body, e.RunStarted):
            return self._start(event.body), event.actor
        if isinstance(event.body, e.TimerFired):
            self._fired[event.path, event.body.kind] -= 1
        request = _request_of(event)
        if isinstance(request, r.Result) and not isinstance(event.body, e.ResultLate):
            mine = self._call_at(event.path)
            recorded = self._answered.get(event.seq)
            if mine is None or recorded is None or not self._is_answered_by(mine, recorded):
                return None
            request = replace(request, result=replace(request.result, effect=mine.effect))
        if isinstance(request, r.StepNoted) and not self._is_step_of_mine(event):
            return None
        return None if request is None else (request, event.actor)

    def _is_step_of_mine(self, event: e.Event) -> bool:
        mine, recorded = self._call_at(node_of_step(event.path)), self._answered.get(event.seq)
        return recorded is None or (mine is not None and self._is_answered_by(mine, recorded))

    def _is_answered_by(self, mine: e.NodeStarted, recorded: e.NodeStarted) -> bool:
        """Whether what came of the recorded call would have come of this one."""
        return _essence(recorded) == _essence(mine) and not self._is_other(mine) and mine.effect not in self._stopped

    def _is_other(self, call: e.NodeStarted) -> bool:
        return call.is_agent and call.tool in self._other_agents

    def _call_at(self, path: str) -> e.NodeStarted | None:
        """The call that is in flight at a path, as it was decided here."""
        found = node_at(self._plan, self._state, path)
        live = found[0].live.get(found[1].index) if found else None
        if not isinstance(live, Calling) or live.attempt.status:
            return None
        started = (each.body for each in reversed(self._log) if each.path == path)
        return next((body for body in started if isinstance(body, e.NodeStarted)), None)

    def _is_recorded(self, path: str) -> bool:
        """Whether what is in flight at a path is in flight in the record too."""
        mine = self._call_at(path)
        recorded = (each.body for each in self._recorded if each.path == path and isinstance(each.body, e.NodeStarted))
        return mine is not None and _essence(mine) in map(_essence, recorded)

    def _ends(self) -> Iterable[AnswersEnd]:
        started = {each.path: each.body for each in self._log if isinstance(each.body, e.NodeStarted)}
        for path, body in started.items():
            if self._call_at(path) is not None:
                yield AnswersEnd(path, self._why_unanswered(path, body))
        for path, _ in waits(self._plan, self._state):
            yield AnswersEnd(path, "waits, and the record has no answer")

    def _why_unanswered(self, path: str, body: e.NodeStarted) -> str:
        calls = [each.body for each in self._recorded if each.path == path and isinstance(each.body, e.NodeStarted)]
        if not calls:
            return f"calls {body.tool}, which the recorded run did not do here"
        if self._is_other(body):
            return f"calls {body.tool}, which is another agent than was recorded"
        if body.effect in self._stopped:
            return f"calls {body.tool}, which would have been stopped: {self._stopped[body.effect]}"
        if request_digest(body) not in map(request_digest, calls):
            return f"calls {body.tool} with another input than was recorded"
        return f"calls {body.tool} once more than was recorded"


def _batches(recorded: Sequence[e.Event]) -> Iterator[list[e.Event]]:
    """What came from outside, together what was recorded together: decisions follow only what came with it."""
    batch: list[e.Event] = []
    for event in recorded:
        if isinstance(event.body, e.ResultAdopted):
            continue  # It came with the start.
        if batch and not (isinstance(event.body, e.Outside) and event.at == batch[0].at):
            yield batch
            batch = []
        if isinstance(event.body, e.Outside):
            batch.append(event)
    if batch:
        yield batch


def _answered_calls(recorded: Iterable[e.Event]) -> Iterator[tuple[int, e.NodeStarted]]:
    calls: dict[str, e.NodeStarted] = {}
    for event in recorded:
        if isinstance(event.body, e.NodeStarted):
            calls[event.path] = event.body
        elif isinstance(event.body, e.NodeResult | StepFact) and (call := calls.get(node_of_step(event.path))):
            yield event.seq, call


def _essence(call: e.NodeStarted) -> tuple[str, str, int]:
    """What makes two calls at one path the same one."""
    return call.tool, request_digest(call), call.attempt


def _request_of(event: e.Event) -> r.Request | None:
    path, by = event.path, event.actor
    match event.body:
        case e.AnswerGiven(of=of) if of:
            return None  # It came with the answer that was given there.
        case e.NodeResult() as body:
            return r.Result(path=path, result=body)
        case e.ResultLate() as body:
            late = e.NodeResult(body.effect, body.status, body.out, error=body.error, simulated=body.simulated)
            return r.Result(path=path, result=late)
        case e.UndoResult() as body:
            return r.UndoneResult(path=path, result=body)
        case e.EffectIntended() | e.EffectDone() | e.EffectFailed() | e.EffectUnknown() | e.DecisionMade() as body:
            return r.StepNoted(path=path, step=body)
        case e.EffectSettled() as body:
            return r.SettleEffect(effect=body.effect, status=body.status, out=body.out, by=by, why=body.why)
        case e.AnswerGiven() as body:
            return r.Answer(path=path, by=by, choice=body.choice, form=body.form, why=body.why)
        case e.VerdictGiven() as body:
            return r.GiveVerdict(path=path, by=by, verdict=body.verdict, why=body.why)
        case e.RemedyGiven() as body:
            return r.GiveRemedy(path=path, by=by, act=body.act, input=body.input, why=body.why)
        case e.EventReceived() as body:
            return r.SendEvent(id=body.id, name=body.name, data=body.data, by=by)
        case e.RunPaused() as body:
            return r.PauseRun(by=by, why=body.why)
        case e.RunResumed() as body:
            return r.ResumeRun(by=by, why=body.why)
        case e.RunCancelAsked() as body:
            return r.CancelRun(by=by, rollback=body.rollback, why=body.why)
        case e.NodeCancelAsked() as body:
            return r.CancelNode(path=path, by=by, why=body.why)
        case e.NodeCompleteAsked() as body:
            return r.CompleteNode(path=path, by=by, why=body.why)
        case e.RunMode() as body:
            return r.SetMode(mode=body.mode, by=by, why=body.why)
        case e.TimerFired():
            return r.TimePassed()
        case _:
            return None
