"""Two installations: a graph of one calls a graph of the other as an agent, and people on both sides are heard."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from interlock.core.events import EffectIntended
from tests.api.conftest import GRAPHS
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph, Workshop
from tests.tools.declared_tools import ToolFolder

CALLER: dict[str, Graph] = {
    "order": {
        "inputs": {"thing": {"type": "string"}},
        "nodes": {"remote": {"tool": "maker", "input": {"data": {"thing": "${inputs.thing}"}}}},
        "outputs": {"made": "${remote.data.a}"},
    },
    "release": {"nodes": {"remote": {"tool": "asker", "input": {"data": {}}}}, "outputs": {"said": "${remote.data}"}},
}


@contextmanager
def two_installations(folder: Path) -> Generator[tuple[RunningServer, RunningServer]]:
    """One whose graphs call what the other offers, as a person has approved it."""
    tools = ToolFolder(folder)
    with running_server(GRAPHS, Workshop("broken").tools) as there:
        for name, graph in (("maker", "make"), ("asker", "ask")):
            card = f"{there.url}/a2a/{graph}/.well-known/agent-card.json"
            text = f"a2a:\n  card: {card}\n  private_hosts: [127.0.0.1]\n  signed: true\n  effect: idempotent\n"
            tools.write(f"{name}.yaml", text)
        asyncio.run(tools.approve())
        with running_server(CALLER, [folder]) as here:
            yield here, there


def waiting(here: RunningServer) -> str:
    """A run here that waits until somebody answers what is asked there."""
    run: str = here.post("/runs", {"graph": "release"})["run"]

    async def until_asked() -> None:
        interlock = await here.served[0].of("local")
        async for event in (await interlock.open(run)).events(follow=True):
            if isinstance(event.body, EffectIntended) and event.body.question is not None:
                return

    here.soon(until_asked())
    return run


def test_a_graph_of_another_installation_is_a_node_of_ours(tmp_path: Path) -> None:
    """Its card was signed there and verified here; what it made is an output like any other."""
    with two_installations(tmp_path / "tools") as (here, there):
        run = here.get(f"/runs/{here.started('order', {'thing': 'bowl'})}")
        [theirs] = there.get("/runs")["runs"]

    assert (run["status"], run["outputs"]) == ("succeeded", {"made": "bowl"})
    assert (theirs["graph"], theirs["status"], theirs["labels"]) == ("make", "succeeded", {"via": "a2a"})


def test_what_is_asked_there_is_answered_here(tmp_path: Path) -> None:
    """The run there waits for a person, whom only the run here knows how to reach."""
    with two_installations(tmp_path / "tools") as (here, there):
        run = waiting(here)
        [question] = here.get("/questions", params={"run": run})["questions"]
        here.post(f"/runs/{run}/answers", {"path": question["path"], "form": {"answer": "release"}})
        ended = here.get(f"/runs/{run}", params={"wait": 20})
        [theirs] = there.get("/runs")["runs"]

    assert question["text"] == "the agent asker asks: Release? (release, reject)"
    assert (ended["status"], theirs["status"]) == ("succeeded", "succeeded")
    assert ended["outputs"]["said"]["ask"]["choice"] == "release"


def test_a_run_that_is_cancelled_here_is_cancelled_there(tmp_path: Path) -> None:
    """Nobody here waits for it any more, so nobody there should go on."""
    with two_installations(tmp_path / "tools") as (here, there):
        run = waiting(here)
        here.post(f"/runs/{run}/cancel")
        ended = here.get(f"/runs/{run}", params={"wait": 20})
        [theirs] = there.get("/runs")["runs"]

    assert (ended["status"], theirs["status"]) == ("cancelled", "cancelled")
