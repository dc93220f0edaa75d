"""A handle on one run: what it is, what happens in it, and everything a person or program may ask of it.

Whether this process drives the run, another does, or nobody: the same requests work, and a refusal is raised at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

from interlock.audit.exporting import RunExport, untold
from interlock.core import requests as r
from interlock.core.canonical import canonical
from interlock.core.continuing.forking import edit_of
from interlock.core.events import Event
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import Plan
from interlock.core.values import Value
from interlock.embedded.following import Following
from interlock.embedded.graphs import CheckedGraph
from interlock.embedded.result import RunResult, result_of
from interlock.embedded.run_files import RunFiles
from interlock.engine.costing import calls_of_run, costs_of_runs, one_of, with_reply
from interlock.engine.courses.differing import Course, Edges, RunDifference, difference, note_edge
from interlock.engine.courses.forking import PreparedFork, make_fork, prepare_fork
from interlock.engine.courses.redeciding import OnAnotherGraph, redecide_run
from interlock.engine.courses.verifying import Replayed, replay_run
from interlock.engine.courses.whole_log import whole_view
from interlock.engine.driving import RunDriver
from interlock.engine.errors import RunNotFoundError
from interlock.engine.handing_on import Begun
from interlock.engine.linking import retry_run, rollback_run
from interlock.engine.live_words import Progress, Words
from interlock.engine.prompting import Prompt, prompts_at
from interlock.engine.releasing.releases import released
from interlock.engine.starting import is_given
from interlock.engine.submitting import Submitted, submit
from interlock.engine.telling.causes import Cause, Links, cause
from interlock.engine.telling.choices import ALL_CHOICES, Choice, ChoiceFilter, choices_in
from interlock.engine.telling.cost_groups import CostReport
from interlock.engine.telling.history import History, RunView
from interlock.engine.telling.ledger import told_ledger
from interlock.engine.telling.lineage import Lineage
from interlock.engine.telling.spending import CallCost
from interlock.engine.telling.way_taken import DecidedEdges, WayTaken, note_decided_edge, way_taken
from interlock.engine.worker import Worker
from interlock.store.errors import ErasedError
from interlock.store.rows import LedgerRow, QuestionRow, RunRow
from interlock.store.sealing import Header

Remedy: TypeAlias = Literal["retry", "edit", "skip", "fail"]
Verdict: TypeAlias = Literal["promote", "block", "rollback"]
Mode: TypeAlias = Literal["normal", "degraded", "minimal"]


class RunHandle:
    """One run. It works while the `Interlock` it came from is open."""

    def __init__(
        self,
        worker: Worker,
        run: str,
        *,
        driver: RunDriver | None = None,
        row: RunRow | None = None,
        is_new: bool = False,
    ) -> None:
        self._worker = worker
        self._driver = driver
        self._row = row
        self._result: RunResult | None = None
        self.id = run
        self.is_new = is_new
        """Whether the call that gave this has made the run; not so where a `key` named one that was there."""

    def __repr__(self) -> str:
        return f"RunHandle({self.id}, {self.status})"

    # --- what it is ---

    @property
    def status(self) -> str:
        """Where the run stands: of one that is driven here as it is now, of any other as it was last seen."""
        driver = self._worker.drivers.get(self.id) or self._driver
        if driver is not None and not driver.run.is_broken:
            return driver.status
        return self._row.status if self._row else "pending"

    @property
    def outputs(self) -> Value:
        """The run's outputs, once `wait` has returned; null before."""
        return self._result.outputs if self._result else None

    async def row(self) -> RunRow:
        """The run as lists show it: cheap, and always as the store has it now."""
        row = await self._worker.engine.store.find_run(self._worker.engine.tenant, self.id)
        if row is None:
            raise RunNotFoundError(self.id)
        self._row = row
        return row

    async def view(self, at: int | None = None, *, whole: bool = True) -> RunView:
        """The run with all its nodes, as it is or as it was after event number `at`; large values are loaded.

        Not so if it need not be `whole`: they then are the references by which they are kept.
        """
        if at is not None:
            return await self._viewed(lambda _: None, at=at, whole=whole)
        view = await self._worker.histories.view(self.id)
        return await whole_view(self._worker.engine, view) if whole else view

    async def _viewed(self, note: Callable[[Event], None], *, at: int | None = None, whole: bool = True) -> RunView:
        """The view, made of events that are noted as they pass: they may be more than memory holds."""
        engine = self._worker.engine
        await self.row()
        plan, pages = await engine.log_in_pages(self.id, at_seq=at)
        history = History(plan, self.id)
        async for events in pages:
            for event in events:
                history.take(await with_reply(engine, history.calls, event))
                note(event)
            await asyncio.sleep(0)  # a long log is read while others are served
        return await whole_view(engine, history.view()) if whole else history.view()

    async def causes(self, path: str | None = None) -> AsyncIterator[Cause]:
        """Each of its events with those it follows from; with a path, only what led to that node, up to the start.

        Of a path that nothing happened to there is none.
        """
        plan = await self.plan()
        if path is None:
            links = Links(plan)
            async for event in self.events():
                yield cause(plan, event, links.causes_of(event))
            return
        lineage, last = Lineage(plan, path), 0
        async for event in self.events():
            lineage.take(event)
            last = event.seq
        led = lineage.found()
        async for event in self.events():
            if event.seq > last:
                return
            if led[event.seq]:
                yield cause(plan, event, lineage.causes_of(event.seq))

    async def decisions(
        self, chosen: ChoiceFilter = ALL_CHOICES, *, after: int = 0, limit: int, looked_at_max: int
    ) -> tuple[list[Choice], int | None]:
        """Some of what was chosen in it, by whomever, and the event behind which there may be more."""
        found: list[Choice] = []
        looked_at = 0
        async for event in self.events(after=after):
            found.extend(choice for choice in choices_in(event) if chosen.takes(choice))
            looked_at += 1
            if len(found) >= limit or looked_at == looked_at_max:
                return found, event.seq
        return found, None

    async def way_taken(self) -> WayTaken:
        """The graph it is pinned to, with how its nodes went and which edges were taken."""
        decided: DecidedEdges = {}
        view = await self._viewed(lambda event: note_decided_edge(decided, event), whole=False)
        return way_taken(await self.plan(), view, decided)

    async def difference(self, other: RunHandle) -> RunDifference:
        """In what this run and another differ."""
        return difference(await self._course(), await other._course())

    async def _course(self) -> Course:
        edges: Edges = {}
        view = await self._viewed(lambda event: note_edge(edges, event))
        return Course(view, edges, await self.effects())

    async def replay(self) -> Replayed:
        """Decide the whole run anew from its record alone: no tool is called and nobody is asked."""
        await self.row()
        return await replay_run(self._worker.engine, self.id)

    async def redecide(self, graph: CheckedGraph) -> OnAnotherGraph:
        """How this run would have gone on another graph, as far as its record answers; nothing is called."""
        await self.row()
        plan, _ = graph.accepted()
        return await redecide_run(self._worker.engine, self.id, plan)

    async def export(self, *, progress: Callable[[str, int, int], None] = untold) -> RunExport:
        """The run as one signed file: iterate over it to get its bytes, piece by piece, as they are made.

        `progress` is told what is done, how much of it, and how much there is.
        """
        return await RunFiles(self._worker.engine).export(self.id, progress=progress)

    async def plan(self) -> Plan:
        """The compiled graph that the run is pinned to."""
        return await self._worker.engine.plan_of((await self.row()).bundle)

    async def version(self) -> str:
        """Which release it is pinned to: `version 3`, or `draft`; nothing where its graph was never released."""
        row = await self.row()
        return (await released(self._worker.engine, row.graph)).told(row.bundle)

    async def was_given(self, inputs: Mapping[str, object]) -> bool:
        """Whether these are the inputs it was started with; what they leave out has the graph's defaults."""
        return await is_given(self._worker.engine, self.id, canonical(inputs, where="inputs"))

    async def result(self) -> RunResult:
        """What the run has come to by now."""
        self._result = result_of(await self.view(), is_new=self.is_new)
        return self._result

    async def questions(self) -> list[QuestionRow]:
        """What waits for people."""
        return await self._worker.engine.store.questions(self._worker.engine.tenant, run=self.id)

    async def effects(self) -> list[LedgerRow]:
        """The run's contacts with the world, and what came of each."""
        return await told_ledger(self._worker.engine, self.id)

    async def costs(self, *, by: str = "node") -> CostReport:
        """What the run has cost so far, by `node`, `agent`, `model`, `tool` or `day`."""
        return await costs_of_runs(self._worker.engine, one_of(await self.row()), by)

    async def calls(self) -> AsyncIterator[CallCost]:
        """Its calls of models and tools, each with what it cost; those that are under way come last."""
        await self.row()
        async for _, call in calls_of_run(self._worker.engine, self.id):
            yield call

    async def prompts(self, path: str) -> list[Prompt]:
        """What the agent at a path has asked models, to the letter, or what was asked in one step of it (`fix.3`).

        Made again from the record, and held against the digests in it: an agent's own code has to be here for it.
        """
        await self.row()
        return await prompts_at(self._worker.engine, self._worker.performer, self.id, path)

    # --- what happens ---

    async def wait(self) -> RunResult:
        """Wait for the run's end, however long it takes; raises what keeps this process from driving it."""
        await self.ended()
        return await self.result()

    async def ended(self) -> str:
        """Wait for the run's end and give its status alone, without reading what happened in it."""
        while (driver := self._driving()) is not None:
            await self._worker.driven(driver)
            if driver.run.has_ended:
                return driver.status
            # It was let go: somebody else may have taken it up, here or elsewhere.
            self._driver = None
        async with Following(self._worker, self.id) as following:
            while (await self.row()).status not in RUN_ENDED:
                await following.changed()
        return self.status

    async def wait_while_moving(self) -> RunResult:
        """Wait for the run's end, or until only people or other systems can move it on.

        A question whose time is up within a minute is waited for; one with more time, or without end, is not.
        """
        await self.rested()
        return await self.result()

    async def rested(self) -> None:
        """The same without reading what happened in it."""
        driver = self._driving()
        if driver is not None:
            await driver.rest()
            if not driver.is_over:
                return
            await self._worker.driven(driver)
            if driver.run.has_ended:
                return
            # It was let go: what came meanwhile moves the run on, here or elsewhere.
            self._driver = None
        async with Following(self._worker, self.id) as following:
            while not await following.is_at_rest():
                await following.changed()

    async def events(self, *, after: int = 0, follow: bool = False) -> AsyncIterator[Event]:
        """The run's events behind number `after`; with `follow` also those to come, up to the run's end.

        Large values in them are references: `whole` loads them. Each is held against the one before it: `DamagedError`
        names the first that does not follow.
        """
        async with Following(self._worker, self.id) as following:
            log = following.log(after=after)
            while True:
                async for event in log.events():
                    yield event
                    if event.type == "run.ended":
                        return
                if not follow:
                    return
                await following.changed()

    async def log(self, *, after: int = 0, follow: bool = False) -> AsyncIterator[Event | Header]:
        """What is on record behind number `after`: as `events`, and of those whose payload was erased the headers."""
        try:
            async for event in self.events(after=after, follow=follow):
                after = event.seq
                yield event
        except ErasedError:
            async for header in self.headers(after=after):
                yield header

    async def headers(self, *, after: int = 0) -> AsyncIterator[Header]:
        """What is kept of its events for ever, whether or not what they say was erased."""
        async with Following(self._worker, self.id) as following:
            async for header in following.log(after=after).headers():
                yield header

    async def stream(self, *, after: int = 0) -> AsyncIterator[Event | Progress | Words]:
        """Events up to the run's end; if it is driven here, also how far its nodes are, and what models are saying.

        The words of models come in pieces as they are said, and are on no record: what counts is the recorded answer.
        """
        async with Following(self._worker, self.id, hears=True) as following:
            log = following.log(after=after)
            while True:
                for live in following.take_live():
                    yield live
                async for event in log.events():
                    yield event
                    if event.type == "run.ended":
                        return
                await following.changed()

    @asynccontextmanager
    async def hearing(self) -> AsyncGenerator[Callable[[], list[Progress | Words]]]:
        """Hear what its nodes and models tell while it is driven here: each call gives what came since the last."""
        async with Following(self._worker, self.id, hears=True) as following:
            yield following.heard

    async def whole(self, value: Value) -> Value:
        """A value from an event, with everything in it that is kept elsewhere."""
        return await self._worker.engine.whole(value)

    # --- what can be asked of it ---

    async def answer(
        self,
        path: str,
        *,
        by: str,
        choice: str = "",
        form: object = None,
        why: str = "",
        detach: bool = False,
    ) -> Submitted:
        """Answer the question at a path with a choice, or with the form it asks for."""
        request = r.Answer(path=path, by=by, choice=choice, form=canonical(form, where="the form"), why=why)
        return await self.submit(request, by=by, detach=detach)

    async def verdict(self, path: str, verdict: Verdict, *, by: str, why: str = "", detach: bool = False) -> Submitted:
        """Give the verdict on a gate that is held."""
        return await self.submit(r.GiveVerdict(path=path, by=by, verdict=verdict, why=why), by=by, detach=detach)

    async def remedy(
        self, path: str, act: Remedy, *, by: str, input: object = None, why: str = "", detach: bool = False
    ) -> Submitted:
        """Say what is to be done about a failure that is held; `edit` tries again with another input."""
        edited = canonical(input, where="the input")
        return await self.submit(r.GiveRemedy(path=path, by=by, act=act, input=edited, why=why), by=by, detach=detach)

    async def settle(
        self,
        effect: str,
        status: Literal["done", "not_done"],
        *,
        by: str,
        out: object = None,
        why: str = "",
        detach: bool = False,
    ) -> Submitted:
        """Say what became of an effect of which nobody knows; one that is done may be given its result."""
        result = canonical(out, where="the result")
        request = r.SettleEffect(effect=effect, status=status, out=result, by=by, why=why)
        return await self.submit(request, by=by, detach=detach)

    async def send(
        self, name: str, data: object = None, *, id: str = "", by: str = "", detach: bool = False
    ) -> Submitted:
        """Send an event to the run's waits. The same `id` is taken once; without one, each call is another event."""
        request = r.SendEvent(id=id or self._worker.new_id(), name=name, data=canonical(data, where="the data"), by=by)
        return await self.submit(request, by=by, detach=detach)

    async def pause(self, *, by: str = "", why: str = "", detach: bool = False) -> Submitted:
        """Start nothing new until `resume`; what is in flight finishes."""
        return await self.submit(r.PauseRun(by=by, why=why), by=by, detach=detach)

    async def resume(self, *, by: str = "", why: str = "", detach: bool = False) -> Submitted:
        """Go on after a pause."""
        return await self.submit(r.ResumeRun(by=by, why=why), by=by, detach=detach)

    async def cancel(
        self, path: str | None = None, *, rollback: bool = False, by: str = "", why: str = "", detach: bool = False
    ) -> Submitted:
        """Stop the run, or one node with all that it holds. With `rollback` the run takes back what it did."""
        if path is None:
            return await self.submit(r.CancelRun(by=by, rollback=rollback, why=why), by=by, detach=detach)
        return await self.submit(r.CancelNode(path=path, by=by, why=why), by=by, detach=detach)

    async def complete(self, path: str, *, by: str = "", why: str = "", detach: bool = False) -> Submitted:
        """End an `each` with the items it has."""
        return await self.submit(r.CompleteNode(path=path, by=by, why=why), by=by, detach=detach)

    async def set_mode(self, mode: Mode, *, by: str = "", why: str = "", detach: bool = False) -> Submitted:
        """Move the run to another mode: graphs read it as `run.mode`."""
        return await self.submit(r.SetMode(mode=mode, by=by, why=why), by=by, detach=detach)

    async def submit(self, request: r.Request, *, by: str = "", detach: bool = False) -> Submitted:
        """Bring any request to the run; `RequestRefusedError` says why it changes nothing.

        A run that nobody drives is driven on from here. With `detach` the request is only put on record.
        """
        submitted = await submit(self._worker, self.id, request, by=by, detach=detach)
        self._driver = submitted.driver or self._driver
        return submitted

    # --- runs that follow it ---

    async def retry(self, *, by: str = "", why: str = "", detach: bool = False) -> RunHandle:
        """A new run that goes on where this one failed: what does not depend on the failure is taken over."""
        return self._following(await retry_run(self._worker, self.id, by=by, why=why, detach=detach))

    async def prepare_fork(
        self, start: str, *, set: Mapping[str, object] | None = None, graph: CheckedGraph | None = None
    ) -> PreparedFork:
        """What another course from node `start` on would be made of; nothing is done yet.

        `set` says which inputs or results are other ones (`inputs.amount`, `plan.steps`); `graph`, on which graph.
        """
        edits = [edit_of(target, canonical(value, where=target)) for target, value in (set or {}).items()]
        accepted = None if graph is None else graph.accepted()
        return await prepare_fork(self._worker.engine, self.id, start=start, edits=edits, graph=accepted)

    async def fork(self, prepared: PreparedFork, *, by: str = "", detach: bool = False) -> RunHandle:
        """A new run that takes the course which was prepared. This one stays as it is."""
        return self._following(await make_fork(self._worker, prepared, by=by, detach=detach))

    async def rollback(self, *, by: str = "", why: str = "", detach: bool = False) -> RunHandle:
        """A new run that takes back what this one did."""
        return self._following(await rollback_run(self._worker, self.id, by=by, why=why, detach=detach))

    def _following(self, begun: Begun) -> RunHandle:
        return RunHandle(self._worker, begun.run, driver=begun.driver, is_new=True)

    def _driving(self) -> RunDriver | None:
        return self._worker.drivers.get(self.id) or self._driver
