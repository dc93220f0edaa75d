"""Requests to an agent and its answers: JSON-RPC of protocol 1, each a bounded request by the one way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from interlock.core.values import Value, is_map
from interlock.tools.declared.recipes import result_of
from interlock.tools.errors import ToolFailed
from interlock.tools.outgoing import FetchLimits, Network, OutgoingFailed, OutgoingRequest, fetch, parse_target

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import SendMessageResponse, Task
    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")

VERSION: Final = "1.0"
ANSWER_SECONDS: Final = 60.0
SAID_CHARACTERS_MAX: Final = 500
_REFUSALS: Final = range(-32100, -31999)
"""The codes by which an agent says that it will not: nothing was begun."""


class Exchange(Struct, frozen=True, kw_only=True):
    """One agent at its address."""

    agent: str
    url: str
    headers: dict[str, str]
    private_hosts: tuple[str, ...]
    answer_bytes_max: int
    network: Network

    async def send(self, message: dict[str, Any]) -> SendMessageResponse:
        """Hand over a message. The agent answers at once, with a task or with a message of its own."""
        from a2a.types.a2a_pb2 import SendMessageResponse  # noqa: PLC0415 - an extra, loaded when one is spoken to

        params = {"message": message, "configuration": {"returnImmediately": True}}
        return self._read(await self._ask("SendMessage", params), SendMessageResponse())

    async def task(self, id: str) -> Task:
        """How a task stands."""
        from a2a.types.a2a_pb2 import Task  # noqa: PLC0415 - as above

        return self._read(await self._ask("GetTask", {"id": id, "historyLength": 0}), Task())

    async def cancel(self, id: str) -> None:
        """Ask that a task be stopped."""
        await self._ask("CancelTask", {"id": id})

    async def _ask(self, method: str, params: dict[str, Any]) -> Value:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        own = (("Content-Type", "application/json"), ("Accept", "application/json"), ("A2A-Version", VERSION))
        answer = await self._answer(
            OutgoingRequest(method="POST", url=self.url, headers=(*own, *self.headers.items()), body=body)
        )
        if not is_map(answer) or ("result" not in answer and not is_map(answer.get("error"))):
            raise self._strange("it answered with what is no answer of JSON-RPC")
        if is_map(error := answer.get("error")):
            raise self._refused(error)
        return answer["result"]

    async def _answer(self, request: OutgoingRequest) -> Value:
        target = parse_target(request.url)
        try:
            response = await fetch(
                request,
                allowed_hosts=[target.host_header],
                private_hosts=self.private_hosts,
                limits=FetchLimits(timeout_seconds=ANSWER_SECONDS, response_bytes_max=self.answer_bytes_max),
                network=self.network,
            )
        except OutgoingFailed as failure:
            raise self._strange(str(failure)) if failure.kind == "invalid" else failure from failure
        try:
            return result_of(response, target.origin)
        except ToolFailed as failure:
            # Whoever says that all is well has done something, whatever cannot be read of it.
            raise self._strange(str(failure)) if response.status < 300 else failure from failure

    def _refused(self, error: dict[str, Any]) -> ToolFailed:
        code, said = error.get("code"), str(error.get("message", ""))[:SAID_CHARACTERS_MAX]
        told = f"{self.agent}: {said or 'it did not say why'} ({code})"
        if isinstance(code, int) and code in _REFUSALS:
            return ToolFailed(told, kind="refused", retryable=False)
        if code in {-32600, -32601, -32602, -32700}:
            return ToolFailed(told, kind="invalid", retryable=False)
        return ToolFailed(told, kind="unavailable", in_doubt=True)

    def _read(self, result: Value, into: M) -> M:
        from google.protobuf.json_format import ParseDict, ParseError  # noqa: PLC0415 - as above

        try:
            return ParseDict(result, into, ignore_unknown_fields=True)
        except (ParseError, RecursionError, TypeError, AttributeError) as error:
            raise self._strange(f"it answered with what is none of the protocol: {str(error)[:200]}") from error

    def _strange(self, told: str) -> ToolFailed:
        return ToolFailed(f"{self.agent}: {told}", kind="invalid", retryable=False, in_doubt=True)
