"""The factors about the graph as a whole (6, 8, 11), judged by the plan, a rehearsal, and the code of tools."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any, Final

from interlock.core.durations import duration_text
from interlock.core.plan import AgentWork, HumanWork, Node, ScopePlan
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.judged import counted, judged
from interlock.engine.conformance.looked_at import LookedAt
from interlock.engine.conformance.rehearsed_runs import rehearse_run
from interlock.engine.conformance.stopping_checks import way_to_people
from interlock.engine.conformance.subject import Subject, called_agents
from interlock.tools.tool import Tool

HOUR: Final = 3_600_000_000
"""Nobody can be expected to answer in less."""

PAUSES_MAX: Final = 50
EVENTS_REHEARSED_MAX: Final = 20_000
"""Of a long run fewer pauses are tried: so many events altogether."""

_TERMINAL_WORDS: Final = frozenset({"input", "getpass.getpass", "sys.stdin"})


# --- 6: launch, pause, resume ----------------------------------------------------------------------------------------


def resting(seen: LookedAt) -> Finding:
    """A run may be paused anywhere and comes to the same end; and no clock ends it while it waits for people."""
    wrong = [problem for scope, node in seen.subject.nodes() for problem in _hurried(seen.subject, scope, node)]
    events = len(seen.run.log)
    tried = max(1, min(PAUSES_MAX, EVENTS_REHEARSED_MAX // max(1, events)))
    places = range(1, events, max(1, events // tried))
    for place in places:
        paused = rehearse_run(seen.subject.plan, pauses_at=place)
        if (paused.status, paused.stuck) != (seen.run.status, seen.run.stuck):
            wrong.append(f"paused at event {place}, it came to {paused.status or paused.stuck}, not {seen.run.status}")
    right = [
        f"paused and resumed at {counted(len(places), 'place')}, the rehearsed run came to the same end: {_end(seen)}"
    ]
    advice = "leave out the `timeout` of a graph in which people are asked, or make it days"
    return judged(6, wrong=wrong, right=right, advice=advice)


def _end(seen: LookedAt) -> str:
    return seen.run.status or f"it went no further, since {seen.run.stuck}"


def _hurried(subject: Subject, scope: ScopePlan, node: Node) -> Iterator[str]:
    """Clocks that run while a person is waited for."""
    match node.work:
        case AgentWork(agent=agent) if scope.timeout is not None and scope.timeout < HOUR:
            if way := way_to_people(subject, subject.plan.agents[agent]):
                ends = f"the graph ends after {duration_text(scope.timeout)}"
                yield f"{ends}, also while `{node.name}` waits for a person ({way})"
        case HumanWork() if scope.timeout is not None and scope.timeout < (node.timeout or HOUR):
            yield f"the graph ends after {duration_text(scope.timeout)}, before `{node.name}` has to be answered"
        case _:
            return


# --- 8: own your control flow ----------------------------------------------------------------------------------------


def control_flow(seen: LookedAt) -> Finding:
    """Who works after whom stands in the graph, and not in the heads of agents that call agents that call agents."""
    subject = seen.subject
    chains = [
        [contract.name, called, further]
        for contract in subject.contracts
        for called in called_agents(contract)
        if called in subject.plan.agents
        for further in called_agents(subject.plan.agents[called])
    ]
    wrong = [
        f"agents call agents that call agents ({' → '.join(chain)}): their order stands in no graph" for chain in chains
    ]
    nodes = sum(1 for _ in subject.nodes())
    right = [
        f"{counted(nodes, 'node')} in {counted(len(subject.plan.scopes), 'scope')}, each step of each a recorded event"
    ]
    right += [
        f"`{each.name}` may call {', '.join(called_agents(each))}" for each in subject.contracts if called_agents(each)
    ]
    own = [name for name, agent in subject.agents.items() if agent.own_step is not None]
    right += [f"`{name}` brings a step of its own" for name in own]
    return judged(8, wrong=wrong, right=right, advice="make the agents that are called nodes of the graph")


# --- 11: trigger from anywhere ---------------------------------------------------------------------------------------


def triggers(seen: LookedAt) -> Finding:
    """Whoever starts it can know what to give, and nothing in it needs somebody at a terminal."""
    plan = seen.subject.plan
    fields: dict[str, Any] = (plan.root.inputs or {}).get("properties", {})
    wrong = [
        f"the input `{name}` may be anything: no form, hook or schedule can know what to give"
        for name, field in fields.items()
        if not field
    ]
    wrong += [
        f"`{name}` uses `{word}` ({tool.place}): it needs somebody at a terminal"
        for name, tool in sorted(seen.subject.tools.items())
        if name in plan.tools and (word := _terminal_word(tool))
    ]
    given = ", ".join(fields) or "nothing"
    own = [trigger.name for trigger in plan.triggers]
    right = [f"is given {given}; starts by command, from Python, by schedule and by event"]
    right += [f"starts by itself: {', '.join(own)}"] if own else []
    advice = "give every input a type; ask people by `request_human_input`, `ctx.ask` or a `human` node"
    return judged(11, wrong=wrong, right=right, advice=advice)


def _terminal_word(tool: Tool) -> str:
    """A word in its code, or in a function beside it that it uses, which only a terminal can answer."""
    seen: set[CodeType] = set()
    waiting: list[Callable[..., Any]] = [tool.function]
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function.__code__ in seen:
            continue
        seen.add(function.__code__)
        names = _names_in(function.__code__)
        if found := sorted(names & _TERMINAL_WORDS - function.__globals__.keys()):
            return found[0]
        used = (function.__globals__.get(name) for name in sorted(names))
        waiting += [
            each for each in used if getattr(each, "__module__", None) == function.__module__ and callable(each)
        ]
    return ""


def _names_in(code: CodeType) -> set[str]:
    """The names that code takes from its module, and attributes as `sys.stdin`; those inside it as well."""
    names: set[str] = set()
    before = ""
    for instruction in dis.get_instructions(code):
        if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            before = str(instruction.argval)
            names.add(before)
        elif instruction.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            names.add(f"{before}.{instruction.argval}")
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return names.union(*map(_names_in, inner))
