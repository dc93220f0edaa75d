"""A fork takes another course from some node on: what does not depend on that is taken over (rule 42)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from interlock.core import requests as r
from interlock.core.bundle import read_bundle
from interlock.core.continuing.definitions import definitions
from interlock.core.continuing.forking import Fork, ForkRefused, Repeat, edit_of, plan_fork
from tests.stories.graphs import bundled
from tests.stories.story import Story

CHAIN = """
inputs: {n: integer, name: {type: string, default: Ada}}
nodes:
  a: {tool: work, input: {n: "${inputs.n}"}}
  b: {tool: pay, input: {a: "${a}"}}
  c: {tool: work, input: {b: "${b}"}}
  other: {tool: work, input: {name: "${inputs.name}"}}
"""


def ended() -> Story:
    """A run of the chain that has ended."""
    run = Story(CHAIN).starts(n=1, name="Ada")
    return run.does("a", {"x": 1, "y": 2}).does("other", "o").does("b", 2).does("c", 3)


def forked(parent: Story, start: str, edits: Mapping[str, Any] | None = None) -> Fork:
    """What a fork would be made of."""
    wanted = [edit_of(target, value) for target, value in (edits or {}).items()]
    return plan_fork(parent.plan, "run", parent.log, start=start, edits=wanted)


def made(parent: Story, fork: Fork) -> Story:
    """The fork itself."""
    start = r.StartRun(inputs=fork.inputs, kind="fork", parent="run", adopted=fork.adopted)
    return Story.of(parent.plan).receives(start)


def taken_over(fork: Fork) -> list[str]:
    """The paths whose results are taken over."""
    return [path for path, _ in fork.adopted]


def test_a_fork_runs_its_node_and_all_that_depends_on_it_and_takes_over_the_rest() -> None:
    """Whoever wants to know what another answer had led to pays for nothing before it."""
    first = ended()

    fork = forked(first, "b")
    second = made(first, fork)

    assert (taken_over(fork), fork.again) == (["a", "other"], ("b", "c"))
    assert second.in_flight == ["b"]
    assert second.does("b", 20).does("c", 30).outputs == {"c": 30, "other": "o"}


def test_the_parent_of_a_fork_may_have_succeeded_or_still_be_running() -> None:
    """A fork asks what else might have been: the parent stays as it is."""
    running = Story(CHAIN).starts(n=1, name="Ada").does("a", 1).does("other", "o")

    fork = forked(running, "other")

    assert (taken_over(fork), made(running, fork).in_flight) == (["a"], ["other", "b"])


def test_effects_that_would_be_made_again_are_named_before() -> None:
    """Nobody pays twice by having looked at what would happen."""
    first = ended()
    paid = first.last("node.started", "b").effect

    assert forked(first, "b").repeats == (Repeat("b", "pay", "once", paid),)
    assert forked(first, "c").repeats == ()


def test_a_call_that_is_known_not_to_have_been_made_is_no_repeat() -> None:
    """Only what took place, or may have, can be done twice."""
    first = Story(CHAIN).starts(n=1).does("a", 1).does("other").fails("b")

    assert forked(first, "b").repeats == ()


def test_questions_that_would_be_asked_anew_are_named_before() -> None:
    """The person who answered yesterday should not wonder."""
    first = Story('nodes: {a: {tool: work}, ask: {human: "${a}?", choices: [yes, no]}}').starts().does("a", 1)
    first.answers("ask", "yes")

    assert forked(first, "a").asked == ("ask",)


def test_a_result_is_set_and_what_depends_on_it_runs_again() -> None:
    """What if the model had answered otherwise?"""
    first = ended()

    fork = forked(first, "c", {"a.x": 7})
    second = made(first, fork)

    assert (dict(fork.adopted)["a"].out, fork.again) == ({"x": 7, "y": 2}, ("b", "c"))
    assert second.given("b") == {"a": {"x": 7, "y": 2}}


def test_an_input_is_set_and_what_looks_at_it_runs_again() -> None:
    """Else the fork would hold results of inputs that it never had."""
    first = ended()

    fork = forked(first, "c", {"inputs.name": "Bob"})

    assert (fork.inputs, fork.again) == ({"n": 1, "name": "Bob"}, ("other", "c"))
    assert taken_over(fork) == ["a", "b"]


@pytest.mark.parametrize(
    ("start", "edits", "told"),
    [
        ("bb", {}, "nothing has happened to bb in this run; did you mean b?"),
        ("b", {"c": 1}, "c runs again, so what it gave cannot be set: set what it depends on, or start behind it"),
        ("c", {".x": 1}, "'.x' names nothing: write `inputs` or the path of a node, and fields behind it"),
        ("c", {"aa": 1}, "there is no result of aa in this run; did you mean a?"),
        ("c", {"b.x": 1}, "b is no map, so its `x` cannot be set"),
        ("c", {"a.z.w": 1}, "a has no `z`, so nothing in it can be set"),
    ],
)
def test_a_fork_that_cannot_be_says_what_is_wrong(start: str, edits: dict[str, Any], told: str) -> None:
    """A slip of the pen must not start anything."""
    with pytest.raises(ForkRefused) as refused:
        forked(ended(), start, edits)

    assert str(refused.value) == told


def test_what_is_computed_is_not_set_but_what_it_is_computed_from() -> None:
    """It would come out as it was in the next moment."""
    first = Story('nodes: {a: {tool: work}, v: {value: "${a}"}, b: {tool: work, after: v}}').starts()
    first.does("a", 1).does("b", 2)

    with pytest.raises(ForkRefused, match="v is computed from others, or gave nothing: set what it depends on"):
        forked(first, "b", {"v": 5})


LOOP = """
nodes:
  go: {loop: {x: {tool: work, input: {last: "${round.last.x}"}}}, until: "${round.index == 2}", max: 5}
  after: {tool: work, after: go}
