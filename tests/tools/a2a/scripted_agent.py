"""An agent on the loopback that says what a test tells it to: its card, its keys, and its answers by method."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from a2a.types.a2a_pb2 import AgentCard
from google.protobuf.json_format import MessageToDict, ParseDict

from interlock.api.a2a.cards import key_set, signed
from interlock.audit import SigningKey
from tests.tools.outgoing.loopback import Loopback, loopback, response

Answers = dict[str, Any]
"""What is answered to each method: a result, `error`, or bytes as they go over the wire."""
CARD = "/.well-known/agent-card.json"


def a_task(state: str = "COMPLETED", *, says: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON data
    """A task in that state, whose agent says this of it."""
    status: dict[str, Any] = {"state": f"TASK_STATE_{state}"}
    if says:
        status["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": says}]}
    return {"id": "task-1", "contextId": "c", "status": status, **more}


def artifact(*parts: dict[str, Any]) -> dict[str, Any]:
    """What a task came to."""
    return {"artifacts": [{"artifactId": "a", "parts": list(parts)}]}


@dataclass
class Agent:
    """A server that is one agent. A test may change everything while it serves."""

    server: Loopback | None = None
    card: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: dict[str, Any] = field(default_factory=dict[str, Any])
    answers: Answers = field(default_factory=dict[str, Any])
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])

    @property
    def url(self) -> str:
        """Where it is spoken to."""
        assert self.server is not None
        return self.server.url("/speak")

    def methods(self) -> list[str]:
        """What it was asked, in order."""
        return [method for method, _ in self.asked]

    def signed_by(self, key: SigningKey) -> None:
        """Its card is signed from now on, and its keys are told where it says."""
        assert self.server is not None
        card = ParseDict(self.card, AgentCard())
        self.card = MessageToDict(signed(card, key, keys=self.server.url("/keys.json")))
        self.keys = key_set(key)

    async def answer(self, writer: asyncio.StreamWriter) -> None:
        """Answer what was asked last."""
        assert self.server is not None
        head, _, body = self.server.requests[-1].partition("\r\n\r\n")
        path = head.split(" ")[1]
        writer.write(self._answer_to(path, body))
        await writer.drain()

    def _answer_to(self, path: str, body: str) -> bytes:
        if path == CARD:
            return _json(self.card)
        if path == "/keys.json":
            return _json(self.keys)
        asked = json.loads(body)
        self.asked.append((asked["method"], asked["params"]))
        answer = self.answers[asked["method"]]
        if isinstance(answer, bytes):
            return answer
        outcome = answer if "error" in answer else {"result": answer}
        return _json({"jsonrpc": "2.0", "id": 1, **outcome})


@asynccontextmanager
async def an_agent(**answers: Any) -> AsyncGenerator[Agent]:  # noqa: ANN401 - JSON data
    """An agent that answers a message with a task, and says of the task that it is done."""
    done = a_task(**artifact({"text": "bought"}))
    agent = Agent(answers={"SendMessage": {"task": a_task("WORKING")}, "GetTask": done, **answers})
    async with loopback(agent.answer) as server:
        agent.server = server
        agent.card = {
            "name": "buyer",
            "description": "Buys things.",
            "version": "1",
            "supportedInterfaces": [{"url": agent.url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
            "capabilities": {},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "buy", "name": "buy", "description": "Buy one thing.", "tags": ["shop"]}],
        }
        yield agent


def agent_file(agent: Agent, **more: str) -> str:
    """The file that declares it."""
    assert agent.server is not None
    lines = [f"  card: {agent.server.url(CARD)}", "  private_hosts: [127.0.0.1]"]
    return "a2a:\n" + "\n".join([*lines, *(f"  {key}: {value}" for key, value in more.items())]) + "\n"


def _json(data: object) -> bytes:
    return response(json.dumps(data).encode(), headers=["Content-Type: application/json"])
