"""What a person can do next about a run, as command lines that can be copied."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from interlock.core.values import Value, is_map
from interlock.engine.telling.history import RunView
from interlock.engine.waits import Wait
from interlock.store.places import place_to_copy

STORE_VARIABLE: Final = "INTERLOCK_STORE"

_EXAMPLES: Final[dict[str, Any]] = {
    "string": "…",
    "integer": 0,
    "number": 0,
    "boolean": True,
    "array": [],
    "object": {},
}


_MEANS: Final = {
    ("approval", "approve"): "allow the call",
    ("approval", "deny"): "do not allow it",
    ("budget", "raise"): "grant as much again",
    ("budget", "stop"): "grant no more",
}
"""What the choices mean that the engine itself puts to people."""


class NextStep(Struct, frozen=True):
    """One thing that can be done, and how."""

    what: str
    command: str


def next_steps(view: RunView, *, store: str | None) -> list[NextStep]:
    """What can be done about the run as it stands, the most useful first. One event may be waited for by many."""
    return list(dict.fromkeys(_steps(view, store)))


def command_line(*words: str, store: str | None) -> str:
    """These words as a line for the shell, with the store if one was named that the environment does not name."""
    return shlex.join(["interlock", *words, *_where(store)])


def password_left_out(store: str | None) -> bool:
    """Whether a line for the shell works only once the password that it leaves out is given in another way."""
    where = _where(store)
    return bool(where) and store not in where


def _where(store: str | None) -> list[str]:
    if store is None or store == os.environ.get(STORE_VARIABLE):
        return []
    return ["--store", place_to_copy(store)]


def _steps(view: RunView, store: str | None) -> Iterator[NextStep]:
    run = view.run
    if view.status == "paused":
        yield NextStep("go on", command_line("resume", run, store=store))
    if view.status == "waiting" and "cancelling" in view.flags:
        yield NextStep("carry out the cancel", command_line("resume", run, store=store))
    waits = _still_asked(view)
    for wait in waits:
        yield from ways_to_end(wait, run, store=store)
    match view.status:
        case "failed":
            yield NextStep("go on where it failed, as a new run", command_line("retry", run, store=store))
            yield NextStep("see why", command_line("inspect", run, *_failed_path(view), store=store))
        case "cancelled":
            yield NextStep("go on where it stopped, as a new run", command_line("retry", run, store=store))
        case "running" | "compensating":
            yield NextStep("drive it on from here, if nobody does", command_line("resume", run, store=store))
        case "waiting" if any(wait.due is not None for wait in waits):
            yield NextStep("let its deadlines count", command_line("resume", run, store=store))
        case _:
            pass


def _still_asked(view: RunView) -> list[Wait]:
    """What is waited for. A cancel that is on record withdraws all but the effects of which nobody knows."""
    return [wait for wait in view.waits if wait.reason == "reconcile" or "cancelling" not in view.flags]


def ways_to_end(wait: Wait, run: str, *, store: str | None) -> Iterator[NextStep]:
    """What a person can say to end a wait."""
    for what, words in _words(run, wait):
        yield NextStep(what, command_line(*words, store=store))


def _failed_path(view: RunView) -> list[str]:
    return [view.error.path] if view.error and view.error.path else []


def _words(run: str, wait: Wait) -> Iterator[tuple[str, list[str]]]:
    at = f"{run}:{wait.path}"
    match wait.reason:
        case "person" | "approval" | "budget" if wait.question is not None and wait.question.choices:
            for choice in wait.question.choices:
                yield _MEANS.get((wait.reason, choice), f"answer {choice}"), ["answer", at, "--choose", choice]
        case "person":
            form = wait.question.form if wait.question else None
            yield "answer with the form", ["answer", at, "--form", json.dumps(example_of(form), ensure_ascii=False)]
        case "hold":
            for verdict in ("promote", "block", "rollback"):
                yield f"{verdict} the gate", ["verdict", at, f"--{verdict}"]
        case "failure":
            for act in ("retry", "skip", "fail"):
                yield f"{act} the node", ["remedy", at, f"--{act}"]
            yield "try with another input", ["remedy", at, "--edit", "{…}"]
        case "reconcile":
            yield "it was done", ["settle", run, wait.effect, "--done", "null", "--why", "…"]
            yield "it was not done", ["settle", run, wait.effect, "--not-done", "--why", "…"]
        case "event":
            data = json.dumps(wait.match if is_map(wait.match) else {}, ensure_ascii=False)
            yield "send the event it waits for", ["send", run, wait.event, "--data", data]
        case "time" | "retry" | "approval" | "budget":
            return


def example_of(schema: Value) -> Value:
    """A filled form that shows what a JSON Schema wants: its defaults, its first options, or a word for each type."""
    if not is_map(schema):
        return {}
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    if is_map(schema.get("properties")):
        return {name: example_of(inner) for name, inner in schema["properties"].items()}
    return _EXAMPLES.get(str(schema.get("type")), {})
