"""One log, one state, one next decision: anywhere, and from the middle (rules 41 and 43 to 47)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from interlock.core.events import NodeSucceeded
from interlock.core.evolve import evolve
from interlock.core.settle import unpacked
from interlock.core.state import RunState, copy_state, decode_state, encode_state
from interlock.core.verify import Divergence, Verification
from tests.stories.story import Story

ROOT = Path(__file__).parent.parent.parent

MANY = """
on_failure: rollback
nodes:
  z: {tool: pay, undo: {tool: unpay}}
  y: {tool: work, after: z}
  g: {each: [1, 2, 3], do: {tool: pay, undo: {tool: unpay}, input: {item: "${item}", y: "${y}"}}}
  w: {wait: {event: go, match: {k: 1, a: 2}}}
  x: {human: "Go?", choices: [go, stop], after: [g, w], join: any}
  b: {tool: work, after: {x: {when: '${x.choice == "go"}'}}}
"""


def told_to_the_end() -> Story:
    """A run with a bit of everything."""
    run = Story(MANY).starts().does("z", 1).sends("go", {"k": 1, "a": 2, "other": 3}).does("y", {"b": 1, "a": 2})
    run.does("g:1").does("g:0").does("g:2").answers("x", "go").fails("b")
    return run.undoes("g:2").undoes("g:0").undoes("g:1").undoes("z")


def test_a_log_gives_the_same_state_wherever_it_is_read_from_the_middle() -> None:
    """Rule 44 and rule 1 of the design: a snapshot anywhere in the log, and the rest of the log, are the whole log."""
    run = told_to_the_end()

    assert {encode_state(_by_way_of_a_snapshot(run, seq)) for seq in range(len(run.log))} == {encode_state(run.state)}


def _by_way_of_a_snapshot(run: Story, seq: int) -> RunState:
    state = RunState("run")
    for event in run.log:
        state = evolve(run.plan, state, event)
        state = decode_state(encode_state(state)) if event.seq == seq else state
    return state


def test_a_copy_of_a_state_is_left_alone_by_what_happens_to_the_original() -> None:
    """`evolve` consumes its argument: whoever wants to keep a state copies it."""
    run = Story(MANY).starts()
    before = copy_state(run.state)
    kept = encode_state(before)

    run.does("z", 1)

    assert encode_state(before) == kept
    assert encode_state(run.state) != kept


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_no_order_of_hashes_shows_in_a_log(seed: str) -> None:
    """Rule 44: an order bug is invisible inside one process, so each seed has one of its own."""
    program = (
        "from tests.stories.test_determinism import told_to_the_end\n"
        "from interlock.core.state import encode_state\n"
        "import hashlib\n"
        "run = told_to_the_end()\n"
        "print(hashlib.sha256(encode_state(run.state)).hexdigest(), repr(run.told()))\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert repr(told_to_the_end().told()) in told.stdout


def test_a_log_in_which_a_decision_is_another_is_found_at_that_event() -> None:
    """Rule 47: after each outside event a log goes on with exactly what `decide` says, byte for byte."""
    run = Story("nodes: {a: {tool: work}, b: {value: '${a + 1}'}}").starts().does("a", 1)
    log = [event if event.path != "b" else replace(event, body=NodeSucceeded(3)) for event in run.log]

    found = Verification(run.plan, RunState("run"), log, unpacked).go_on({})

    assert isinstance(found, Divergence)
    assert found.seq == 4


def test_stops_come_before_all_that_was_open() -> None:
    """Rule 45: a start and a stop never meet in one batch with the start going first."""
    run = Story("nodes: {g: {gate: '${1 > 2}'}, a: {tool: work}, b: {tool: work}}").starts()

    assert run.told() == ["run.started", "node.failed g", "scope.stopping", "run.ended"]


def test_a_run_ends_exactly_once_and_nothing_follows_but_what_is_refused() -> None:
    """Rule 41: all has settled, or nothing lives."""
    run = told_to_the_end()

    assert run.paths("run.ended") == [""]
    assert run.log[-1].type == "run.ended"


def test_a_graph_whose_nodes_all_compute_ends_in_one_step() -> None:
    """Rule 22: pure kinds are decided and settled in the same step; nobody waits for a worker."""
    run = Story("""
    nodes:
      a: {value: 1}
      b: {choose: [{label: x, when: "${a > 0}"}, {label: y}]}
      c: {gate: "${a == 1}", after: {b: {on: x}}}
      d: {fuse: merge, from: [e]}
      e: {value: {k: 1}}
    """).starts()

    assert run.told() == [
        "run.started",
        "node.succeeded a",
        "node.succeeded e",
        "node.succeeded b",
        "node.succeeded d",
        "node.succeeded c",
        "run.ended",
    ]


def test_a_leaf_costs_two_events() -> None:
    """Rule 45 and what follows it: a done result *is* the success; plain edges ride along."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work, after: a}}").starts().does("a").does("b")

    assert len(run.log) == 2 + 2 * 2


def test_the_mode_moves_by_a_recorded_event_and_what_has_started_keeps_its_own() -> None:
    """Rule 43: a log that is read again sees the same mode at the same place."""
    run = Story("""
    nodes:
      a: {tool: work, input: {mode: "${run.mode}"}}
      b: {tool: work, input: {mode: "${run.mode}"}, after: a}
    """).starts()

    run.moves_to("minimal").does("a")

    assert (run.given("a"), run.given("b")) == ({"mode": "normal"}, {"mode": "minimal"})
    assert run.last("run.mode").mode == "minimal"


def test_time_never_runs_backwards_in_a_run() -> None:
    """Rule 31: the core has no clock; a worker whose clock is behind cannot make a log go back."""
    run = Story("nodes: {a: {tool: work}, b: {value: '${now}', after: a}}").starts()

    run.waits_for(60).moves_to("degraded").waits_for(-3600).does("a")

    assert run.outputs == {"b": "1970-01-01T00:01:01Z"}
