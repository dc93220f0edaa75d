"""Checking agents: their contracts one by one, then all of them together, and whether what they name is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from interlock.agents.collecting import CONTRACT_SUFFIXES, Agents, collect_agents
from interlock.agents.contracts.reading import read_contract
from interlock.agents.errors import AgentsNotLoaded, UnknownAgent
from interlock.authoring.report import problems_as_json, render_problems
from interlock.authoring.yaml_document import Document
from interlock.cli.agent_sources import agent_sources
from interlock.cli.invocation import Invocation
from interlock.cli.opening import configured, project_client
from interlock.core.agent_contract import AGENT_TOOL, GRAPH_TOOL, AgentContract
from interlock.core.compiling.callees import callees, unknown_callees
from interlock.core.problems import Place, Problem, nearest
from interlock.embedded.interlock import Interlock
from interlock.governance import Policy
from interlock.tools.toolbox import Toolbox


class CheckedAgent(Struct, frozen=True):
    """An agent, or what was to be one, with everything that is wrong with it."""

    name: str
    place: str
    contract: AgentContract | None = None
    document: Document | None = None
    """What it was read from; none of an agent in Python."""
    rendered: str = ""
    problems: tuple[dict[str, Any], ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it can be asked."""
        return self.contract is not None and all(problem["severity"] != "error" for problem in self.problems)


def check_agents(wanted: Sequence[str]) -> list[CheckedAgent]:
    """The agents that are meant, each with all its problems; without a word, all of the project."""
    sources = configured().settings.agents
    checked = [_checked_file(file) for file in (_files_of(wanted) if wanted else _contracts_in(sources))]
    if not all(each.contract for each in checked):
        return checked
    try:
        # A contract that was named may stand outside the project's folders, and call what stands in them.
        outside = [each.place for each in checked if not _is_within(each.place, sources)]
        agents = collect_agents([*agent_sources(), *outside])
    except AgentsNotLoaded as error:
        return _not_loaded(checked, error.problems)
    return _with_callees(checked, agents, wanted)


def _not_loaded(checked: Sequence[CheckedAgent], problems: Sequence[str]) -> list[CheckedAgent]:
    """What keeps the agents from being loaded, each at its contract where it is about one."""
    left, told = list(problems), list[CheckedAgent]()
    for each in checked:
        about = f"{Path(each.place).absolute()}: "
        mine = [problem for problem in left if problem.startswith(about)]
        left = [problem for problem in left if problem not in mine]
        messages = [problem.removeprefix(about) for problem in mine]
        rendered = "".join(f"{each.place}: error: {message}\n" for message in messages)
        wrong = (*each.problems, *map(_problem, messages))
        told.append(structs.replace(each, rendered=each.rendered + rendered, problems=wrong))
    return [*told, *map(_broken, left)]


def _files_of(wanted: Sequence[str]) -> list[Path]:
    """The contracts among what was named; what is no file is the name of an agent, and looked for later."""
    return [Path(each) for each in wanted if _is_file(each)]


def _is_file(word: str) -> bool:
    return word.endswith(CONTRACT_SUFFIXES) or "/" in word


def _contracts_in(sources: Sequence[str]) -> list[Path]:
    paths = [Path(source) for source in sources]
    folders = [file for path in paths if path.is_dir() for file in sorted(path.iterdir())]
    alone = [path for path in paths if path.is_file()]
    return [file for file in (*folders, *alone) if file.suffix in CONTRACT_SUFFIXES]


def _is_within(place: str, sources: Sequence[str]) -> bool:
    file = Path(place).absolute()
    return any(file == Path(source) or file.parent == Path(source) for source in sources)


def _checked_file(file: Path) -> CheckedAgent:
    shown = _from_here(file)
    try:
        read = read_contract(shown)
    except OSError as error:
        return _broken(f"{shown}: the file cannot be read: {error.strerror or error}", name=file.stem)
    data = read.document.data
    name = str(data.get("agent", file.stem)) if isinstance(data, dict) else file.stem  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - whatever stands there
    return CheckedAgent(
        name=name,
        place=str(shown),
        contract=read.contract,
        document=read.document,
        rendered=render_problems(read.problems, read.document),
        problems=tuple(problems_as_json(read.problems, read.document)),
    )


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _broken(message: str, *, name: str = "") -> CheckedAgent:
    """What never became an agent."""
    return CheckedAgent(name=name, place="", rendered=f"{message}\n", problems=(_problem(message),))


