"""A call of an agent: a message is sent, its task is asked about until it rests, what it asks is put to a person.

Every turn of that is a journaled step, so that a call which is repeated after its worker died goes on with the task
there is. A message has the id of its step: an agent that knows messages by their ids begins nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock.core.plan import EffectClass
from interlock.core.values import Value
from interlock.tools.a2a.cards import Card, card_at
from interlock.tools.a2a.definitions import definition_of_card
from interlock.tools.a2a.exchange import Exchange
from interlock.tools.a2a.results import result_of_message, result_of_task, words_of
from interlock.tools.declared.declaring import A2aSource
from interlock.tools.declared.reading import DeclaredSource
from interlock.tools.declared.templates import filled_text, secrets_in
from interlock.tools.errors import ToolError, ToolFailed
from interlock.tools.outgoing import Network
from interlock.tools.pinning import Definition, Quarantine

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import SendMessageResponse, Task

    from interlock.tools.context import AsyncToolContext

LOOK_SECONDS: Final = 0.2
LOOK_SECONDS_MAX: Final = 5.0
"""How often a task is asked about: first, and when it takes long."""
MISSES_MAX: Final = 5
"""How often in a row an agent may not answer before that is a failure."""
TURNS_MAX: Final = 20
"""How often one task may ask a person."""
CANCEL_SECONDS: Final = 2.0
ENVELOPE_BYTES: Final = 64 * 1024
"""What an answer may have beyond the result in it."""
ANSWER: Final = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


@dataclass(frozen=True)
class A2aCall:
    """Calls one agent."""

    declared: DeclaredSource
    approved: Definition
    effect: EffectClass
    quarantine: Quarantine
    network: Network

    async def __call__(self, arguments: dict[str, Value], context: AsyncToolContext) -> Value:
        """What the agent came to; `ToolFailed` if it came to nothing."""
        source = self.declared.source
        assert isinstance(source, A2aSource)
        headers = headers_of(source, context.secrets)
        card = await self._checked_card(source, headers)
        exchange = Exchange(
            agent=f"the agent {self.declared.name}",
            url=card.url,
            headers=headers,
            private_hosts=source.private_hosts,
            answer_bytes_max=source.result_bytes_max + ENVELOPE_BYTES,
            network=self.network,
        )
        return await _Conversation(exchange, context, "once" if self.effect == "once" else "idempotent").had(arguments)

    async def _checked_card(self, source: A2aSource, headers: dict[str, str]) -> Card:
        """The card, which was just seen to say what a person has approved."""
        told = f"the agent {self.declared.name} was not asked"
        try:
            card = await card_at(source, headers, self.network)
            why = self.quarantine.compare(self.approved, definition_of_card(self.approved.name, card))
        except ToolError as error:
            raise _refused(f"{told}: {error}") from error
        if why:
            raise _refused(f"{told}: {why}")
        return card


class _Conversation:
    """One call from its message to its result."""

    def __init__(self, exchange: Exchange, context: AsyncToolContext, effect: EffectClass) -> None:
        self._exchange = exchange
        self._context = context
        self._effect: EffectClass = effect

    async def had(self, arguments: dict[str, Value]) -> Value:
        """What it came to."""
        begun = await self._step("send", lambda step: self._sent(_message(step, arguments)))
        if begun["task"] == "":
            return begun["result"]
        task = str(begun["task"])
        try:
            for turn in range(1, TURNS_MAX + 1):
                rests = await self._context.effect("wait", lambda: self._rest(task), key=str(turn), effect="read")
                if rests["asks"] is None:
                    return await self._result(task)
                await self._answer(task, str(rests["asks"]), turn)
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        raise ToolFailed(f"{self._exchange.agent}: it asked more than {TURNS_MAX} times", retryable=False)

    async def _sent(self, message: dict[str, Any]) -> dict[str, Any]:
        return _begun(await self._exchange.send(message))

    async def _answer(self, task: str, question: str, turn: int) -> None:
        """Put what the agent asks to a person, and hand on what they say."""
        said = await self._context.ask(f"{self._exchange.agent} asks: {question}", form=ANSWER, key=str(turn))
        told = {"text": said["answer"]}
        await self._step("answer", lambda step: self._sent(_message(step, told, task)), key=str(turn))

    async def _rest(self, task: str) -> dict[str, Any]:
        """Wait until the task has ended or asks something."""
        from a2a.types.a2a_pb2 import TaskState  # noqa: PLC0415 - an extra, loaded when an agent is spoken to

        looks_after = LOOK_SECONDS
        while True:
            found = await self._looked_at(task)
            match found.status.state:
                case TaskState.TASK_STATE_UNSPECIFIED | TaskState.TASK_STATE_SUBMITTED | TaskState.TASK_STATE_WORKING:
                    await asyncio.sleep(looks_after)
                    looks_after = min(looks_after * 1.5, LOOK_SECONDS_MAX)
                case TaskState.TASK_STATE_INPUT_REQUIRED:
                    return {"asks": words_of(found.status.message.parts)[:4_000] or "what do you say?"}
                case _:
                    return {"asks": None}

    async def _looked_at(self, task: str) -> Task:
        """How the task stands. Asking is harmless, so that an agent may be away for a while."""
        for miss in range(1, MISSES_MAX + 1):
            try:
                found = await self._exchange.task(task)
            except ToolFailed as failure:
                if miss == MISSES_MAX or failure.kind not in {"unavailable", "timeout", "rate_limited"}:
                    raise ToolFailed(str(failure), kind=failure.kind, in_doubt=True) from failure
                await asyncio.sleep(LOOK_SECONDS * 2**miss)
                continue
            self._context.progress(text=words_of(found.status.message.parts)[:200])
            return found
        raise AssertionError("the last miss is raised")

    async def _result(self, task: str) -> Value:
        from a2a.types.a2a_pb2 import TaskState  # noqa: PLC0415 - as above

        found = await self._looked_at(task)
        said = words_of(found.status.message.parts)[:1_000] or "it did not say why"
        match found.status.state:
            case TaskState.TASK_STATE_COMPLETED:
                return result_of_task(found)
            case TaskState.TASK_STATE_REJECTED | TaskState.TASK_STATE_AUTH_REQUIRED:
                raise ToolFailed(f"{self._exchange.agent} refused: {said}", kind="refused", retryable=False)
            case TaskState.TASK_STATE_CANCELED:
                raise ToolFailed(f"{self._exchange.agent}: somebody there cancelled the task {task}", kind="cancelled")
            case _:
                raise ToolFailed(f"{self._exchange.agent} failed: {said}")

    async def _step(self, name: str, send: Callable[[str], Awaitable[dict[str, Any]]], *, key: str = "") -> Any:  # noqa: ANN401 - JSON data
        """Send a message as a step. One that may have arrived leaves its step open, and with it what became of it."""

        async def sent(step: str) -> dict[str, Any]:
            try:
                return await send(step)
            except ToolFailed as failure:
                raise (_InDoubt(failure) if failure.in_doubt else failure) from failure

        try:
            return await self._context.effect(name, sent, key=key, effect=self._effect)
        except _InDoubt as doubt:
            raise doubt.failure from doubt

    async def _stop(self, task: str) -> None:
        """The call is given up: so is the task, if the agent still hears that. Not where its worker only leaves."""
        if self._context.is_left:
            return
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._exchange.cancel(task)
        except (ToolFailed, TimeoutError):
            return


class _InDoubt(BaseException):
    """Passes the journal by, which would take it for a failure that is known."""

    def __init__(self, failure: ToolFailed) -> None:
        super().__init__(str(failure))
        self.failure = failure


def headers_of(source: A2aSource, secrets: Any) -> dict[str, str]:  # noqa: ANN401 - secrets by name
    """The headers that an agent is spoken to with."""
    return {name: filled_text(text, {}, secrets) for name, text in source.headers.items()}


def secrets_of(source: A2aSource) -> tuple[str, ...]:
    """The secrets that stand in them."""
    return tuple(sorted(secrets_in([source.headers])))


def _message(id: str, arguments: dict[str, Value], task: str = "") -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if "data" in arguments:
        parts.append({"data": arguments["data"], "mediaType": "application/json"})
    if "text" in arguments:
        parts.append({"text": arguments["text"], "mediaType": "text/plain"})
    message: dict[str, Any] = {"messageId": id, "role": "ROLE_USER", "parts": parts}
    return {**message, "taskId": task} if task else message


def _begun(response: SendMessageResponse) -> dict[str, Any]:
    """What is kept of the answer to a message: its task, or what was said instead of one."""
    if response.WhichOneof("payload") == "task" and response.task.id:
        return {"task": response.task.id[:500], "result": None}
    if response.WhichOneof("payload") == "message":
        return {"task": "", "result": result_of_message(response.message)}
    raise ToolFailed("it answered with neither a task nor a message", kind="invalid", retryable=False, in_doubt=True)


def _refused(message: str) -> ToolFailed:
    return ToolFailed(message, kind="refused", retryable=False)
