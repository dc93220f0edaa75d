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
Span: TypeAlias = Annotated[tuple[Micros, Micros], BeforeValidator(_span)]
"""The shortest and the longest."""


class When(_Written):
    """The conditions of a rule: all that are given must hold."""

    instructions: Pattern | None = Field(default=None, description="Found in the instructions.")
    told: Pattern | None = Field(default=None, description="Found in anything that was told.")
    last: Pattern | None = Field(default=None, description="Found in the last message.")
    tool: str | None = Field(default=None, description="This tool was answered since the model spoke last.")
    result: Pattern | None = Field(default=None, description="Found in what it answered, or in what any tool did.")
    failed: bool | None = Field(default=None, description="Whether that call failed.")
    turn: int | None = Field(default=None, ge=1, description="The how-manieth answer this will be, counted from 1.")
    offered: str | None = Field(default=None, description="A tool that may be asked for.")
    wants_data: bool | None = Field(default=None, description="Whether the answer is to be data.")


class WrittenCall(_Written):
    """A call that the model asks for. `raw`: its arguments as text, which may be broken on purpose."""

    tool: str = Field(description="Its name.")
    arguments: dict[str, Any] = Field(default={}, description="What it is given.")
    raw: str | None = Field(default=None, description="The same as text, which may be broken on purpose.")


class WrittenError(_Written):
    """A failure in place of an answer. `times`: so often for the same call, and then the turn's answer."""

    kind: ErrorClass = Field(default="unavailable", description="Its class, as in the table of errors.")
    message: str = Field(default="the script says so", description="What the provider says.")
    retry_after: Duration | None = Field(default=None, description="When it wants to be asked again.")
    times: int | None = Field(
        default=None, ge=1, description="So often for the same call, and then the turn's answer. Else each time."
    )


class WrittenTokens(_Written):
    """The provider's count, in place of an estimate: as wrong as it is written."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None


class Turn(_Written):
    """One answer, or a rule for one."""

    when: When | None = Field(default=None, description="The conditions under which it is taken. Else it has its turn.")
    say: str = Field(default="", description="The answer, as text.")
    answer: Any = Field(default=None, description="The answer as data, told as JSON.")
    calls: tuple[WrittenCall, ...] = Field(default=(), description="The tools that the model asks for.")
    error: WrittenError | None = Field(default=None, description="A failure in place of an answer.")
    finish: Finish | None = Field(default=None, description="`stop`, `calls`, `length` or `filtered`. Else as it is.")
    tokens: WrittenTokens | None = Field(
        default=None, description="The provider's count: `input`, `output`, `cached`, as wrong as it is written."
    )
    latency: Span | None = Field(default=None, description="As of the script, for this turn.")
    breaks_off: bool = Field(default=False, description="Whether it is cut after half of its text.")

    @model_validator(mode="after")
    def _says_something(self) -> Turn:
        if self.say and self.answer is not None:
            raise PydanticCustomError(SCRIPT_PROBLEM, "should have `say` or `answer`, not both")
        if not self.model_fields_set - {"when", "latency", "tokens"}:
            raise PydanticCustomError(SCRIPT_PROBLEM, "should have `say`, `answer`, `calls` or `error`")
        return self


class Script(_Written):
    """Whom it answers for, how quickly and how reliably, and what."""

    script: str = Field(default="", description="Its name. Else that of its file.")
    agent: str | None = Field(
        default=None,
        description="The agent it answers for, as a pattern such as `*_fixer`. Else any. Where nobody says who asks, a "
        "word of the instructions has to be its name.",
    )
    instructions: Pattern | None = Field(default=None, description="Found in the instructions of whom it answers for.")
    latency: Span | None = Field(
        default=None, description="How long an answer takes: `200ms`, or between two: `[200ms, 900ms]`."
    )
    tokens_per_second: int | None = Field(default=None, gt=0, description="How quickly it writes.")
    fails: float = Field(
        default=0.0, ge=0, le=1, description="How many of its calls are not available, drawn from the provider's seed."
    )
    turns: tuple[Turn, ...] = Field(description="What it answers.")

    @field_validator("turns")
    @classmethod
    def _some_turns(cls, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        if not turns:
            raise PydanticCustomError(SCRIPT_PROBLEM, "has no turn: write one such as `- say: hello`")
        return turns
