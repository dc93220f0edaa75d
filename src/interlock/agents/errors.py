"""What can go wrong while agents are declared or loaded.

    AgentError
    ├── BadAgent           an agent that was declared in Python and cannot be one: says where, and what to change
    ├── AgentsNotLoaded    contracts and files that cannot be used, all of them at once
    └── UnknownAgent       nobody of that name

What happens to an agent while it works is no exception: it is a `Fail` (see `actions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interlock.core.errors import InterlockError
from interlock.core.problems import nearest


class AgentError(InterlockError):
    """An agent cannot be used as it is declared."""


class BadAgent(AgentError):
    """An agent that was declared in Python and cannot be one."""

    def __init__(self, place: str, name: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{place}: `{name}` cannot be an agent: {problem}" for problem in problems))
        self.place, self.name, self.problems = place, name, tuple(problems)


class AgentsNotLoaded(AgentError):
    """Sources of agents that cannot be used: the whole story of each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class UnknownAgent(AgentError):
    """There is no agent of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        meant = nearest(name, names)
        there = f"there are {', '.join(names)}" if names else "there is none: `interlock agents new NAME` makes one"
        super().__init__(f"there is no agent `{name}`: " + (f"did you mean `{meant}`?" if meant else there))
        self.name = name