"""


def test_a_fork_inside_a_loop_keeps_the_rounds_before() -> None:
    """Rounds depend on those before them, and not on those that follow."""
    first = Story(LOOP).starts().does("go:0/x", 0).does("go:1/x", 1).does("go:2/x", 2).does("after")

    fork = forked(first, "go:1/x")

    assert taken_over(fork) == ["go:0/x"]
    assert made(first, fork).in_flight == ["go:1/x"]


EACH = """
nodes:
  all: {each: [1, 2, 3], as: n, nodes: {x: {tool: work, input: {n: "${n}"}}, y: {tool: pay, input: {x: "${x}"}}}}
"""


def test_a_fork_from_an_item_takes_the_others_over() -> None:
    """Of a thousand items only the odd one is looked at again."""
    first = Story(EACH).starts()
    for item in range(3):
        first.does(f"all:{item}/x", item).does(f"all:{item}/y", item)

    fork = forked(first, "all:1")

    assert taken_over(fork) == ["all:0/x", "all:0/y", "all:2/x", "all:2/y"]
    assert fork.again == ("all", "all:1/x", "all:1/y")


UNDOABLE = """
on_failure: rollback
nodes:
  a: {tool: pay, undo: {tool: work, input: {}}}
  b: {tool: pay, undo: {tool: work, input: {}}, after: a}
  c: {tool: work, after: b}
"""


def test_what_the_parent_did_is_the_parents_to_take_back() -> None:
    """Two runs that share a payment must not refund it twice."""
    first = Story(UNDOABLE).starts().does("a", 1).does("b", 2).does("c", 3)

    second = made(first, forked(first, "b")).does("b", 20).fails("c")

    assert second.in_flight == ["b!undo"]
    second.undoes("b")
    assert second.outcome.status == "rolled_back"


CHANGED = """
inputs: {n: integer, name: {type: string, default: Ada}}
nodes:
  a: {tool: work, input: {n: "${inputs.n}"}}
  b: {tool: pay, input: {a: "${a}", more: 1}}
  d: {tool: work, input: {b: "${b}"}}
  other: {tool: work, input: {name: "${inputs.name}"}}
"""


def test_on_another_graph_what_is_defined_otherwise_runs_again_and_what_is_gone_is_left() -> None:
    """The mended graph goes on with what the old one has done."""
    first, changed = ended(), Story(CHANGED)
    graphs = (definitions(read_bundle(bundled(CHAIN).bytes)), definitions(read_bundle(bundled(CHANGED).bytes)))

    fork = plan_fork(first.plan, "run", first.log, start="c", graphs=graphs)

    assert (taken_over(fork), fork.changed, fork.gone) == (["a", "other"], ("b",), ("c",))
    assert [repeat.path for repeat in fork.repeats] == ["b"]
    assert made(changed, fork).in_flight == ["b"]
