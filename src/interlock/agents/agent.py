"""An agent: its contract, where it is declared, and how it steps. Declared in Python by `agent(…)`.

Most agents step as `stepping` does. One that brings a `step` of its own owns its control flow, and keeps a state of its
own making; its actions are judged and performed as any other's.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import structs
from pydantic import ValidationError

from interlock.agents.actions import Action, Fail
from interlock.agents.contracts.meaning import Template, meant_contract
from interlock.agents.contracts.misspelt import problems_of_shape
from interlock.agents.contracts.written import WrittenAgent
from interlock.agents.errors import BadAgent
from interlock.agents.given_input import problem_of_input, with_input_defaults
from interlock.agents.observations import Began, Observation
from interlock.agents.offering import Toolbox
from interlock.agents.own_step import OwnStep, taken_step
from interlock.agents.state import AgentState
from interlock.agents.stepping.step import begin, step
from interlock.core.agent_contract import AgentContract
from interlock.core.problems import Problem
from interlock.core.values import Value

State: TypeAlias = AgentState | Value
"""What an agent knows: an `AgentState`, or the data of one that brings its own `step`."""


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A contract with everything that is needed to step."""

    contract: AgentContract
    place: str
    """Where it is declared: `agents/planner.yaml`, `agents/router.py:12`."""
    own_step: OwnStep | None = None

    @property
    def name(self) -> str:
        """What graphs and other agents call it."""
        return self.contract.name

    def begin(self, toolbox: Toolbox, input: Value) -> tuple[State, Action]:
        """The agent with its input, and its first action."""
        if self.own_step is None:
            return begin(self.contract, toolbox, input)
        given = with_input_defaults(self.contract, input)
        if (problem := problem_of_input(self.contract, given)) is not None:
            return None, Fail(problem)
        return taken_step(self.own_step, self.contract, toolbox, None, Began(given))

    def step(self, toolbox: Toolbox, state: State, observation: Observation) -> tuple[State, Action]:
        """What it knows now, and what it does next."""
        if self.own_step is not None:
            return taken_step(self.own_step, self.contract, toolbox, state, observation)
        return step(self.contract, toolbox, state, observation)


def agent(name: str, *, prompt: str | Path = "", own_step: OwnStep | None = None, **keys: Any) -> Agent:  # noqa: ANN401 - the keys of contracts, checked at once
    """Declare an agent in Python: the keys are those of a contract's file, and are checked as strictly.

    `prompt` and `task` are texts, or paths beside the file that declares the agent. With a step of its own the agent
    decides for itself; it is pure, and is given `None` and `Began` first.
    """
    here = inspect.currentframe()
    caller = here.f_back if here is not None else None
    file, line = (caller.f_code.co_filename, caller.f_lineno) if caller is not None else (name, 0)
    place, folder = f"{_shown(file)}:{line}", Path(file).parent
    text = _text_of(prompt, folder, place, name) or ("Brings its own step." if own_step else "")
    given = {"agent": name, "prompt": text, **{key: _plain(item, folder, place, name) for key, item in keys.items()}}
    try:
        written = WrittenAgent.model_validate(given)
    except ValidationError as error:
        raise BadAgent(place, name, [_told(problem) for problem in problems_of_shape(error)]) from None
    meant = meant_contract(written, Template(written.prompt), Template(written.task))
    if meant.contract is None:
        raise BadAgent(place, name, [_told(each) for each in meant.problems if each.severity == "error"])
    return Agent(contract=_with_code(meant.contract, own_step), place=place, own_step=own_step)


def _with_code(contract: AgentContract, own: OwnStep | None) -> AgentContract:
    """A contract whose hash changes with the code that decides for it."""
    return contract if own is None else structs.replace(contract, code=_code_digest(own))


def _code_digest(own: Callable[..., Any]) -> str:
    try:
        source = inspect.getsource(own)
    except (OSError, TypeError):  # no file holds it: its name has to do
        source = f"{own.__module__}.{own.__qualname__}"
    return hashlib.sha256(source.encode()).hexdigest()


def _plain(item: Any, folder: Path, place: str, name: str) -> Any:  # noqa: ANN401 - the value of any key
    """Python's ways of writing what YAML writes as lists and maps."""
    match item:
        case Path():
            return _text_of(item, folder, place, name)
        case set() | frozenset():
            # In one order, whatever the process: the contract's hash and every request depend on it.
            return [_plain(each, folder, place, name) for each in sorted(item, key=repr)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any items
        case tuple():
            return [_plain(each, folder, place, name) for each in item]  # pyright: ignore[reportUnknownVariableType] - any items
        case Mapping():
            return {key: _plain(each, folder, place, name) for key, each in item.items()}  # pyright: ignore[reportUnknownVariableType] - any items
        case _:
            return item


def _text_of(prompt: str | Path, folder: Path, place: str, name: str) -> str:
    if isinstance(prompt, str):
        return prompt
    try:
        return (folder / prompt).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadAgent(place, name, [f"the prompt {prompt} cannot be read: {error}"]) from error


def _told(problem: Problem) -> str:
    where = ".".join(map(str, problem.place))
    return f"{where}: {problem.message}" + (f" ({problem.advice})" if problem.advice else "")


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
