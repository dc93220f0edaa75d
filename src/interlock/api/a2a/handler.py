"""What the methods of the protocol do: a message starts a run or answers one, a task is looked at, followed, cancelled.

The same services as `/v1`: nothing is kept here, so any process that serves the store answers about any task.
"""
# ruff: noqa: ARG002 - what is not served takes the same arguments as what is

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Final, NamedTuple, NoReturn

from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers import RequestHandler
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import (
    A2AError,
    ExtendedAgentCardNotConfiguredError,
    InternalError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from starlette.exceptions import HTTPException

from interlock.api.a2a.tasks import (
    STATES,
    answer_in,
    artifact_of,
    context_of,
    inputs_in,
    status_of,
    task_in_short,
    task_of,
    working,
)
from interlock.api.answering import give_answer
from interlock.api.errors import ApiError
from interlock.api.outputs_at_hand import at_hand
from interlock.api.pages import cursor_at, place_of
from interlock.api.problems import problem_of
from interlock.api.visitors import Visitor
from interlock.core.errors import InterlockError
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import Plan
from interlock.embedded.handle import RunHandle
from interlock.embedded.sessions import labels_of
from interlock.engine.run_filter import RunFilter
from interlock.engine.telling.history import RunView

CALL: Final = "interlock.call"
"""Where in the state of the SDK's context a call is found."""
WAIT_SECONDS: Final = 50.0
"""How long a message waits for what comes of it; the task goes on all the same."""
CANCEL_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.25
TASKS: Final = 50
TASKS_MAX: Final = 100
COUNTED_MAX: Final = 1_000
"""Up to how many it is told how many tasks there are."""
LOOKED_AT_MAX: Final = 5_000
VIA: Final = {"via": "a2a"}
_TOLD: Final = ("node.started", "node.waiting", "node.succeeded", "node.failed", "node.retrying")
_OF_HTTP: Final = frozenset({401, 403, 429, 503})
"""What is refused in the words of HTTP: the protocol has none for it."""

log = logging.getLogger(__name__)


class Call(NamedTuple):
    """Who speaks to which agent."""

    visitor: Visitor
    graph: str
    plan: Plan


class RunsAsTasks(RequestHandler):
    """The methods. What they are asked of is in the context: one object answers for all agents and callers."""

    async def on_message_send(self, params: a2a.SendMessageRequest, context: ServerCallContext) -> a2a.Task:
        """Start a run, or answer what one asks, and wait for what comes of it."""
        call = _call(context)
        with _told_as_theirs():
            run = await _sent(call, params.message)
            if not params.configuration.return_immediately:
                await call.visitor.rested(run, within_seconds=WAIT_SECONDS)
            return await _task(call, run)

    async def on_message_send_stream(
        self, params: a2a.SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        """The same, told as it goes."""
        call = _call(context)
        with _told_as_theirs():
            run = await _sent(call, params.message)
            async for event in _followed(call, run):
                yield event

    async def on_subscribe_to_task(
        self, params: a2a.SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        """What becomes of a task from now on."""
        call = _call(context)
        with _told_as_theirs():
            run = await _opened(call, params.id)
            if (await run.row()).status in RUN_ENDED:
                raise UnsupportedOperationError(f"the task {run.id} has ended: GetTask tells what it came to")
            async for event in _followed(call, run):
                yield event

    async def on_get_task(self, params: a2a.GetTaskRequest, context: ServerCallContext) -> a2a.Task:
        """How a task stands."""
        call = _call(context)
        with _told_as_theirs():
            return await _task(call, await _opened(call, params.id))

    async def on_list_tasks(self, params: a2a.ListTasksRequest, context: ServerCallContext) -> a2a.ListTasksResponse:
        """The tasks of an agent, the newest first. What they came to is told where that is asked for."""
        call = _call(context)
        with _told_as_theirs():
            return await _listed(call, params)

    async def on_cancel_task(self, params: a2a.CancelTaskRequest, context: ServerCallContext) -> a2a.Task:
        """Stop a task."""
        call = _call(context)
        with _told_as_theirs():
            call.visitor.refuse_unless("act", "runs")
            run = await _opened(call, params.id)
            if (await run.row()).status in RUN_ENDED:
                raise TaskNotCancelableError(f"the task {run.id} has ended")
            await run.cancel(by=call.visitor.caller.name, detach=call.visitor.detaches)
            await call.visitor.rested(run, within_seconds=CANCEL_SECONDS)
            return await _task(call, run)

    # --- what is not served ---

    async def on_create_task_push_notification_config(
        self, params: a2a.TaskPushNotificationConfig, context: ServerCallContext
    ) -> NoReturn:
        """Not served: webhooks out are sinks of the project."""
        raise PushNotificationNotSupportedError

    async def on_get_task_push_notification_config(
        self, params: a2a.GetTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> NoReturn:
        """Not served."""
        raise PushNotificationNotSupportedError

    async def on_list_task_push_notification_configs(
        self, params: a2a.ListTaskPushNotificationConfigsRequest, context: ServerCallContext
    ) -> NoReturn:
        """Not served."""
        raise PushNotificationNotSupportedError

    async def on_delete_task_push_notification_config(
        self, params: a2a.DeleteTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> NoReturn:
        """Not served."""
        raise PushNotificationNotSupportedError

    async def on_get_extended_agent_card(
        self, params: a2a.GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> NoReturn:
        """Not served: the card is the same for everybody who may see it."""
        raise ExtendedAgentCardNotConfiguredError


def _call(context: ServerCallContext) -> Call:
    call = context.state[CALL]
    assert isinstance(call, Call)
    return call


# --- messages --------------------------------------------------------------------------------------------------------


async def _sent(call: Call, message: a2a.Message) -> RunHandle:
    if not message.message_id:
        raise InvalidParamsError("a message has a messageId: by it a repetition is known")
    return await (_answered(call, message) if message.task_id else _started(call, message))


async def _started(call: Call, message: a2a.Message) -> RunHandle:
    """A run of its inputs. The same message of the same caller starts nothing twice."""
    inputs, by = inputs_in(message, call.plan), call.visitor.caller.name
    key = f"a2a:{by}:{call.graph}:{message.message_id}"[:500]
    run = await call.visitor.start(call.graph, inputs, key=key, session=message.context_id[:200], labels=VIA)
    if not run.is_new and not await run.was_given(inputs):
        raise InvalidParamsError(f"the message {message.message_id} was sent before, and said something else")
    return run


async def _answered(call: Call, message: a2a.Message) -> RunHandle:
    call.visitor.refuse_unless("act", "questions")
    run = await _opened(call, message.task_id)
    if (await run.row()).status in RUN_ENDED:
        raise UnsupportedOperationError(f"the task {run.id} has ended: begin another")
    row, choice, form, why = answer_in(message, await run.questions())
    visitor = call.visitor
    await give_answer(run, row, choice=choice, form=form, why=why, by=visitor.caller.name, detach=visitor.detaches)
    return run


# --- tasks -----------------------------------------------------------------------------------------------------------


async def _opened(call: Call, task: str) -> RunHandle:
    """The run of a task, which has to be one of this agent."""
    call.visitor.refuse_unless("read", "runs")
    run = await call.visitor.interlock.open(task)
    if (await run.row()).graph != call.plan.name:
        raise TaskNotFoundError(f"{call.graph} has no task {task}")
    return run


async def _task(call: Call, run: RunHandle) -> a2a.Task:
    view = await run.view(whole=False)
    outputs = await at_hand(call.visitor.interlock, view.outputs)
    return task_of(view, outputs, may_answer=_may_answer(call))


async def _followed(call: Call, run: RunHandle) -> AsyncGenerator[Event]:
    """A task as it is, how it gets on, and how it rests or ends."""
    begins = await run.view(whole=False)
    outputs = await at_hand(call.visitor.interlock, begins.outputs)
    yield task_of(begins, outputs, may_answer=_may_answer(call))
    if begins.status in RUN_ENDED:
        return
    context, after = context_of(begins.labels, run.id), begins.seq
    while not (rests := await call.visitor.rested(run, within_seconds=LOOK_SECONDS)):
        last = ""
        async for event in run.events(after=after):
            after = event.seq
            last = f"{event.path} {event.type.removeprefix('node.')}" if event.type in _TOLD else last
        if last:
            yield working(run.id, context, last)
        if call.visitor.closing.is_set():
            break
    async for event in _ends(call, run, rests=rests):
        yield event


async def _ends(call: Call, run: RunHandle, *, rests: bool) -> AsyncGenerator[Event]:
    view: RunView = await run.view(whole=False)
    context = context_of(view.labels, run.id)
    if view.status == "succeeded":
        artifact = artifact_of(await at_hand(call.visitor.interlock, view.outputs))
        yield a2a.TaskArtifactUpdateEvent(task_id=run.id, context_id=context, artifact=artifact, last_chunk=True)
    if rests:
        status = status_of(view, may_answer=_may_answer(call))
        yield a2a.TaskStatusUpdateEvent(task_id=run.id, context_id=context, status=status)


async def _listed(call: Call, params: a2a.ListTasksRequest) -> a2a.ListTasksResponse:
    call.visitor.refuse_unless("read", "runs")
    limit = min(params.page_size or TASKS, TASKS_MAX)
    chosen = RunFilter(
        graph=call.plan.name,
        statuses=frozenset(status for status, state in STATES.items() if state == params.status),
        labels=labels_of(params.context_id, None),
    )
    before = place_of(params.page_token or None, of=chosen)
    interlock = call.visitor.interlock
    rows, goes_on = await interlock.runs_page(chosen, before=before, limit=limit, looked_at_max=LOOKED_AT_MAX)
    tasks = [task_in_short(row) for row in rows]
    if params.include_artifacts:
        tasks = [await _task(call, await interlock.open(row.run)) for row in rows]
    following = "" if goes_on is None else cursor_at(goes_on, of=chosen)
    counted, _ = await interlock.runs_page(chosen, before=None, limit=COUNTED_MAX, looked_at_max=LOOKED_AT_MAX)
    return a2a.ListTasksResponse(tasks=tasks, next_page_token=following, page_size=limit, total_size=len(counted))


def _may_answer(call: Call) -> bool:
    return call.visitor.may("act", "questions")


# --- what goes wrong -------------------------------------------------------------------------------------------------


@contextmanager
def _told_as_theirs() -> Generator[None]:
    """Our errors in the words of the protocol; nothing else of what goes wrong leaves here."""
    try:
        yield
    except (A2AError, asyncio.CancelledError, GeneratorExit):
        raise
    except InterlockError as error:
        raise _theirs(error) from error
    except Exception as error:
        log.exception("a2a_failed")
        raise InternalError("Interlock has a fault") from error


def _theirs(error: InterlockError) -> Exception:
    problem = problem_of(error, "")
    data = {"code": problem.code, "advice": problem.advice}
    match problem.code:
        case "run_not_found" | "run_pruned":
            return TaskNotFoundError(problem.detail, data)
        case _ if problem.status in _OF_HTTP:
            told = HTTPException(problem.status)
            told.__cause__ = ApiError(problem.code, problem.detail)
            return told
        case _ if problem.status < 500:
            return InvalidParamsError(problem.detail, data)
        case _:
            return InternalError(problem.detail, data)
