"""What a running tool may ask of the door: to journal a step, to ask a person, to say how far it is.

`AsyncToolContext` is for async tools, `ToolContext` for blocking ones, in a thread or in a process of their own: the
same methods, one awaited and one waiting. Neither decides anything: whether a step may be made is said by `steps`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeAlias, get_args

from interlock.core.canonical import canonical
from interlock.core.events import Question
from interlock.core.plan import EffectClass, JsonSchema
from interlock.core.schemas import compile_schema
from interlock.core.values import Value
from interlock.tools.conversation import (
    AskPerson,
    BeginStep,
    CallFacts,
    Go,
    Heartbeat,
    Note,
    Over,
    Progress,
    Recorded,
    RecordedFailure,
    Reply,
    Request,
    StepBroke,
    StepSucceeded,
)
from interlock.tools.errors import AttemptEnded, StepFailed, ToolFailed, ToolStopped
from interlock.tools.failure import error_of
from interlock.tools.secrets import NONE_GIVEN, SecretText

StepFunction: TypeAlias = Callable[[], object] | Callable[[str], object]
"""What makes a step: takes nothing, or the step's id. In an async tool it may be async."""

TEXT_CHARACTERS_MAX: Final = 16_000
"""How long what a tool says of a step or asks a person may be: it stands in an event."""

_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_EFFECT_CLASSES: Final[tuple[EffectClass, ...]] = get_args(EffectClass)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AsyncLine(Protocol):
    """The way from an async tool to the door."""

    @property
    def is_left(self) -> bool:
        """Whether the worker leaves."""
        ...

    async def request(self, request: Request) -> Reply:
        """Ask, and wait for the reply."""
        ...

    def note(self, note: Note) -> None:
        """Say something that needs no reply."""
        ...


class Line(Protocol):
    """The way from a blocking tool to the door. Every method may be called from any thread of the tool."""

    def request(self, request: Request) -> Reply:
        """Ask, and block until the reply is there."""
        ...

    def note(self, note: Note) -> None:
        """Say something that needs no reply."""
        ...

    def is_stopping(self) -> bool:
        """Whether the tool was asked to stop."""
        ...


class _Facts:
    """What every tool may know of its call."""

    def __init__(self, facts: CallFacts) -> None:
        self._facts = facts

    @property
    def run(self) -> str:
        """The run this call belongs to."""
        return self._facts.run

    @property
    def tenant(self) -> str:
        """Whose run it is."""
        return self._facts.tenant

    @property
    def path(self) -> str:
        """The path of the node that calls."""
        return self._facts.path

    @property
    def attempt(self) -> int:
        """Which attempt of the node this is; the first is 1."""
        return self._facts.attempt

    @property
    def effect_id(self) -> str:
        """The id of this call, the same whenever it is repeated: use it as idempotency key."""
        return self._facts.effect_id

    @property
    def deadline(self) -> datetime | None:
        """When the call is given up."""
        due = self._facts.deadline
        return None if due is None else _EPOCH + timedelta(microseconds=due)

    @property
    def last_heartbeat(self) -> Any:  # noqa: ANN401 - whatever the tool itself said last
        """The details of the last heartbeat of an earlier try; None if there was none."""
        return self._facts.last_heartbeat


class AsyncToolContext(_Facts):
    """The context of an async tool: annotate a parameter with it to receive it."""

    def __init__(self, facts: CallFacts, line: AsyncLine, secrets: Mapping[str, SecretText] = NONE_GIVEN) -> None:
        super().__init__(facts)
        self._line = line
        self.secrets = secrets
        """The secrets that the tool was declared with."""

    async def effect(
        self,
        name: str,
        fn: StepFunction,
        *,
        key: str = "",
        effect: EffectClass = "once",
    ) -> Any:  # noqa: ANN401 - the recorded form of what `fn` returned
        """Make a step whose result is recorded before the tool goes on, and is not made again if the tool is repeated.

        `fn` is async or plain; if it takes an argument it gets the step's id, to be used as idempotency key. Steps must
        come in the same order each time; `key` says what this one is about (an order's number). The result is what was
        recorded: JSON data. A failing step raises `StepFailed`, also on a repeat.
        """
        begun = _open(await self._line.request(_step(name, key, effect)), name)
        if isinstance(begun, Recorded):
            return begun.out
        try:
            result = _called(fn, begun.effect)
            out = _result_of(await result if inspect.isawaitable(result) else result, name)
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever a step raises is on record
            broke = StepBroke(begun.ordinal, error_of(error, fn).error)
            return _close(await self._line.request(broke), name, cause=error)
        return _close(await self._line.request(StepSucceeded(begun.ordinal, out)), name)

    async def ask(
        self, question: str, *, choices: Sequence[str] = (), form: JsonSchema | None = None, key: str = ""
    ) -> Any:  # noqa: ANN401 - a choice or a form
        """Ask a person and wait: the answer is the choice, or the form as it was filled in. Journaled as a step."""
        return _close(await self._line.request(_asked(question, choices, form, key)), "ask")

    def progress(self, fraction: float | None = None, text: str = "") -> None:
        """Show how far the tool is (0 to 1). Live only, never recorded."""
        self._line.note(_progress(fraction, text))

    def heartbeat(self, details: object = None) -> None:
        """Prove that the tool lives. The details are readable as `last_heartbeat` when it is tried again."""
        self._line.note(Heartbeat(canonical(details, where="details")))

    @property
    def is_left(self) -> bool:
        """Whether the worker leaves: the call is then made again elsewhere, and what it began is to go on."""
        return self._line.is_left


