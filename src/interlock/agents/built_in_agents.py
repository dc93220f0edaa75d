"""The agents that come with the product, each read when it is asked for: most runs need none of them.

They are contracts as anybody writes them, and have no rights of their own. A project's agent of the same name takes the
place of one: that is settled where agents are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from interlock.agents.agent import Agent
from interlock.agents.contracts.reading import read_contract
from interlock.agents.errors import AgentsNotLoaded, UnknownAgent
from interlock.authoring.report import render_problems

BUILT_IN: Final = "built-in"
"""Where such an agent is declared, as people are told."""

_FOLDER: Final = Path(__file__).parent / "built_in"


def built_in_names() -> tuple[str, ...]:
    """Their names, which are those of their files."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.yaml")))


def built_in_agent(name: str) -> Agent:
    """The agent of that name; `UnknownAgent` if there is none."""
    if name not in built_in_names():
        raise UnknownAgent(name, built_in_names())
    read = read_contract(_FOLDER / f"{name}.yaml")
    if read.contract is None:
        raise AgentsNotLoaded([render_problems(read.problems, read.document).rstrip()])
    return Agent(contract=read.contract, place=BUILT_IN)
