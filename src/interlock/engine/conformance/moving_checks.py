"""The factors that are about state: 5 and 12. Judged by doing it: what was rehearsed here is done again elsewhere.

Elsewhere is a process of its own, with another hash seed. This page says what it is given and what its answers mean;
who starts it is no matter here.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from interlock.agents.agent import Agent
from interlock.agents.observations import Observation
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.judged import NO_AGENTS, counted, judged, not_applicable
from interlock.engine.conformance.looked_at import LookedAt, look_at
from interlock.engine.conformance.rehearsed_agents import decoded_state, encoded_state, go_on
from interlock.engine.conformance.rehearsed_runs import decoded_log, encoded_log, rehearse_run
from interlock.engine.conformance.subject import Subject


class MovedAgent(Struct, frozen=True):
    """An agent in the middle of its work: what it knows as bytes, and what it is told from then on."""

    after: int
    state: bytes
    told: bytes


class Moved(Struct, frozen=True):
    """What is given to another process: agents and a run, each in the middle."""

    agents: dict[str, MovedAgent]
    log: bytes


class CameOf(Struct, frozen=True):
    """What came of it there: the digests of the steps and events that followed."""

    agents: dict[str, list[str]]
    run: list[str]


class Elsewhere(Struct, frozen=True, kw_only=True):
    """Everything that was done elsewhere: what was moved and what came of it, and all agents from their beginning."""

    moved: Moved
    came_of: CameOf
    from_the_beginning: dict[str, list[str]]


# --- Here ------------------------------------------------------------------------------------------------------------


def moved(seen: LookedAt) -> Moved:
    """Each agent and the run at some step: another for another graph, the same for the same."""
    draw = random.Random(seen.subject.plan.graph_hash)  # noqa: S311 - the same again each time
    agents = {
        name: _moved_agent(rehearsed.steps, draw.randrange(len(rehearsed.steps) - 1))
        for name, rehearsed in sorted(seen.agents.items())
        if len(rehearsed.steps) > 1
    }
    return Moved(agents, encoded_log(seen.run.log[: draw.randrange(1, max(2, len(seen.run.log)))]))


def _moved_agent(steps: Sequence[Any], at: int) -> MovedAgent:
    told = [step.told for step in steps[at:] if step.told is not None]
    return MovedAgent(at, encoded_state(steps[at].state), msgspec.msgpack.encode(told))


def one_state(seen: LookedAt, elsewhere: Elsewhere) -> Finding:
    """Whatever decides stands in the log and in the agents' state: moved to another process, it goes on alike."""
    wrong: list[str] = []
    for name, agent in elsewhere.moved.agents.items():
        if seen.agents[name].traces != elsewhere.from_the_beginning.get(name):
            continue  # it is not even the same from its beginning: told under factor 12
        expected = seen.agents[name].traces[agent.after + 1 :]
        if elsewhere.came_of.agents.get(name) != expected:
            wrong.append(
                f"`{name}`, moved after step {agent.after + 1}, went on otherwise: it knows more than its state"
            )
    cut = len(decoded_log(elsewhere.moved.log))
    if elsewhere.came_of.run != seen.run.traces:
        wrong.append(f"the rehearsed run, moved after event {cut}, went on otherwise")
    right = [
        f"the rehearsed run was moved after event {cut} of {len(seen.run.log)}, and its log came out byte for byte"
    ]
    right += [
        f"`{name}` was moved after step {agent.after + 1}, and went on alike"
        for name, agent in elsewhere.moved.agents.items()
    ]
    advice = "keep everything that an own step knows in the state it returns, and nothing in its module"
    return judged(5, wrong=wrong, right=[*right, *seen.caveats], advice=advice)


def stateless_reducer(seen: LookedAt, elsewhere: Elsewhere) -> Finding:
    """The same observations give the same steps in any process."""
    if not seen.subject.contracts:
        return not_applicable(12, NO_AGENTS)
    wrong: list[str] = []
    for name, rehearsed in sorted(seen.agents.items()):
        there = elsewhere.from_the_beginning.get(name, [])
        if there != rehearsed.traces:
            step = next(
                (at for at, (one, other) in enumerate(zip(rehearsed.traces, there, strict=False)) if one != other), 0
            )
            wrong.append(f"`{name}` took another step {step + 1} in a process with another hash seed")
    right = [
        f"`{name}`: {counted(len(rehearsed.steps), 'step')}, byte for byte the same in two processes"
        for name, rehearsed in sorted(seen.agents.items())
    ]
    advice = (
        "take no order from a set, and no time, chance or environment: give them as input, or fetch them with a tool"
    )
    return judged(12, wrong=wrong, right=[*right, *seen.caveats], advice=advice)


# --- There -----------------------------------------------------------------------------------------------------------


def go_on_with(subject: Subject, moved: Moved) -> CameOf:
    """Go on with what was moved here."""
    agents = {name: _gone_on(subject, subject.agents[name], each) for name, each in moved.agents.items()}
    return CameOf(agents, rehearse_run(subject.plan, log=decoded_log(moved.log)).traces)


def _gone_on(subject: Subject, agent: Agent, moved: MovedAgent) -> list[str]:
    told = msgspec.msgpack.decode(moved.told, type=list[Observation])
    return go_on(agent, subject.toolbox(agent.contract), decoded_state(agent, moved.state), told)


def from_the_beginning(subject: Subject) -> dict[str, list[str]]:
    """Every agent, from its beginning to its end."""
    return {name: rehearsed.traces for name, rehearsed in look_at(subject).agents.items()}


def as_text(value: Mapping[str, Any] | Struct) -> str:
    """What is sent to another process and back, as one line of text."""
    return base64.b64encode(msgspec.msgpack.encode(value)).decode()