class ToolContext(_Facts):
    """The context of a blocking tool: annotate a parameter with it to receive it."""

    def __init__(self, facts: CallFacts, line: Line) -> None:
        super().__init__(facts)
        self._line = line

    def effect(self, name: str, fn: StepFunction, *, key: str = "", effect: EffectClass = "once") -> Any:  # noqa: ANN401 - the recorded form of what `fn` returned
        """Make a step whose result is recorded before the tool goes on, and is not made again if the tool is repeated.

        If `fn` takes an argument it gets the step's id, to be used as idempotency key. Steps must come in the same
        order each time; `key` says what this one is about (an order's number). The result is what was recorded: JSON
        data. A failing step raises `StepFailed`, also on a repeat.
        """
        begun = _open(self._line.request(_step(name, key, effect)), name)
        if isinstance(begun, Recorded):
            return begun.out
        try:
            out = _result_of(_called(fn, begun.effect), name)
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever a step raises is on record
            return _close(self._line.request(StepBroke(begun.ordinal, error_of(error, fn).error)), name, cause=error)
        return _close(self._line.request(StepSucceeded(begun.ordinal, out)), name)

    def ask(self, question: str, *, choices: Sequence[str] = (), form: JsonSchema | None = None, key: str = "") -> Any:  # noqa: ANN401 - a choice or a form
        """Ask a person and wait: the answer is the choice, or the form as it was filled in. Journaled as a step."""
        return _close(self._line.request(_asked(question, choices, form, key)), "ask")

    def progress(self, fraction: float | None = None, text: str = "") -> None:
        """Show how far the tool is (0 to 1). Live only, never recorded."""
        self._line.note(_progress(fraction, text))

    def heartbeat(self, details: object = None) -> None:
        """Prove that the tool lives. The details are readable as `last_heartbeat` when it is tried again."""
        self._line.note(Heartbeat(canonical(details, where="details")))

    @property
    def should_stop(self) -> bool:
        """Whether the tool was asked to stop, by a cancel or by its deadline."""
        return self._line.is_stopping()

    def check(self) -> None:
        """Raise `ToolStopped` if the tool was asked to stop: call it between pieces of long work."""
        if self.should_stop:
            raise ToolStopped


def _open(reply: Reply, name: str) -> Go | Recorded:
    """A reply to a step that wants to begin."""
    match reply:
        case Go() | Recorded():
            return reply
        case RecordedFailure():
            raise StepFailed(name, reply.error)
        case Over():
            raise ToolStopped if reply.why == "stopped" else AttemptEnded


def _close(reply: Reply, name: str, *, cause: BaseException | None = None) -> Value:
    """A reply to a step that has ended, or to a question."""
    match reply:
        case Recorded():
            return reply.out
        case RecordedFailure():
            raise StepFailed(name, reply.error) from cause
        case Over():
            raise ToolStopped if reply.why == "stopped" else AttemptEnded
        case Go():
            raise AssertionError("the end of a step was taken for its beginning")


def _result_of(result: object, name: str) -> Value:
    return canonical(result, where=f"the result of step `{name}`")


def _called(fn: Callable[..., object], id_: str) -> object:
    """What a step's function returns. One that must be given an argument gets the step's id."""
    return fn(id_) if _wants_argument(fn) else fn()


def _wants_argument(fn: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except ValueError:  # some built-in functions do not tell
        return False
    return any(parameter.default is parameter.empty and parameter.kind in _POSITIONAL for parameter in parameters)


# What a tool says goes on record, where it must be readable again: it is checked here, so that the line at fault is the
# tool's own. Annotations do not keep anybody from passing an order's number as a key.


def _step(name: str, key: str, effect: EffectClass) -> BeginStep:
    if effect not in _EFFECT_CLASSES:
        raise _wrong(f"step {name!r}: effect={effect!r} is unknown: {', '.join(_EFFECT_CLASSES)}")
    return BeginStep(_text(name, "the name of a step"), _text(key, f"the key of step {name!r}"), effect)


def _asked(text: str, choices: Sequence[str], form: JsonSchema | None, key: str) -> AskPerson:
    if isinstance(choices, str):
        raise _wrong(f"the choices of the question {text!r} are one text: give a list of texts")
    if bool(choices) == (form is not None):
        raise _wrong(f"the question {text!r} needs either choices or a form")
    checked = tuple(_text(choice, f"a choice of the question {text!r}") for choice in choices)
    if len(set(checked)) < len(checked) or "" in checked:
        raise _wrong(f"the choices of the question {text!r} must be different, and none of them empty")
    question = Question(_text(text, "a question"), checked, None if form is None else _form(form, text))
    return AskPerson(question, _text(key, f"the key of the question {text!r}"))


def _form(form: object, text: str) -> Value:
    try:
        return compile_schema(canonical(form, where="the form")).source
    except ValueError as problem:
        raise _wrong(f"the form of the question {text!r} cannot be used: {problem}") from None


def _progress(fraction: object, text: object) -> Progress:
    if fraction is not None and (not isinstance(fraction, int | float) or not math.isfinite(fraction)):
        raise _wrong(f"the progress {fraction!r} is no number between 0 and 1")
    return Progress(None if fraction is None else float(fraction), _text(text, "the text of a progress"))


def _text(text: object, what: str) -> str:
    if not isinstance(text, str):
        raise _wrong(f"{what} is {text!r}: give a text")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise _wrong(f"{what} has {len(text):,} characters, more than {TEXT_CHARACTERS_MAX:,}: put it into a result")
    return canonical(text, where=what)


def _wrong(message: str) -> ToolFailed:
    """A fault in the tool's code: it would be made again at each try."""
    return ToolFailed(message, kind="invalid", retryable=False)
