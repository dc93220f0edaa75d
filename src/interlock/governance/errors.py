"""What can be wrong with a policy before it is in force, as one small tree.

PolicyError
├── InvalidPolicyError  files of a policy have problems: all of them are listed, each with its line
└── EmptyPolicyError    there is no rule at all, and nothing would be allowed

A policy in force raises nothing: what it cannot judge it denies.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.core.errors import InterlockError
from interlock.core.problems import Problem


class PolicyError(InterlockError):
    """A policy cannot come into force; the message says why and what to write instead."""


class InvalidPolicyError(PolicyError):
    """Files of a policy cannot be used as they are. Every problem that was found is listed."""

    def __init__(self, problems: Sequence[Problem], *, rendered: str) -> None:
        super().__init__(rendered)
        self.problems = tuple(problems)


class EmptyPolicyError(PolicyError):
    """A policy without a rule would deny everything, and nobody means that."""

    def __init__(self, files: Sequence[str]) -> None:
        where = f"there is no rule in {', '.join(files)}" if files else "a policy was asked for, and none was given"
        super().__init__(f"{where}: everything would be denied; write `extends: default`, or rules of your own")
        self.files = tuple(files)
