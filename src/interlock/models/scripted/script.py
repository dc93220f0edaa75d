"""A script as people write it: what a scripted model answers, by rules and turn by turn. One file is one script.

agent: py_fixer
latency: 20ms
turns:
  - calls: [{tool: read_file, arguments: {path: app.py}}]
  - when: {tool: run_tests, result: "(?P<count>[0-9]+) failed"}
    say: "${count} tests fail; I look at the code."
    calls: [{tool: apply_patch, arguments: {patch: "…"}}]
  - when: {tool: run_tests, result: " passed"}
    answer: {patch: "…", score: 0.9}

A turn with `when` is a rule: the first whose conditions all hold is taken. Where none does, the turns without are taken
in the order in which they stand, one after the other. How either is found is told in `matching`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from interlock.core.durations import DurationProblem, parse_duration
from interlock.core.event_parts import ErrorClass
from interlock.core.messages import Finish
from interlock.core.plan import Micros
from interlock.core.values import Value, is_list

SCRIPT_PROBLEM: Final = "script"
"""What problems of this page are called, whose message is told as it stands."""
_BOUNDS: Final = 2


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _pattern(written: object) -> object:
    if not isinstance(written, str):
        raise PydanticCustomError(SCRIPT_PROBLEM, "should be a regular expression, as text")
    try:
        return re.compile(written, re.DOTALL | re.MULTILINE)
    except re.error as error:
        raise PydanticCustomError(SCRIPT_PROBLEM, "is no regular expression: {why}", {"why": str(error)}) from error


def _duration(written: object) -> object:
    try:
        return parse_duration(written)
    except DurationProblem as problem:
        raise PydanticCustomError(
            SCRIPT_PROBLEM, "{why}; {advice}", {"why": problem.message, "advice": problem.advice}
        ) from problem


def _span(written: Value) -> object:
    bounds = written if is_list(written) else [written, written]
    if len(bounds) != _BOUNDS:
        raise PydanticCustomError(SCRIPT_PROBLEM, "should be a duration, or the shortest and the longest of a list")
    return _duration(bounds[0]), _duration(bounds[1])


Pattern: TypeAlias = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
"""Searched for anywhere in the text. What its named groups find may be used in the answer: `${name}`."""
Duration: TypeAlias = Annotated[Micros, BeforeValidator(_duration)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class When(_Written):
    """The conditions of a rule: all that are given must hold."""

    instructions: Pattern | None = None
    """Found in the instructions."""
    told: Pattern | None = None
    """Found in anything that was told."""
    last: Pattern | None = None
    """Found in the last message."""
    tool: str | None = None
    """The last message is a result of this tool."""
    result: Pattern | None = None
    """Found in the last result, of that tool or of any."""
    failed: bool | None = None
    """Whether that call failed."""
    turn: Annotated[int, Field(ge=1)] | None = None
    """The how-manieth answer this will be, counted from 1."""
    offered: str | None = None
    """A tool that may be asked for."""
    wants_data: bool | None = None
    """Whether the answer is to be data."""


class WrittenCall(_Written):
    """A call that the model asks for. `raw`: its arguments as text, which may be broken on purpose."""

    tool: str
    arguments: dict[str, Any] = {}
    raw: str | None = None


class WrittenError(_Written):
    """A failure in place of an answer. `times`: so often for the same call, and then the turn's answer."""

    kind: ErrorClass = "unavailable"
    message: str = "the script says so"
    retry_after: Duration | None = None
    times: Annotated[int, Field(ge=1)] | None = None


class WrittenTokens(_Written):
    """The provider's count, in place of an estimate: as wrong as it is written."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None


class Turn(_Written):
    """One answer, or a rule for one."""

    when: When | None = None
    say: str = ""
    answer: Any = None
    """Data, told as JSON."""
    calls: tuple[WrittenCall, ...] = ()
    error: WrittenError | None = None
    finish: Finish | None = None
    tokens: WrittenTokens | None = None
    latency: Annotated[tuple[Micros, Micros], BeforeValidator(_span)] | None = None
    breaks_off: bool = False
    """Whether the answer is cut after half of its text."""

    @model_validator(mode="after")
    def _says_something(self) -> Turn:
        if self.say and self.answer is not None:
            raise PydanticCustomError(SCRIPT_PROBLEM, "should have `say` or `answer`, not both")
        if not self.model_fields_set - {"when", "latency", "tokens"}:
            raise PydanticCustomError(SCRIPT_PROBLEM, "should have `say`, `answer`, `calls` or `error`")
        return self


class Script(_Written):
    """Whom it answers for, how quickly and how reliably, and what."""

    script: str = ""
    """Its name; else that of its file."""
    agent: str | None = None
    """The agent it answers for, as a pattern such as `*_fixer`; else any. Where nobody says who asks, a word of the
    instructions has to be its name."""
    instructions: Pattern | None = None
    """Found in the instructions of whom it answers for."""
    latency: Annotated[tuple[Micros, Micros], BeforeValidator(_span)] | None = None
    """How long an answer takes: `200ms`, or between two: `[200ms, 900ms]`."""
    tokens_per_second: Annotated[int, Field(gt=0)] | None = None
    """How quickly it writes."""
    fails: Share = 0.0
    """How many of its calls are not available, drawn from the provider's seed."""
    turns: tuple[Turn, ...]

    @field_validator("turns")
    @classmethod
    def _some_turns(cls, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        if not turns:
            raise PydanticCustomError(SCRIPT_PROBLEM, "has no turn: write one such as `- say: hello`")
        return turns
