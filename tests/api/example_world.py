"""A world in which the examples of the OpenAPI document are true: graphs of their names, and what their ids stand for.

Ids and tokens cannot be chosen. Each that an example shows stands for something here, which is made when it is asked
for, so that what one example does to a run is no matter of another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from interlock import tool
from interlock.agents import agent
from interlock.embedded.jobs import ExportJob, Job, VerifyJob
from interlock.embedded.jobs.records import JOB
from interlock.sinks.signature import sign
from interlock.tools import ToolFailed
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph
from tests.sinks.receiver import Reply, receiving

JSON: TypeAlias = Any

HOOK_KEY: Final = "a key between two of us"
DELIVERY: Final = '{"id": "d-17", "name": "Ada"}'
FORK: Final = {"start": "greet", "set": {"inputs.name": "Grace"}}
NEXT: Final = "graph: shipping\nnodes:\n  pack: {value: packed}\n  send: {value: sent, after: pack}\n"
UNDER_WAY: Final = "5b0c9d1e7f2a4c6b8d3e0f1a2b4c6d8e"
LOST: Final = "0d9c8b7a6f5e4d3c2b1a09f8e7d6c5b4"
KEPT: Final = (b"# All is well\n", b"# Not needed any more\n")

GRAPHS: Final[Mapping[str, Graph]] = MappingProxyType(
    {
        "hello": {
            "inputs": {"name": {"type": "string", "default": "Ada"}},
            "nodes": {"greet": {"tool": "greet", "input": {"name": "${inputs.name}"}}},
            "outputs": {"greeting": "${greet}"},
        },
        "approval": {
            "nodes": {
                "greet": {"tool": "greet", "input": {"name": "Ada"}},
                "approve": {"human": "Send it?", "choices": ["send", "drop"], "after": "greet"},
            }
        },
        "check": {"nodes": {"quality": {"gate": ["${1 > 2}"], "otherwise": "hold"}}},
        "payment": {"nodes": {"pay": {"tool": "pay", "input": {"amount": 7}, "timeout": "20ms"}}},
        "delivery": {"nodes": {"paid": {"wait": {"event": "order.paid"}}}},
        "visit": {"nodes": {"greet": {"tool": "greet", "input": {"name": "nobody"}}}, "on_failure": "hold"},
        "absence": {"nodes": {"greet": {"tool": "greet", "input": {"name": "nobody"}}}},
        "booking": {"nodes": {"book": {"tool": "book", "input": {}, "undo": {"tool": "unbook", "input": {}}}}},
        "survey": {"nodes": {"each": {"each": "${['a', 'b']}", "as": "who", "do": {"wait": {"event": "answered"}}}}},
        "letter": {"nodes": {"write": {"agent": "clerk", "input": {}}}},
        "notes": {"nodes": {"a": {"tool": "write_file", "input": {"path": "notes/today.md", "text": "# Today\n"}}}},
    }
)
PUBLISHED: Final = (
    "graph: greeting\nnodes:\n  greet: {value: hello}\n",
    "graph: greeting\nnodes:\n  greet: {value: good day}\n",
    "graph: farewell\nnodes:\n  part: {value: goodbye}\n",
    "graph: farewell\nnodes:\n  part: {value: so long}\n",
    "graph: shipping\nnodes:\n  pack: {value: packed}\n",
    "graph: review\nnodes:\n  ask: {human: 'Good?', choices: [yes, no]}\n  done: {value: 1, after: ask}\n",
    (
        "graph: report\ninputs: {n: {type: integer, default: 1}}\ntriggers:\n"
        "  nightly: {cron: '0 3 * * *', zone: Europe/Berlin}\n  weekly: {cron: '0 4 * * 1', zone: Europe/Berlin}\n"
        "  on_order: {event: order.placed, inputs: {n: '${event.data.n}'}}\nnodes: {sent: {value: '${inputs.n}'}}\n"
    ),
)


@tool(effect="read", usd="0.002")
async def greet(name: str) -> str:
    """Greet somebody."""
    if name == "nobody":
        raise ToolFailed("there is nobody to greet")
    return f"Hello {name}!" if len(name) < 1_000 else name


@tool(effect="once")
async def pay(amount: int) -> str:
    """Pay, and never hear back."""
    await asyncio.Event().wait()
    return f"paid {amount}"


@tool(effect="once")
async def book() -> str:
    """Book a table."""
    return "table 7"


@tool(effect="idempotent")
async def unbook() -> None:
    """Give it up again."""


@dataclass
class World:
    """What the ids of one example stand for: each the same thing as often as it is named."""

    server: RunningServer
    known: dict[str, JSON] = field(default_factory=dict[str, Any])

    def really(self, shown: JSON) -> JSON:
        """What an example shows, with what there really is in place of what it names."""
        match shown:
            case dict():
                return {name: self.really(value) for name, value in shown.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
            case list():
                return [self.really(value) for value in shown]  # pyright: ignore[reportUnknownVariableType] - JSON
            case str() if shown in STANDS_FOR:
                if shown not in self.known:
                    self.known[shown] = STANDS_FOR[shown](self)
                return self.known[shown]
            case _:
                return shown


@contextmanager
def world_of_examples(folder: Path) -> Generator[RunningServer]:
    """A server on which there is what the examples speak of."""
    (folder / "clerk.yaml").write_text("agent: clerk\nturns: [{answer: {number: 42}}]\n", encoding="utf-8")
    project: dict[str, Any] = {
        "agents": [agent("clerk", prompt="You answer.", output={"number": "integer"})],
        "models": {"providers": {"script": {"kind": "scripted", "path": "."}}},
        "webhooks": {
            "orders": {"secret": "hook", "graph": "hello", "id": "${body.id}", "inputs": {"name": "${body.name}"}}
        },
        "folder": folder,
    }
    with receiving() as ops, receiving(*[Reply(422)] * 5_000) as audit:
        project["sinks"] = {name: {"to": at.url, "secret": "hook"} for name, at in {"ops": ops, "audit": audit}.items()}
        project["secrets"] = {"hook": HOOK_KEY}
        with running_server(GRAPHS, [greet, pay, book, unbook], **project) as server:
            _furnish(server)
            yield server


def _furnish(server: RunningServer) -> None:
    for text in PUBLISHED:
        server.post("/graphs", {"text": text})
    drafts = {"greeting": PUBLISHED[1], "review": PUBLISHED[5].replace("value: 1", "value: 2"), "shipping": NEXT}
    for name, text in drafts.items():
        server.http.put(f"/v1/graphs/{name}/draft", json={"text": text}, headers={"if-none-match": "*"})
    for data in KEPT:
        server.http.post("/v1/artifacts", content=data, headers={"content-type": "text/markdown"})
    server.post("/webhooks", {"name": "old-orders", "secret": "hook", "graph": "hello"})
    server.post("/schedules/report/weekly/pause", {"why": "nobody reads it"})
    server.post("/keys", {"name": "board", "role": "viewer"})
    records = server.served[0].store.records
    for job in (
        Job(id=UNDER_WAY, wanted=VerifyJob(), by="ada", at=1),
        Job(id=LOST, wanted=ExportJob(run=server.started("hello")), by="ada", at=1, status="lost", ended_at=2),
    ):
        server.soon(records.put("local", JOB, job.id, msgspec.json.encode(job)))
    for graph in ("approval", "payment", "letter"):
        server.started(graph, labels={"team": "front"})
    for sink in ("ops", "audit"):
        server.post(f"/sinks/{sink}/deliver")


# --- what the ids of examples stand for ------------------------------------------------------------------------------


def _run_of(graph: str) -> Callable[[World], JSON]:
    return lambda world: world.server.started(graph)


def _paused(world: World) -> str:
    run = world.server.started("approval")
    world.server.post(f"/runs/{run}/pause")
    return run


def _large_value(world: World) -> str:
    run = world.server.started("hello", {"name": "Ada " * 10_000})
    digest: str = world.server.get(f"/runs/{run}")["outputs"]["greeting"]["kept_elsewhere"]
    return digest


def _doubted_effect(world: World) -> str:
    effects = world.server.get(f"/runs/{world.really(DOUBTED)}/effects")["effects"]
    doubted: str = effects[0]["effect"]
    return doubted


def _exported(world: World) -> bytes:
    return world.server.http.get(f"/v1/runs/{world.really(ENDED)}/export").content


def _ended_job(world: World) -> str:
    job: str = world.server.post("/jobs", {"job": "verify", "run": world.server.started("hello")})["id"]
    world.server.get(f"/jobs/{job}", params={"wait": 20})
    return job


def _held_back(world: World) -> str:
    world.server.started("hello")
    world.server.post("/sinks/audit/deliver")
    run: str = world.server.get("/sinks/audit/held")["held"][0]["run"]
    return run


def _plan_of_fork(world: World) -> str:
    return _token(world, f"/runs/{world.really(ENDED)}/fork/plan", FORK)


def _plan_of_act(world: World) -> str:
    return _token(world, "/runs/actions/plan", {"act": "cancel", "runs": [world.really(ASKING)]})


def _plan_of_version(world: World) -> str:
    return _token(world, "/graphs/shipping/versions/plan", {"text": NEXT})


def _token(world: World, path: str, body: Mapping[str, JSON]) -> str:
    token: str = world.server.post(path, body)["token"]
    return token


def _etag(world: World) -> str:
    text = {"text": "graph: evening\nnodes: {a: {value: 1}}\n"}
    kept = world.server.http.put("/v1/graphs/evening/draft", json=text, headers={"if-none-match": "*"})
    return kept.headers["etag"]


ENDED: Final = "3c7k9m2q4w8x"
ASKING: Final = "2a4s6d8f1g3h"
DOUBTED: Final = "9d2f4h6j8k1m"
STANDS_FOR: Final[Mapping[str, Callable[[World], JSON]]] = MappingProxyType(
    {
        ENDED: _run_of("hello"),
        "5e8g1j3n6r9t": _run_of("hello"),
        ASKING: _run_of("approval"),
        "7p9r2t4v6x8z": _paused,
        "8m2c4v6b9n1q": _held_back,
        "4b6n8m1c3v5x": _run_of("check"),
        DOUBTED: _run_of("payment"),
        "8q1w3e5r7t9y": _run_of("delivery"),
        "6u8i1o3p5a7s": _run_of("visit"),
        "1z3x5c7v9b2n": _run_of("absence"),
        "5k7j9h2g4f6d": _run_of("booking"),
        "3y5t7r9e2w4q": _run_of("survey"),
        "7l9k2j4h6g8f": _run_of("letter"),
        "9v2b4n6m8l1k": _run_of("notes"),
        "4t6y8u1i3o5p": _run_of("review"),
        "c41d8e0b7a2f4c6e9b3d5f7a1c3e5b7d": _doubted_effect,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": _large_value,
        "the bytes of a run's file": _exported,
        "b7e1f3a5c9d20486a1b3c5d7e9f0a2b4": _ended_job,
        "3f9a1c5e7b2d": lambda world: world.server.post("/keys", {"name": "ci", "expires": "90d"})["id"],
        '"34f316abd9491a8e"': _etag,
        "41e4538e9d37ee82ae448840de603b24a48205010b920258d107c6f9b3a63c2a": _plan_of_fork,
        "1767225600000000.ef0f85ab20ad45a6b1a09fec10419abe": _plan_of_act,
        "1af24c3aee6d40c0fd93e112163910dfdad3ec7e476fb3ba89cb538cb78c34c2": _plan_of_version,
        "t=1767225600,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd": lambda _: sign(
            HOOK_KEY, DELIVERY.encode(), at=int(time.time())
        ),
    }
)
