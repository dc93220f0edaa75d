"""The events of a run as AgentOS told them: `plan_ready`, `patch_created`, `node_done` and their like.

A pure function of the log: each event of ours is taken in its order, and comes to none, one or several of theirs. A
step is a node of the graph itself; what happens inside one is told of it. An output shows the types by its fields, as
it does to the edges of AgentOS graphs (`authoring.dialects.agentos_events`), and may say others itself as `event` or
`events`. What they had no type for is not told here: the log of ours has all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from interlock.core import events as e
from interlock.core.paths import UNDO_SUFFIX, node_of_step
from interlock.core.plan import Node, Plan
from interlock.core.values import Value, is_list, is_map
from interlock.showing.instants import instant
from interlock.store.sealing import Header
from interlock.wire.agentos import AgentOsEvent

ERASED: Final = "erased"
TYPE_LENGTH_MAX: Final = 100
TYPES_SAID_MAX: Final = 20
"""How many types an output may say, and of which length."""
_CHECKS: Final = (("tests", ("succeeded", "passed"), "passed"), ("security", ("ok",), "ok"))
"""Checks: how their types begin, the fields that tell how it went, and how the type of a good end ends."""


class AgentOsEventsTold:
    """Takes the events of a run from its first on, and tells each in the words of AgentOS."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._run = run
        self._nodes = {node.name: node for node in plan.root.nodes}
        self._shown_inside: dict[str, dict[str, None]] = {}
        self._simulated: set[str] = set()

    def told(self, kept: e.Event | Header) -> Iterator[AgentOsEvent]:
        """What one more event comes to, the next of the log. Of what was erased it is told that it was."""
        for kind, data in self._matters(kept) if isinstance(kept, e.Event) else ((ERASED, {}),):
            yield AgentOsEvent(
                run_id=self._run,
                seq=kept.seq,
                step=_step_of(kept.path),
                type=kind,
                ts=instant(kept.at),
                data=data,
            )

    def _matters(self, event: e.Event) -> Iterator[tuple[str, dict[str, Value]]]:
        match event.body:
            case e.RunStarted() as body:
                yield "run_started", _started(body)
            case e.RunEnded(outcome=outcome) if outcome.status == "succeeded":
                yield "run_completed", {"outputs": outcome.out}
            case e.RunEnded(outcome=outcome):
                yield "run_failed", {"status": outcome.status, **_error(outcome.error)}
            case _ if self._is_about_a_node(event.path):
                yield from self._of_node(event)
            case _:
                pass

    def _is_about_a_node(self, path: str) -> bool:
        return _step_of(path) in self._nodes and not node_of_step(path).endswith(UNDO_SUFFIX)

    def _of_node(self, event: e.Event) -> Iterator[tuple[str, dict[str, Value]]]:
        match event.body:
            case e.EffectIntended(kind="model") as body:
                yield "context_compiled", _compiled(event, body)
            case e.EffectDone(simulated=True) | e.EffectFailed(simulated=True):
                self._simulated.add(_step_of(event.path))
            case e.ResultAdopted() as body:
                yield from self._ended_well(event, body.out, body.labels, {"adopted_from": body.parent_seq})
            case e.NodeResult(status="done") as body:
                if body.simulated:
                    self._simulated.add(_step_of(event.path))
                yield from self._ended_well(event, body.out, body.labels, self._mark(event))
            case e.NodeSucceeded(adopted=0) as body:
                yield from self._ended_well(event, body.out, body.labels, self._mark(event))
            case e.NodeFailed() as body if event.path in self._nodes:
                yield "error", _error(body.error)
            case _:
                pass

    def _mark(self, event: e.Event) -> dict[str, Value]:
        return {"simulated": _step_of(event.path) in self._simulated}

    def _ended_well(
        self, event: e.Event, out: Value, labels: tuple[str, ...], more: Mapping[str, Value]
    ) -> Iterator[tuple[str, dict[str, Value]]]:
        """A node that is done. Of one inside another it is noted what it shows: it is told when that one is done."""
        step = _step_of(event.path)
        shown = dict.fromkeys(_shown(self._nodes[step], out))
        if event.path != step:
            self._shown_inside.setdefault(step, {}).update(shown)
            return
        for kind in {**self._shown_inside.pop(step, {}), **shown}:
            yield kind, {"output": out}
        yield "node_done", {"output": out, "labels": list(labels), **more}


def _step_of(path: str) -> str:
    """The node of the graph itself that a path is in: `refine` of `refine:2/draft.3`."""
    return node_of_step(path.partition("/")[0]).partition(":")[0]


def _started(body: e.RunStarted) -> dict[str, Value]:
    data: dict[str, Value] = {"graph": body.graph, "inputs": body.inputs}
    return data | ({"parent_run": body.parent} if body.parent else {})


def _error(error: e.Error | None) -> dict[str, Value]:
    return {} if error is None else {"error": error.message, "kind": error.kind, "where": error.path}


def _compiled(event: e.Event, body: e.EffectIntended) -> dict[str, Value]:
    manifest: Mapping[str, Any] = body.manifest if is_map(body.manifest) else {}
    return {
        "manifest": {
            "sections": manifest.get("sections", []),
            "total": manifest.get("tokens", 0),
            "budget": manifest.get("budget", 0),
            "drops": manifest.get("left_out", []),
        },
        "model": body.name,
        "node": node_of_step(event.path),
    }


# --- what an output shows ---------------------------------------------------------------------------------------------


def _shown(node: Node, out: Value) -> Iterator[str]:
    """The types that an output shows, or says itself."""
    if not is_map(out):
        return
    if out.get("plan") or (is_list(out.get("steps")) and out["steps"]):
        yield "plan_ready"
    if "patch" in out:
        yield "patch_selected" if node.kind == "fuse" else "patch_created"
    if out.get("tests"):
        yield "test_updated"
    for check, fields, good in _CHECKS:
        went = next((out[field] for field in fields if isinstance(out.get(field), bool)), None)
        if went is not None:
            yield f"{check}_{good if went else 'failed'}"
    if isinstance(out.get("high"), int):
        yield "security_failed" if out["high"] else "security_ok"
    if isinstance(out.get("version"), str) and out["version"]:
        yield "release_complete"
    yield from _said(out)


def _said(out: Mapping[str, Any]) -> Iterator[str]:
    events = out.get("events")
    said = [out.get("event"), *(events[:TYPES_SAID_MAX] if is_list(events) else ())]
    for kind in said:
        if isinstance(kind, str) and 0 < len(kind) <= TYPE_LENGTH_MAX:
            yield kind
