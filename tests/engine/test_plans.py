"""Plans of stored bundles, as whoever drives runs has them at hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

from interlock.bootstrap import TENANT
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.engine.engine import Engine
from tests.engine.recorded_runs import SECOND
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop
from tests.store.places import SqlitePlace


@in_event_loop
async def test_who_takes_up_many_runs_of_a_graph_at_once_compiles_it_once(tmp_path: Path) -> None:
    """A worker takes hundreds of runs together: to compile their graph for each would keep it busy for seconds."""
    compiled = compile_graph({"graph": "g", "nodes": {"a": {"wait": "1h"}}}, Catalogue())
    assert compiled.plan is not None
    assert compiled.bundle is not None
    bundle = compiled.plan.bundle_hash
    async with SqlitePlace(tmp_path / "runs.db").store() as store:
        await store.put_bundle(TENANT, bundle, compiled.bundle.bytes)
        engine = Engine(store, tenant=TENANT, now=lambda: SECOND, judge=JUDGE)

        first, second = await asyncio.gather(engine.plan_of(bundle), engine.plan_of(bundle))

    assert first is second


@in_event_loop
async def test_others_are_heard_while_a_large_graph_is_compiled(tmp_path: Path) -> None:
    """The process that opens it drives other runs: their timers and answers come in meanwhile."""
    nodes = {f"n{at}": {"value": f"a value that takes some room in the bundle {at}"} for at in range(2_000)}
    compiled = compile_graph({"graph": "large", "nodes": nodes}, Catalogue())
    assert compiled.plan is not None
    assert compiled.bundle is not None
    bundle = compiled.plan.bundle_hash
    async with SqlitePlace(tmp_path / "runs.db").store() as store:
        await store.put_bundle(TENANT, bundle, compiled.bundle.bytes)
        engine = Engine(store, tenant=TENANT, now=lambda: SECOND, judge=JUDGE)
        heard: list[str] = []

        opening = asyncio.ensure_future(engine.plan_of(bundle))
        opening.add_done_callback(lambda _: heard.append("compiled"))
        asyncio.get_running_loop().call_later(0.005, heard.append, "other")
        await opening

    assert heard == ["other", "compiled"]
