"""What a webhook makes of a request: inputs of a graph, or an event, by expressions over its body and headers. Pure.

Expressions are compiled once, when the webhook is declared, so that a mistake in one is found by who wrote it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, cast

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.canonical import DEPTH_MAX, canonical
from interlock.core.compiling.names import wrong_event_name
from interlock.core.expressions import Environment, EvaluationError, Expression, ExpressionProblem, Hole, split_text
from interlock.core.values import Value, ValueProblem
from interlock.webhooks.errors import WebhookDeclaredError, WebhookUnmappedError
from interlock.webhooks.received import Received

ID_CHARACTERS_MAX: Final = 300
_NAMES: Final = {"body": None, "headers": {"type": "object"}}


class Written(Struct, frozen=True, kw_only=True):
    """What a webhook says of its deliveries, as it was written."""

    id: str
    when: str | None = None
    inputs: dict[str, Any] = {}
    event: str | None = None
    data: Any = None
    run: str | None = None


class Meant(Struct, frozen=True, kw_only=True):
    """What a request comes to."""

    id: str
    """What its delivery is told apart by."""
    inputs: Value = None
    """Of a graph."""
    data: Value = None
    """Of an event."""
    run: str = ""
    """The run that the event is for; nothing: it is offered to triggers."""


class Mapping:
    """The expressions of one webhook. Raises `WebhookDeclaredError` where one cannot be read."""

    def __init__(self, name: str, written: Written) -> None:
        self._name = name
        self._environment = Environment(_NAMES)
        if written.event is not None and (wrong := wrong_event_name(written.event)) is not None:
            raise WebhookDeclaredError(f"`event`: {wrong[0]}; {wrong[1]}")
        self._when = None if written.when is None else self._condition(written.when, "when")
        self._inputs = self._template(written.inputs, "inputs")
        self._data = self._template(written.data, "data")
        self._run = self._template(written.run, "run")
        self._id = self._template(written.id, "id")

    def meant(self, request: Received) -> Meant | None:
        """What a request comes to; None if it is none of those that are wanted. Raises `WebhookUnmappedError`."""
        try:
            seen = canonical(request.seen(), where="the request")
            if self._when is not None and not self._when.holds(seen):
                return None
            return Meant(
                id=_text(_filled(self._id, seen), "id") or hashlib.sha256(request.body).hexdigest(),
                inputs=canonical(_filled(self._inputs, seen), where="the inputs"),
                data=canonical(_filled(self._data, seen), where="the data"),
                run=_text(_filled(self._run, seen), "run"),
            )
        except (EvaluationError, ValueProblem) as problem:
            raise WebhookUnmappedError(self._name, str(problem)) from problem

    # --- reading what was declared ---

    def _template(self, written: object, place: str, depth: int = 0) -> p.Template:
        if depth > DEPTH_MAX:
            raise WebhookDeclaredError(f"`{place}` is nested deeper than {DEPTH_MAX} levels")
        match written:
            case str():
                return self._text_template(written, place)
            case dict():
                items = cast("dict[str, Any]", written).items()
                return p.MapOf(tuple((key, self._template(each, f"{place}.{key}", depth + 1)) for key, each in items))
            case list():
                inner = enumerate(cast("list[Any]", written))
                return p.ListOf(tuple(self._template(each, f"{place}[{at}]", depth + 1) for at, each in inner))
            case _:
                return p.Constant(written)

    def _text_template(self, written: str, place: str) -> p.Template:
        try:
            pieces = split_text(written)
            if len(pieces) == 1 and isinstance(pieces[0], Hole):
                return p.Computed(self._environment.compile(pieces[0].source))
            parts = (self._environment.compile(each.source) if isinstance(each, Hole) else each.text for each in pieces)
            return p.Text(tuple(parts))
        except ExpressionProblem as problem:
            raise _unreadable(place, problem) from problem

    def _condition(self, written: str, place: str) -> Expression:
        found = self._template(written, place)
        if not isinstance(found, p.Computed):
            raise WebhookDeclaredError(f"`{place}` is one expression in ${{…}}, such as `${{body.action == 'opened'}}`")
        return found.expression


def _filled(template: p.Template, seen: dict[str, Any]) -> Value:
    match template:
        case p.Constant(value=value):
            return value
        case p.Computed(expression=expression):
            return expression.evaluate(seen)
        case p.Text(parts=parts):
            return "".join(part if isinstance(part, str) else _in_text(part.evaluate(seen)) for part in parts)
        case p.MapOf(items=items):
            return {key: _filled(each, seen) for key, each in items}
        case p.ListOf(items=items):
            return [_filled(each, seen) for each in items]
        case _:
            raise AssertionError("no webhook is declared with such a template")


def _in_text(value: Value) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            raise EvaluationError("only text, numbers, true and false can stand within a text")


def _text(value: Value, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise EvaluationError(f"`{place}` has to come to text or a whole number")
    if len(str(value)) > ID_CHARACTERS_MAX:
        raise EvaluationError(f"`{place}` comes to more than {ID_CHARACTERS_MAX} characters")
    return str(value)


def _unreadable(place: str, problem: ExpressionProblem) -> WebhookDeclaredError:
    advice = f"; {problem.advice}" if problem.advice else ""
    return WebhookDeclaredError(f"`{place}`: {problem.message}{advice}")
