"""What a message in a chat asks for that no model answers: a command, an answer to a question, a graph or an agent.

Everything goes through the services that `/v1` stands on, with the rights of who asks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from msgspec import Struct

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.openai.answering_runs import answer_run, choice_meant
from interlock.api.openai.bodies import ChatBody, Message
from interlock.api.openai.commands import (
    AnswerRun,
    Command,
    Discover,
    FlowStatus,
    FlowWait,
    Misspelt,
    Queue,
    parse_command,
    usages,
)
from interlock.api.openai.following_runs import Piece, outcome_of, told_of_run
from interlock.api.openai.labels import labels_of
from interlock.api.openai.markdown import question_put, shown_list
from interlock.api.openai.reading import refuse_what_is_not_here, text_of
from interlock.api.openai.starting_runs import known_flows, start_from_command, start_from_words
from interlock.authoring.single_step import AGENT
from interlock.core.errors import InterlockError
from interlock.embedded.handle import RunHandle

PLATFORM: Final = "interlock"
"""The name under which nothing but commands is answered."""
GRAPH: Final = "graph:"
"""How a graph is named where a model is wanted; an agent, by `agent:`."""
HELP: Final = f"Here commands are answered, and no model is asked:\n\n{usages()}"


class Talk(Struct, frozen=True):
    """What is told, and of which run, if it is of one."""

    pieces: AsyncGenerator[Piece]
    run: str = ""


async def talk_meant(desk: Desk, body: ChatBody) -> Talk | None:
    """What there is to tell; None where a model is to be asked."""
    is_talked_to = body.model == PLATFORM or body.model.startswith((GRAPH, AGENT))
    said = _said_last(body.messages)
    # Whoever has a key for models alone is a program: what begins with `@` is for its model.
    if is_talked_to or desk.caller.may("act", "runs") is None:
        command = _command_in(body.messages, said)
        if command is not None:
            return await _carried_out(desk, body, command)
    if not is_talked_to:
        return None
    refuse_what_is_not_here(body)
    if body.tools:
        raise ApiError("invalid_request", f"tools: `{body.model}` is no model, and calls its own", field="tools")
    if body.model == PLATFORM:
        return Talk(_just(HELP))
    if said is None:
        raise ApiError("invalid_request", "messages: the last one is to be a person's", field="messages")
    run = await start_from_words(desk, body.model.removeprefix(GRAPH), said, await labels_of(desk, body))
    return _told(desk, run)


def _said_last(messages: Sequence[Message]) -> str | None:
    last = messages[-1]
    return text_of(last.content, "messages").strip() if last.role == "user" and _is_text(last) else None


def _is_text(message: Message) -> bool:
    return not isinstance(message.content, list) or all(part.type == "text" for part in message.content)


def _command_in(messages: Sequence[Message], said: str | None) -> Command | None:
    """The command that was written, or what a plain word means behind a question."""
    if not said:
        return None
    if said.startswith("@"):
        return parse_command(said)
    before = messages[-2] if len(messages) > 1 else None
    if before is None or before.role != "assistant" or not isinstance(before.content, str):
        return None
    put = question_put(before.content)
    choices = _choices_shown(before.content) if put is not None else []
    if put is None or choice_meant(choices, said) is None:
        return None
    return AnswerRun(put[0], f"{put[1]} {choice_meant(choices, said)}")


def _choices_shown(text: str) -> list[str]:
    """The choices as the last question of a message shows them."""
    told = text.rpartition("Answer with ")[2].partition(", here or as ")[0]
    return [each.strip("`") for each in told.split(", ")]


async def _carried_out(desk: Desk, body: ChatBody, command: Command) -> Talk:
    """A command, carried out; what keeps it from that is told as an answer, since a person reads it."""
    try:
        return await _begun(desk, body, command)
    except InterlockError as error:
        return Talk(_just(f"**Not done:** {error}"))


async def _begun(desk: Desk, body: ChatBody, command: Command) -> Talk:
    match command:
        case Misspelt(usage=usage):
            return Talk(_just(f"It is written {usage}."))
        case Discover(shelf=shelf):
            return Talk(_just(_found(desk, shelf)))
        case Queue(what=what):
            run, why = await start_from_command(desk, what, await labels_of(desk, body))
            return Talk(_just(f"{why}: run `{run.id}` is on record. `@flow wait {run.id}` waits for it."), run.id)
        case FlowStatus(run=run_id):
            run = await _opened(desk, run_id)
            row = await run.row()
            return Talk(_just(f"Run `{run.id}` of `{row.graph}`: **{row.status}**\n\n{await outcome_of(run)}"), run.id)
        case FlowWait(run=run_id):
            return _told(desk, await _opened(desk, run_id))
        case AnswerRun(run=run_id, words=words):
            return _told(desk, await answer_run(desk, run_id, words), first="Answered.\n\n")
        case what:
            run, why = await start_from_command(desk, what, await labels_of(desk, body))
            return _told(desk, run, first=f"{why}: run `{run.id}`\n\n")


async def _opened(desk: Desk, run: str) -> RunHandle:
    desk.refuse_unless("read", "runs")
    return await desk.interlock.open(run)


def _told(desk: Desk, run: RunHandle, *, first: str = "") -> Talk:
    return Talk(_after(first, told_of_run(run, wait_seconds=desk.reception.settings.chat_wait_seconds)), run.id)


async def _after(first: str, pieces: AsyncGenerator[Piece]) -> AsyncGenerator[Piece]:
    if first:
        yield Piece(first)
    async for each in pieces:
        yield each


async def _just(text: str) -> AsyncGenerator[Piece]:
    yield Piece(text)


def _found(desk: Desk, shelf: str | None) -> str:
    told: list[str] = []
    if shelf in {None, "workflows"}:
        desk.refuse_unless("read", "graphs")
        told.append(shown_list("Workflows", {each.name: each.description for each in known_flows(desk)}))
    if shelf in {None, "agents"}:
        desk.refuse_unless("read", "agents")
        told.append(shown_list("Agents", {each.name: each.contract.description for each in desk.interlock.agents}))
    if shelf in {None, "tools"}:
        desk.refuse_unless("read", "tools")
        contracts = desk.interlock.toolbox.contracts()
        told.append(shown_list("Tools", {name: contracts[name].description for name in sorted(contracts)}))
    return "\n\n".join(told)
