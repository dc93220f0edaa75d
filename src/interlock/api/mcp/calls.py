"""Calls of tools: a graph is run, a run is looked at, answered, cancelled. Every answer says how the run stands.

A call waits for the end of its run, but not for ever: the run goes on all the same, also when the client is gone. What
a person is asked is put to the client's own person where the client can do that, so that the answer comes back the way
the run was started; the caller has to be one who may answer.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from msgspec import UNSET

from interlock.api.answering import give_answer
from interlock.api.errors import ApiError
from interlock.api.mcp.asking import can_be_asked, put_at_once, put_with_the_answer
from interlock.api.mcp.forms import Said, form_of, said_by
from interlock.api.mcp.progress import progress_told
from interlock.api.mcp.tools import ANSWER, CANCEL, RUN
from interlock.api.outputs_at_hand import at_hand
from interlock.api.visitors import Visitor
from interlock.authoring.single_step import is_single_step
from interlock.embedded.handle import RunHandle
from interlock.showing.json import encoded
from interlock.showing.tool_runs import tool_run
from interlock.store.rows import QuestionRow

WAIT_SECONDS: Final = 50
"""How long a call waits: clients give up after a minute, unless they are told otherwise."""
ENDED_BADLY: Final = frozenset({"failed", "cancelled", "rolled_back"})

Context: TypeAlias = ServerRequestContext[Any, Any]
Outcome: TypeAlias = types.CallToolResult | types.InputRequiredResult


async def called(visitor: Visitor, ctx: Context, params: types.CallToolRequestParams) -> Outcome:
    """What a call comes to."""
    arguments = params.arguments or {}
    match params.name:
        case name if name == RUN:
            return await _looked_at(visitor, ctx, msgspec.convert(arguments, _Look))
        case name if name == ANSWER:
            return await _answered(visitor, ctx, msgspec.convert(arguments, _Answer))
        case name if name == CANCEL:
            return await _cancelled(visitor, msgspec.convert(arguments, _Cancel))
        case _:
            return await _run(visitor, ctx, params)


# --- graphs ----------------------------------------------------------------------------------------------------------


async def _run(visitor: Visitor, ctx: Context, params: types.CallToolRequestParams) -> Outcome:
    if is_single_step(params.name):
        # It stands in no list of tools, so it is none by its name either.
        raise ApiError("graph_not_found", f"there is no tool {params.name}: tools/list has those there are")
    if params.request_state is None:
        run = await visitor.start(params.name, params.arguments or {}, labels={"via": "mcp"})
    else:
        run = await _gone_on_with(visitor, params)
    return await _followed(visitor, ctx, run)


async def _gone_on_with(visitor: Visitor, params: types.CallToolRequestParams) -> RunHandle:
    """The run whose question was put to the client, with the answer that came along."""
    visitor.refuse_unless("act", "runs")
    run = await visitor.interlock.open(params.request_state or "")
    if (await run.row()).graph != params.name:
        raise ApiError("refused", f"run {run.id} is none of {params.name}")
    for row in await run.questions():
        response = (params.input_responses or {}).get(_name_of(row))
        if isinstance(response, types.ElicitResult) and response.action == "accept":
            await _give(visitor, run, row, said_by(row, dict(response.content or {})))
    return run


async def _followed(visitor: Visitor, ctx: Context, run: RunHandle) -> Outcome:
    """Wait for the run's end, and ask what it asks on the way."""
    asked: set[int] = set()
    async with progress_told(ctx, run):
        while await visitor.rested(run, within_seconds=WAIT_SECONDS):
            row = await _question_to_put(visitor, ctx, run, asked)
            if row is None:
                break
            asked.add(row.asked_seq)
            if not ctx.session.can_send_request:
                return put_with_the_answer({_name_of(row): row}, run=run.id)
            content = await put_at_once(ctx, row)
            if content is None:
                break
            await _give(visitor, run, row, said_by(row, content))
    return await _told(visitor, run)


async def _question_to_put(visitor: Visitor, ctx: Context, run: RunHandle, asked: set[int]) -> QuestionRow | None:
    if not (can_be_asked(ctx) and visitor.may("act", "questions")):
        return None
    rows = await run.questions()
    return next((row for row in rows if row.asked_seq not in asked and form_of(row) is not None), None)


async def _give(visitor: Visitor, run: RunHandle, row: QuestionRow, said: Said) -> None:
    visitor.refuse_unless("act", "questions")
    await give_answer(
        run,
        row,
        choice=said.choice,
        form=said.form,
        why=said.why,
        by=visitor.caller.name,
        detach=visitor.detaches,
    )


def _name_of(row: QuestionRow) -> str:
    """A question by the number of the event that asked: the same path may ask again, something else."""
    return f"question-{row.asked_seq}"


# --- runs that are under way -----------------------------------------------------------------------------------------


class _Look(msgspec.Struct, forbid_unknown_fields=True):
    run: str
    wait_seconds: int = 0


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    run: str
    path: str
    choice: str = ""
    form: Any = None
    why: str = ""


class _Cancel(msgspec.Struct, forbid_unknown_fields=True):
    run: str
    why: str = ""


async def _looked_at(visitor: Visitor, ctx: Context, wanted: _Look) -> Outcome:
    visitor.refuse_unless("read", "runs")
    run = await visitor.interlock.open(wanted.run)
    async with progress_told(ctx, run):
        await visitor.rested(run, within_seconds=min(max(wanted.wait_seconds, 0), WAIT_SECONDS))
    return await _told(visitor, run)


async def _answered(visitor: Visitor, ctx: Context, given: _Answer) -> Outcome:
    visitor.refuse_unless("act", "questions")
    run = await visitor.interlock.open(given.run)
    row = next((row for row in await run.questions() if row.path == given.path), None)
    if row is None:
        raise ApiError("question_not_found", f"run {run.id} asks nothing at {given.path}")
    await _give(visitor, run, row, Said(choice=given.choice, form=given.form, why=given.why))
    async with progress_told(ctx, run):
        await visitor.rested(run, within_seconds=WAIT_SECONDS)
    return await _told(visitor, run)


async def _cancelled(visitor: Visitor, asked: _Cancel) -> Outcome:
    visitor.refuse_unless("act", "runs")
    run = await visitor.interlock.open(asked.run)
    await run.cancel(by=visitor.caller.name, why=asked.why, detach=visitor.detaches)
    await visitor.rested(run, within_seconds=WAIT_SECONDS)
    return await _told(visitor, run)


async def _told(visitor: Visitor, run: RunHandle) -> types.CallToolResult:
    view = await run.view(whole=False)
    shown = tool_run(view, await at_hand(visitor.interlock, view.outputs), next=_next(view.status) or UNSET)
    text = encoded(shown)
    return types.CallToolResult(
        content=[types.TextContent(text=text.decode())],
        structured_content=msgspec.json.decode(text),
        is_error=view.status in ENDED_BADLY,
    )


def _next(status: str) -> str:
    match status:
        case "waiting":
            return f"ask the person what `waiting` says, and give the answer with `{ANSWER}`"
        case "pending" | "running" | "compensating":
            return f"it goes on: `{RUN}` with `wait_seconds` tells what it comes to"
        case "paused":
            return "it is paused: somebody has to resume it"
        case _:
            return ""