def _problem(message: str, advice: str = "") -> dict[str, Any]:
    return {"severity": "error", "message": message, "advice": advice}


def _with_callees(checked: Sequence[CheckedAgent], agents: Agents, wanted: Sequence[str]) -> list[CheckedAgent]:
    """The agents that were meant, and whether what each names is there."""
    known = {each.name: each for each in checked}
    names = [each for each in wanted if not _is_file(each)] if wanted else [each.name for each in agents.own()]
    meant = [*known, *(name for name in names if name not in known)]
    client = project_client(Invocation())
    return [_beside(known.get(name) or _declared(agents, name), agents, client) for name in meant]


def _declared(agents: Agents, name: str) -> CheckedAgent:
    """An agent by its name: from its contract, or as it was declared in Python, or comes along."""
    try:
        found = agents.get(name)
    except UnknownAgent as unknown:
        return _broken(str(unknown), name=name)
    if found.place.endswith(CONTRACT_SUFFIXES):
        return _checked_file(Path(found.place))
    return CheckedAgent(name=name, place=found.place, contract=found.contract)


def _beside(checked: CheckedAgent, agents: Agents, client: Interlock) -> CheckedAgent:
    """An agent beside all that it names: tools, other agents, policies."""
    if checked.contract is None:
        return checked
    found = [
        *_of_callees(checked.contract, agents, client.toolbox),
        *_of_graphs(checked.contract, client),
        *_of_policies(checked.contract, client.policy),
    ]
    if checked.document is None:
        rendered = "".join(f"{checked.place}: error: {each.message}\n      {each.advice}\n" for each in found)
        told = [_problem(each.message, each.advice) for each in found]
    else:
        rendered, told = render_problems(found, checked.document), problems_as_json(found, checked.document)
    return structs.replace(checked, rendered=checked.rendered + rendered, problems=(*checked.problems, *told))


def _of_callees(contract: AgentContract, agents: Agents, tools: Toolbox) -> Iterator[Problem]:
    for bad in unknown_callees(contract, tools.contracts(), agents.contracts(), tools.why_kept_away):
        prefix = AGENT_TOOL if bad.callee.startswith(AGENT_TOOL) else ""
        known, name = agents.contracts() if prefix else tools.contracts(), bad.callee.removeprefix(prefix)
        meant = nearest(name, known) if name not in known else None
        advice = f"did you mean `{prefix}{meant}`?" if meant else "mend its `tools`, or add or approve what is missing"
        yield Problem(place=_place_of(contract, bad.callee), message=bad.message, advice=advice)


def _of_graphs(contract: AgentContract, client: Interlock) -> Iterator[Problem]:
    called = {name: name.removeprefix(GRAPH_TOOL) for name in callees(contract) if name.startswith(GRAPH_TOOL)}
    known = client.graphs.names() if called else []
    for name, graph in called.items():
        if graph not in known:
            meant = nearest(graph, known)
            advice = f"did you mean `{GRAPH_TOOL}{meant}`?" if meant else f"there are {', '.join(known) or 'no graphs'}"
            message = f"the agent `{contract.name}` may call `{name}`, and there is no such graph"
            yield Problem(place=_place_of(contract, name), message=message, advice=advice)


def _place_of(contract: AgentContract, callee: str) -> Place:
    """Where a contract names what it may call; all its tools, where only an agent that it calls does."""
    if callee in contract.tools:
        return ("tools", contract.tools.index(callee))
    fetched = (fact.name for fact in contract.context.prefetch if fact.tool == callee)
    return next((("context", "prefetch", name, "tool") for name in fetched), ("tools",))


def _of_policies(contract: AgentContract, policy: Policy) -> Iterator[Problem]:
    for name in policy.missing(contract.policies):
        meant = nearest(name, policy.names)
        advice = f"did you mean `{meant}`?" if meant else f"in force are {', '.join(sorted(policy.names))}"
        message = f"the agent `{contract.name}` wants the policy `{name}`, which is not in force"
        yield Problem(place=("policies", contract.policies.index(name)), message=message, advice=advice)
