"""The tables of lifecycles are walked: every move in them happens in a story, and no other ever does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interlock.core import events as e
from interlock.core.evolve import evolve
from interlock.core.lifecycle import NODE_LIFECYCLE, RUN_ENDED, RUN_LIFECYCLE, NodeStatus
from interlock.core.paths import node_at
from interlock.core.state import RunState, node_status, status_of
from tests.stories.story import Story

Tell = Callable[[], Story]

NODE_STORIES: dict[str, Tell] = {
    "a tool, once": lambda: Story("nodes: {a: {tool: work}}").starts().does("a"),
    "a tool, twice": lambda: (
        Story("nodes: {a: {tool: work, retry: {attempts: 2, backoff: 1s}}}").starts().fails("a").waits_for(1).does("a")
    ),
    "a tool that fails": lambda: Story("nodes: {a: {tool: work}}").starts().fails("a"),
    "a tool that is cancelled": lambda: Story("nodes: {a: {tool: work}}").starts().cancels().does("a"),
    "an effect nobody knows of": lambda: Story("nodes: {a: {tool: pay}}").starts().is_lost("a").settles("a", "done"),
    "an effect that was not done": lambda: (
        Story("nodes: {a: {tool: pay}}").starts().is_lost("a").settles("a", "not_done").does("a")
    ),
    "what computes": lambda: Story("nodes: {a: {value: 1}, b: {value: '${a.x}'}}").starts(),
    "what is not needed": lambda: Story("nodes: {a: {value: 1, when: '${1 > 2}'}}").starts(),
    "a person who answers": lambda: Story("nodes: {a: {human: 'Go?', choices: [go]}}").starts().answers("a", "go"),
    "a person who is not asked any more": lambda: Story("nodes: {a: {wait: 1h}}").starts().cancels(),
    "a person who is too late": lambda: (
        Story("nodes: {a: {human: 'Go?', choices: [go], timeout: 1h}}").starts().waits_for(3600)
    ),
    "a block": lambda: Story("nodes: {a: {graph: {nodes: {b: {value: 1}}}}}").starts(),
    "a block that fails": lambda: Story("nodes: {a: {graph: {nodes: {b: {value: '${1 / 0}'}}}}}").starts(),
    "a failure that is held and let be": lambda: (
        Story("on_failure: hold\nnodes: {a: {tool: work}}").starts().fails("a").remedies("a", "skip")
    ),
    "a question that is held": lambda: (
        Story("on_failure: hold\nnodes: {a: {human: 'Go?', choices: [go], timeout: 1h}}")
        .starts()
        .waits_for(3600)
        .remedies("a", "fail")
    ),
    "an each that is held and tried again": lambda: (
        Story("on_failure: hold\nnodes: {a: {each: '${run.mode == \"normal\" ? dyn(7) : dyn([7])}', do: {value: 1}}}")
        .starts()
        .moves_to("degraded")
        .remedies("a", "retry")
    ),
}


def moves_of_nodes(run: Story) -> set[tuple[NodeStatus, str]]:
    """Which nodes moved in a run, from where, by what: read from its log."""
    found: set[tuple[NodeStatus, str]] = set()
    state = RunState("run")
    for event in run.log:
        before = _status_at(run, state, event.path)
        state = evolve(run.plan, state, event)
        after = _status_at(run, state, event.path)
        has_moved = before != after or isinstance(event.body, e.NodeWaiting | e.NodeRetrying)
        if before is not None and after is not None and has_moved:
            found.add((before, event.type))
    return found


def _status_at(run: Story, state: RunState, path: str) -> NodeStatus | None:
    found = node_at(run.plan, state, path)
    return None if found is None else node_status(found[0], found[1].index)


def test_every_move_of_a_node_that_the_table_allows_happens_and_no_other() -> None:
    """A row that nothing reaches would be a claim about a behaviour that does not exist."""
    assert set().union(*(moves_of_nodes(tell()) for tell in NODE_STORIES.values())) == set(NODE_LIFECYCLE)


@pytest.mark.parametrize("status", [status for status in NodeStatus if status >= NodeStatus.SUCCEEDED])
def test_a_node_that_has_ended_never_moves_again(status: NodeStatus) -> None:
    """Rule 2 of the design: a node instance ends exactly once."""
    assert [move for move in NODE_LIFECYCLE if move[0] == status] == []


ROLLBACK = "on_failure: rollback\nnodes: {a: {tool: pay, undo: {tool: unpay}}, b: {NODE, after: a}}\n"
FINALLY = "finally: {c: {tool: work}}\n"

RUN_STORIES: dict[str, Tell] = {
    "succeeds": lambda: Story("nodes: {a: {tool: work}}").starts().does("a"),
    "rests, and is cancelled": lambda: Story("nodes: {a: {wait: 1h}}").starts().cancels(),
    "is paused and goes on": lambda: Story("nodes: {a: {tool: work}}").starts().pauses().resumes().does("a"),
    "is paused while it rests, and cancelled": lambda: Story("nodes: {a: {wait: 1h}}").starts().pauses().cancels(),
    "takes back, with a pause": lambda: (
        Story(ROLLBACK.replace("NODE", "tool: work")).starts().does("a").fails("b").pauses().resumes().undoes("a")
    ),
    "takes back what a person was asked about": lambda: (
        Story(ROLLBACK.replace("NODE", "wait: {event: never}, timeout: 1h"))
        .starts()
        .does("a")
        .waits_for(3600)
        .undoes("a", "failed")
    ),
    "takes back, and then does what is done in any case": lambda: (
        Story(ROLLBACK.replace("NODE", "tool: work") + FINALLY)
        .starts()
        .does("a")
        .fails("b")
        .undoes("a")
        .does("finally/c")
    ),
    "goes on when a part of it has taken itself back": lambda: (
        Story(
            "nodes: {s: {graph: sub, on_error: continue}, n: {tool: work, after: s}}",
            graphs={"sub": "graph: sub\n" + ROLLBACK.replace("NODE", "tool: work")},
        )
        .starts()
        .does("s/a")
        .fails("s/b")
        .undoes("s/a")
        .does("n")
    ),
}


def rows_walked(run: Story) -> set[tuple[str, str]]:
    """The rows of the table by which a run got from each status to the next; fails where it got elsewhere."""
    found: set[tuple[str, str]] = set()
    state = RunState("run")
    status: str = status_of(state)
    for event, follows in zip(run.log, [*run.log[1:], None], strict=True):
        state = evolve(run.plan, state, event)
        if (status, event.type) in RUN_LIFECYCLE and _is_move(status, event, state):
            found.add((status, event.type))
            status = _one_of(RUN_LIFECYCLE[status, event.type], status_of(state))
        if follows is None or not isinstance(follows.body, e.Decided):
            assert _alike(status, status_of(state)), f"{status} and not {status_of(state)} after {event.seq}"
            status = status_of(state)
    return found


def _is_move(status: str, event: e.Event, state: RunState) -> bool:
    """While something is being taken back, scopes of other branches end without moving the run."""
    is_of_a_scope = event.type in {"scope.opened", "scope.ended"}
    return not is_of_a_scope or state.compensating == 0


def _one_of(allowed: tuple[str, ...], status: str) -> str:
    return status if status in allowed else allowed[0]


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} == {"running", "waiting"}


def test_every_row_of_the_table_of_runs_happens_and_leads_where_it_says() -> None:
    """What people read in the drawing of the lifecycle is what happens."""
    assert set().union(*(rows_walked(tell()) for tell in RUN_STORIES.values())) == set(RUN_LIFECYCLE)


@pytest.mark.parametrize("status", sorted(RUN_ENDED))
def test_a_run_that_has_ended_never_moves_again(status: str) -> None:
    """Rule 42: an ended run is never re-opened."""
    assert [move for move in RUN_LIFECYCLE if move[0] == status] == []
