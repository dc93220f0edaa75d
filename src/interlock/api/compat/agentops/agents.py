"""The agents of AgentOps: looked at, paused, resumed, answered. An agent with a task is its work in one run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from msgspec.structs import replace
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.compat.agentops.answering import Response as PersonsResponse
from interlock.api.compat.agentops.answering import question_meant, said_to
from interlock.api.compat.agentops.finding import AtWork, agent_meant, at_work
from interlock.api.desks import ActsOnRuns, Answers, ReadsRuns
from interlock.core import events as e
from interlock.embedded.handle import RunHandle
from interlock.showing.agentops import agentops_status, status_with_task, status_without_task
from interlock.showing.agentops_state import AgentOpsStateTold
from interlock.wire.agentops import (
    AgentOpsAgents,
    AgentOpsAgentStatus,
    AgentOpsMoved,
    AgentOpsResponseTaken,
    AgentOpsState,
)

router = APIRouter(tags=["other systems"])

AgentId = Annotated[str, Path(max_length=300, description="The id of an agent, or of its task.")]


class HumanResponseBody(BaseModel):
    """What a person says. What is not known is ignored, as it was there."""

    response: PersonsResponse = Field(description="Words, or the fields that were asked for.")


@router.get("/agents", **answers(AgentOpsAgents, "Agents with tasks, the newest first; then all there are."))
async def list_agents(desk: ReadsRuns) -> Response:
    """List agents."""
    cards = await desk.reception.agent_cards.of(desk.caller.tenant)
    return told(AgentOpsAgents(agents=await cards.all()))


@router.get("/agents/{agent_id}/status", **answers(AgentOpsAgentStatus, "How it is on with its task."))
async def get_agent_status(agent_id: AgentId, desk: ReadsRuns) -> Response:
    """One agent in short."""
    found = await agent_meant(desk, agent_id)
    return told(status_with_task(found.task) if isinstance(found, AtWork) else status_without_task(found))


@router.get("/agents/{agent_id}/state", **answers(AgentOpsState, "All there is of its work."))
async def get_agent_state(agent_id: AgentId, desk: ReadsRuns) -> Response:
    """One agent with everything that was said, called, asked and answered."""
    found = await at_work(desk, agent_id)
    state = AgentOpsStateTold(found.task)
    async for event in found.run.events():
        if event.seq > found.task.view.seq:
            break  # the rest was not yet when it was looked at
        state.take(await _with_reply(found.run, event) if state.wants_reply(event) else event)
    return told(state.state())


async def _with_reply(run: RunHandle, event: e.Event) -> e.Event:
    """The event with all that the model said, however long that is."""
    assert isinstance(event.body, e.EffectDone)
    return replace(event, body=replace(event.body, out=await run.whole(event.body.out)))


@router.post("/agents/{agent_id}/pause", **answers(AgentOpsMoved, "It begins nothing new."))
async def pause_agent(agent_id: AgentId, desk: ActsOnRuns) -> Response:
    """Pause an agent; what is under way finishes."""
    found = await at_work(desk, agent_id)
    await found.run.pause(by=desk.caller.name, detach=desk.detaches)
    return told(AgentOpsMoved(status="paused", agent_id=found.task.agent_id))


@router.post("/agents/{agent_id}/resume", **answers(AgentOpsMoved, "It goes on."))
async def resume_agent(agent_id: AgentId, desk: ActsOnRuns) -> Response:
    """Resume an agent that was paused."""
    found = await at_work(desk, agent_id)
    await found.run.resume(by=desk.caller.name, detach=desk.detaches)
    return told(AgentOpsMoved(status="resumed", agent_id=found.task.agent_id))


@router.post("/agents/{agent_id}/human-response", **answers(AgentOpsResponseTaken, "It will reach the model."))
async def answer_agent(agent_id: AgentId, body: HumanResponseBody, desk: Answers) -> Response:
    """Answer what an agent asks."""
    found = await at_work(desk, agent_id)
    asked = question_meant(found.task.agent_id, found.task.view.waits)
    said = said_to(asked.question, body.response)
    await found.run.answer(asked.path, by=desk.caller.name, choice=said.choice, form=said.form, detach=desk.detaches)
    row = await found.run.row()
    return told(
        AgentOpsResponseTaken(
            agent_id=found.task.agent_id, agent_status=agentops_status(row.status, questions=row.waiting)
        )
    )
