"""Runs as AgentOps told of agents: each agent at work in a run is one, and its id names both.

The whole state of one, with everything that was said, is told in `agentops_state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from interlock.authoring.single_step import STEP, text_in
from interlock.core.agent_contract import AgentContract
from interlock.core.values import is_map
from interlock.engine.telling.agents_at_work import AgentView, StepView
from interlock.engine.telling.history import RunView
from interlock.store.rows import RunRow
from interlock.wire.agentops import AgentOpsAgent, AgentOpsAgentStatus, AgentOpsStatus

SYSTEM: Final = "system"
AGENTOPS: Final = "agentops"
AGENT_TYPE: Final = "agent_type"
"""Labels by which tasks are found again: `system: agentops`, `agent_type: backend_developer`."""
AT: Final = "@"
"""Between the name of an agent and that of its run: it stands in neither, so no two ids are alike."""

_STATUSES: Final[Mapping[str, AgentOpsStatus]] = {
    "pending": "running",
    "running": "running",
    "waiting": "running",
    "compensating": "running",
    "paused": "paused",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "rolled_back": "failed",
}


class AgentTask(Struct, frozen=True):
    """A run of one agent by itself, and the contract that the run is pinned to."""

    view: RunView
    contract: AgentContract

    @property
    def agent_id(self) -> str:
        """The agent in this run, and in no other."""
        return agent_id(self.contract.name, self.view.run)

    @property
    def status(self) -> AgentOpsStatus:
        """How it is on."""
        return agentops_status(self.view.status, questions=self.open_questions)

    @property
    def open_questions(self) -> int:
        """How many things it waits for that a person can end."""
        return sum(wait.is_for_people for wait in self.view.waits)

    @property
    def work(self) -> AgentView:
        """What the agent has done so far."""
        return self.view.agents.get(STEP) or AgentView(path=STEP, agent=self.contract.name)

    @property
    def text(self) -> str:
        """The task in words."""
        inputs = self.view.inputs
        return text_in(self.contract.input, inputs) if is_map(inputs) else ""

    @property
    def is_simulated(self) -> bool:
        """Whether anything of it was answered by a script in a model's place."""
        return self.view.costs.simulated_calls > 0 or any(step.simulated for step in self.work.steps)


def agent_id(agent: str, run: str) -> str:
    """The id of an agent at work in a run."""
    return f"{agent}{AT}{run}"


def run_meant(id: str) -> str:
    """The run that is meant by an agent's id, or by its own."""
    return id.rpartition(AT)[2]


def agentops_status(status: str, *, questions: int) -> AgentOpsStatus:
    """A run's status in their words. Somebody who is asked is waited for, unless the run is paused or over."""
    if questions and status in {"running", "waiting"}:
        return "awaiting_human"
    return _STATUSES[status]


def agent_with_task(task: AgentTask) -> AgentOpsAgent:
    """An agent at work on a task, or done with it."""
    return AgentOpsAgent(
        id=task.agent_id,
        agent_id=task.agent_id,
        name=_title(task.contract.name),
        type=task.contract.name,
        role=task.contract.role,
        capabilities=list(task.contract.capabilities),
        status=task.status,
        current_task=task.text,
        current_step=task.work.turns,
        task_id=task.view.run,
        simulated=task.is_simulated,
    )


def agent_of_erased(row: RunRow) -> AgentOpsAgent:
    """An agent of whose task nothing is kept but that there was one."""
    agent = row.labels[AGENT_TYPE]  # without it, it would not have been a task
    named = agent_id(agent, row.run)
    return AgentOpsAgent(
        id=named,
        agent_id=named,
        name=_title(agent),
        type=agent,
        role="",
        capabilities=[],
        status=agentops_status(row.status, questions=0),
        task_id=row.run,
    )


def agent_without_task(contract: AgentContract) -> AgentOpsAgent:
    """An agent that tasks can be given to."""
    return AgentOpsAgent(
        id=contract.name,
        agent_id=contract.name,
        name=_title(contract.name),
        type=contract.name,
        role=contract.role,
        capabilities=list(contract.capabilities),
        status="idle",
    )


def status_with_task(task: AgentTask) -> AgentOpsAgentStatus:
    """How an agent is on with its task."""
    return AgentOpsAgentStatus(
        agent_id=task.agent_id,
        agent_type=task.contract.name,
        name=_title(task.contract.name),
        status=task.status,
        current_step=task.work.turns,
        max_steps=task.contract.limits.steps,
        task=task.text,
        awaiting_human=task.status == "awaiting_human",
        pending_requests=task.open_questions,
        errors=sum(step.error is not None for step in task.work.steps),
        tool_calls=sum(is_call(step) for step in task.work.steps),
        task_id=task.view.run,
        simulated=task.is_simulated,
    )


def status_without_task(contract: AgentContract) -> AgentOpsAgentStatus:
    """An agent that is at no task."""
    return AgentOpsAgentStatus(
        agent_id=contract.name,
        agent_type=contract.name,
        name=_title(contract.name),
        status="idle",
        current_step=0,
        max_steps=contract.limits.steps,
        task="",
        awaiting_human=False,
        pending_requests=0,
        errors=0,
        tool_calls=0,
        task_id=None,
        simulated=False,
    )


def is_call(step: StepView) -> bool:
    """Whether the agent let something be done by it: no question, and no answer of its model."""
    return step.kind in {"tool", "agent", "graph"}


def _title(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").title()
