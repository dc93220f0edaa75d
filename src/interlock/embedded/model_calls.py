"""Models asked from outside, without an agent: each call is a run of one step, so that nothing is said off the record.

Routing, limits, policy, prices and recovery are those of any run. A call is always performed in this process, since
whoever asked listens here. It is on record before a model is asked, and its answer before anybody is told the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from interlock.agents.passing_on import PASSED_ON, passing_on, request_as_value
from interlock.bootstrap import DeclaredModels
from interlock.core.bundle import Bundle
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply, ModelRequest
from interlock.core.plan import DEFAULT_POOL, Plan
from interlock.core.requests import CancelRun, StartRun
from interlock.embedded.errors import UnknownModelError
from interlock.engine.agents.answers import reply_of
from interlock.engine.engine import Arrival
from interlock.engine.worker import Worker
from interlock.tools.outcome import Done, ToolOutcome

NODE: Final = "answer"
"""The one node of such a run."""


class CallGraphs:
    """What can be asked by name, and the graph of one step that asks it. Compiled once for each name."""

    def __init__(self, declared: DeclaredModels) -> None:
        self._declared = declared
        self._graphs: dict[str, tuple[Plan, Bundle]] = {}

    def names(self) -> list[str]:
        """The pools and models that can be asked."""
        from interlock.models.pools import names_to_ask  # noqa: PLC0415 - prices come with it, and few ask

        return [DEFAULT_POOL] if self._declared.server.url else names_to_ask(self._declared.models)

    def is_simulated(self, name: str) -> bool:
        """Whether scripts answer under that name: scripted and real models are never in one pool."""
        declared = self._declared.models
        pool = declared.pools.get(name)
        model = pool.models[0].model if pool is not None else name
        provider = declared.providers.get(model.partition("/")[0])
        if provider is None and not declared.pools:
            provider = next(iter(declared.providers.values()), None)  # the pool of those that stand in no other
        return self._declared.server.url is None and provider is not None and provider.kind == "scripted"

    def find(self, name: str) -> tuple[Plan, Bundle]:
        """The graph that asks what has this name; `UnknownModelError` if nothing has."""
        # With a server in place of all pools any name stands for it.
        meant = DEFAULT_POOL if self._declared.server.url else name
        if meant not in self._graphs:
            known = self.names()
            if meant not in known:
                raise UnknownModelError(name, known=known)
            self._graphs[meant] = _graph_of(meant)
        return self._graphs[meant]


class ModelCalls:
    """Asking models. It is there while the `Interlock` it came from is open."""

    def __init__(self, worker: Worker, graphs: CallGraphs) -> None:
        self._worker = worker
        self._graphs = graphs

    def names(self) -> list[str]:
        """The pools and models that can be asked."""
        return self._graphs.names()

    def is_simulated(self, name: str) -> bool:
        """Whether scripts answer under that name, and no model does."""
        return self._graphs.is_simulated(name)

    async def begin(
        self, name: str, request: ModelRequest, *, by: str, labels: Mapping[str, str], hears: bool
    ) -> ModelCall:
        """Ask; `UnknownModelError` where there is no such name.

        Who `hears` is told the answer piece by piece.
        """
        worker = self._worker
        plan, bundle = self._graphs.find(name)
        await worker.engine.keep_bundle(plan, bundle.bytes)
        given, heard = request_as_value(request), Heard()
        start = StartRun(inputs={"request": given}, tenant=worker.engine.tenant, labels=dict(labels), by=by)
        run = worker.new_id()
        answering = await worker.call_directly(plan, run, start, given, says=heard.take if hears else None)
        return ModelCall(worker, run, answering, heard)


def _graph_of(pool: str) -> tuple[Plan, Bundle]:
    document: dict[str, Any] = {
        "graph": PASSED_ON,
        "description": f"A request from outside to {pool}, as it was asked.",
        "inputs": {"request": "object"},
        "nodes": {NODE: {"agent": PASSED_ON, "input": "${inputs.request}"}},
        "outputs": {"reply": f"${{{NODE}}}"},
    }
    compiled = compile_graph(document, Catalogue(agents={PASSED_ON: passing_on(pool)}))
    assert compiled.plan is not None, compiled.errors
    assert compiled.bundle is not None, "what can be compiled has a bundle"
    return compiled.plan, compiled.bundle


class Heard:
    """What a model says while it answers, until somebody takes it."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._pieces: list[str] = []

    def take(self, text: str) -> None:
        """Hear a piece."""
        self._pieces.append(text)
        self.changed.set()

    def taken(self) -> str:
        """What was heard since this was asked last."""
        heard, self._pieces = self._pieces, []
        return "".join(heard)


class ModelCall:
    """One call under way, heard by whoever has asked."""

    def __init__(self, worker: Worker, run: str, answering: asyncio.Task[ToolOutcome], heard: Heard) -> None:
        self.run = run
        """The run that it is on record as."""
        self._worker = worker
        self._answering = answering
        self._heard = heard

    async def pieces(self) -> AsyncIterator[str]:
        """What the model says, piece by piece, as long as it does."""
        self._answering.add_done_callback(lambda _: self._heard.changed.set())
        is_over = False
        while not is_over:
            await self._heard.changed.wait()
            self._heard.changed.clear()
            is_over = self._answering.done()
            if heard := self._heard.taken():
                yield heard

    async def answer(self) -> ModelReply | Error:
        """What was answered, once that is on record, or why nothing was."""
        match await asyncio.shield(self._answering):
            case Done(out=out):
                return reply_of(out)
            case outcome:
                return outcome.error

    async def give_up(self, *, by: str, why: str) -> None:
        """Break it off, and put on record who did and why. What it may have cost counts as spent."""
        call = self._worker.calls.get(self.run)
        if call is not None:
            await call.hear(Arrival(CancelRun(by=by, why=why), by))
