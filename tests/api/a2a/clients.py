"""The real client of the official SDK, which finds an agent of ours by its card and speaks to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.types import a2a_pb2 as a2a
from a2a.utils.signing import create_signature_verifier
from google.protobuf.json_format import MessageToDict, ParseDict
from jwt.api_jwk import PyJWK, PyJWKSet

from tests.api.running_server import RunningServer


@asynccontextmanager
async def client_of(
    server: RunningServer, agent: str, *, key: str = "", streaming: bool = False
) -> AsyncGenerator[Client]:
    """A client of one agent, whose card it has verified."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
        keys = PyJWKSet.from_dict((await http.get(f"{server.url}/.well-known/jwks.json")).json())

        def known(kid: str | None, _: str | None) -> PyJWK:
            return next(each for each in keys.keys if each.key_id == kid)

        client = await create_client(
            f"{server.url}/a2a/{agent}",
            ClientConfig(streaming=streaming, httpx_client=http),
            signature_verifier=create_signature_verifier(known, ["EdDSA"]),
        )
        yield client


def a_message(said: str | dict[str, Any], *, id: str = "", task: str = "", context: str = "") -> a2a.SendMessageRequest:
    """A message of words or of data."""
    message = a2a.Message(
        message_id=id or uuid4().hex, role=a2a.Role.ROLE_USER, task_id=task, context_id=context, parts=[]
    )
    part = {"text": said} if isinstance(said, str) else {"data": said}
    ParseDict(part, message.parts.add())
    return a2a.SendMessageRequest(message=message)


async def sent(client: Client, request: a2a.SendMessageRequest) -> a2a.Task:
    """The task that a message brings about."""
    answers = [answer async for answer in client.send_message(request)]
    assert len(answers) == 1
    return answers[0].task


def outputs_of(task: a2a.Task) -> Any:  # noqa: ANN401 - JSON data
    """What a task came to, as data."""
    return MessageToDict(task.artifacts[0].parts[0].data)
