"""How a problem is told at an address: as RFC 9457 has it, but where clients of another protocol ask, in its words."""

from __future__ import annotations

from typing import NamedTuple

from interlock.api.answers import JSON
from interlock.api.compat.platform import errors as platform
from interlock.api.openai.errors import PREFIX, in_their_words
from interlock.api.problems import PROBLEM_TYPE
from interlock.showing.json import encoded
from interlock.wire.problems import Problem


class ToldProblem(NamedTuple):
    """A problem as it is sent."""

    body: bytes
    type: str


def told_at(path: str, problem: Problem) -> ToldProblem:
    """The problem as who asks at this path reads it."""
    if path.startswith(PREFIX):
        return ToldProblem(encoded(in_their_words(problem)), JSON)
    if path.startswith(platform.PREFIXES):
        return ToldProblem(encoded(platform.in_their_words(problem)), PROBLEM_TYPE)
    return ToldProblem(encoded(problem), PROBLEM_TYPE)
