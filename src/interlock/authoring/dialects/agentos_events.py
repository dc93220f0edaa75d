"""The types of events on which AgentOS edges fire, and how a node here comes to emit one.

There the engine emitted them by the name of the agent that had run. Here a node emits what it says itself: the text
`event` or the texts `events` of its output, and its labels. What an output shows plainly need not be said besides:

    tests_passed, tests_failed        `passed` or `succeeded` is true, is false
    security_ok, security_failed      `ok` is true, is false; or `high`, a count of findings, is 0, is more
    plan_ready                        there is a `plan`, or `steps`
    patch_created, patch_selected     there is a `patch`
    test_updated                      there are `tests`
    release_complete                  there is a `version`
    node_done, context_compiled       the node succeeded
    error                             the node failed

Events of the run (`run_started`, `run_failed`) come of no node. Who emits `run_completed` says that nothing has to
follow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from interlock.authoring.dialects.callees import Callee
from interlock.authoring.dialects.handing import Giver, is_closed, quoted

DONE: Final = frozenset({"node_done", "context_compiled"})
"""What every node emits that succeeds."""
SUCCEEDED: Final = "node_done"
"""What an edge waits for that names no type."""
FAILED: Final = "error"
ENDS_WELL: Final = "run_completed"
OF_THE_RUN: Final = frozenset({"run_started", "run_failed", ENDS_WELL})
"""What no edge can wait for."""
BAD: Final = "_failed"
"""How types end that must not be passed over: one that no edge waits for fails the run."""

_Shown: TypeAlias = tuple[str, Callable[[str], str]]
"""A field of an output, and the condition on it, given the field as an optional value."""


def _is(answer: str) -> Callable[[str], str]:
    return lambda field: f"{field}.orValue(null) == {answer}"


def _is_there(field: str) -> str:
    return f"{field}.hasValue()"


_SHOWN: Final[Mapping[str, tuple[_Shown, ...]]] = MappingProxyType(
    {
        "tests_passed": (("passed", _is("true")), ("succeeded", _is("true"))),
        "tests_failed": (("passed", _is("false")), ("succeeded", _is("false"))),
        "security_ok": (("ok", _is("true")), ("high", _is("0"))),
        "security_failed": (("ok", _is("false")), ("high", lambda field: f"{field}.orValue(0) > 0")),
        "plan_ready": (("plan", _is_there), ("steps", _is_there)),
        "patch_created": (("patch", _is_there),),
        "patch_selected": (("patch", _is_there),),
        "test_updated": (("tests", _is_there),),
        "release_complete": (("version", _is_there),),
    }
)
SHOWN_BY_FIELDS: Final = {kind: tuple(field for field, _ in shown) for kind, shown in _SHOWN.items()}
FAILED_CHECKS: Final = tuple(kind for kind in _SHOWN if kind.endswith(BAD))
_CHECK_OF: Final = {"tests_passed": "tests_failed", "security_ok": "security_failed"}
OUTPUT: Final = "output"
"""What an output is called inside an expression, where it has to be looked at as a map."""
EMITTED: Final = "it"
"""What one emitted type is called inside an expression. No node can be called so."""


def may_emit(callee: Callee, kind: str) -> bool:
    """Whether a node of it can ever emit a type, as far as its contract tells."""
    output = Giver("", callee.output)
    fields = ("event", "events", *SHOWN_BY_FIELDS.get(kind, ()))
    return kind in {*DONE, FAILED, *callee.labels} or any(map(output.may_have, fields))


def may_fail_a_check(callee: Callee) -> bool:
    """Whether a node of it can emit a type that must not be passed over."""
    is_said = any(label.endswith(BAD) for label in callee.labels)
    return is_said or any(may_emit(callee, kind) for kind in (*FAILED_CHECKS, BAD))


def emitted(node: str, callee: Callee, wanted: Collection[str]) -> str:
    """An expression: the list of the types that a node has emitted, of those shown by fields only what matters.

    `wanted` are the types that edges wait for; failed checks matter besides.
    """
    output = Giver(node, callee.output)
    read = output if output.is_map else Giver(OUTPUT, {"type": "object"})
    shown = [part for kind in _kinds_to_look_for(output, wanted) if (part := _shown(read, kind)) is not None]
    said = [*_said(read), *shown] if output.may_be_map else []
    if said and read is not output:
        said = [f"[{output.as_map()}].map({OUTPUT}, {' + '.join(said)})[0]"]
    labels = [f"nodes.{node}.labels"] if callee.labels else []
    return " + ".join([*labels, *said, *_ended(node, wanted)]) or "[]"


def _kinds_to_look_for(output: Giver, wanted: Collection[str]) -> list[str]:
    """Those that are wanted, and failed checks: where nothing is known of the output, those beside a wanted one."""
    is_known = is_closed(output.declared)
    checks = {_CHECK_OF[kind] for kind in wanted if kind in _CHECK_OF}
    return [
        kind
        for kind in _SHOWN
        if kind in wanted or (kind in FAILED_CHECKS and (is_known or not wanted or kind in checks))
    ]


def some_is(types: str, kinds: Iterable[str]) -> str:
    """The condition that one of the emitted types is one of these."""
    return f"{types}.exists({EMITTED}, {_is_one_of(kinds)})"


def some_is_bad(types: str, taken: Collection[str]) -> str:
    """The condition that one of the emitted types must not be passed over, and nobody takes care of it."""
    is_taken = f" && !({_is_one_of(taken)})" if taken else ""
    return f"{types}.exists({EMITTED}, type({EMITTED}) == string && {EMITTED}.endsWith({quoted(BAD)}){is_taken})"


def _is_one_of(kinds: Iterable[str]) -> str:
    return f"{EMITTED} in [{', '.join(map(quoted, kinds))}]"


def _ended(node: str, wanted: Collection[str]) -> list[str]:
    """How the node ended; where nobody waits for its failure, it has succeeded."""
    done = [quoted(kind) for kind in sorted(DONE.intersection(wanted))]
    if FAILED not in wanted:
        return [f"[{', '.join(done)}]"] if done else []
    return [f"(nodes.{node}.outcome == 'failed' ? [{quoted(FAILED)}] : [{', '.join(done)}])"]


def _said(output: Giver) -> list[str]:
    several, one = output.field("events"), output.field("event")
    return [
        *([] if several is None else [f"{several}.orValue([])"]),
        *([] if one is None else [f"[?{one}]"]),
    ]


def _shown(output: Giver, kind: str) -> str | None:
    """The list of one type, if the output shows it; None if it never does."""
    conditions = [condition(value) for field, condition in _SHOWN[kind] if (value := output.field(field)) is not None]
    return f"({' || '.join(conditions)} ? [{quoted(kind)}] : [])" if conditions else None
