"""What the checks look at: the subject, with its agents and its run rehearsed once, here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interlock.agents.actions import AskModel, Fail
from interlock.agents.agent import State
from interlock.core.agent_contract import AgentContract
from interlock.engine.conformance.made_up import CannotMakeUp
from interlock.engine.conformance.rehearsed_agents import RehearsedAgent, rehearse
from interlock.engine.conformance.rehearsed_runs import RehearsedRun, rehearse_run
from interlock.engine.conformance.subject import Subject


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """The rehearsals. `not_rehearsed`: why, by agent."""

    subject: Subject
    agents: Mapping[str, RehearsedAgent]
    not_rehearsed: Mapping[str, str]
    run: RehearsedRun

    def asked(self) -> Iterator[tuple[AgentContract, State, AskModel]]:
        """Every request to a model in the rehearsals."""
        for contract in self.subject.contracts:
            rehearsed = self.agents.get(contract.name)
            for state, action in rehearsed.asked if rehearsed is not None else []:
                yield contract, state, action

    @property
    def caveats(self) -> tuple[str, ...]:
        """What could not be rehearsed, or not to its end, to be told beside what was."""
        missing = (f"`{name}` was not rehearsed: {why}" for name, why in sorted(self.not_rehearsed.items()))
        ends = ((name, rehearsed.steps[-1].action) for name, rehearsed in self.agents.items())
        failed = (
            f"`{name}` failed in its rehearsal: {end.error.message}" for name, end in ends if isinstance(end, Fail)
        )
        return (*missing, *failed)


def look_at(subject: Subject) -> LookedAt:
    """Rehearse every agent and the run."""
    agents: dict[str, RehearsedAgent] = {}
    missing: dict[str, str] = {}
    for name, agent in sorted(subject.agents.items()):
        try:
            agents[name] = rehearse(agent, subject.toolbox(agent.contract))
        except CannotMakeUp as problem:
            missing[name] = f"nothing could be made up for it ({problem})"
    missing |= {name: "the code it steps by is not here" for name in subject.plan.agents if name not in subject.agents}
    return LookedAt(subject=subject, agents=agents, not_rehearsed=missing, run=rehearse_run(subject.plan))
