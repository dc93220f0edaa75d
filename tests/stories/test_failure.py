"""What a failure does: it is handled, or its scope stops at once (rules 16 to 19)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_an_unhandled_failure_stops_the_run_at_once_and_cancels_what_lives() -> None:
    """Rule 16, fail fast: nothing new starts, live nodes are cancelled, and the run fails with that error."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}, c: {tool: other, after: b}}").starts()

    run.fails("a", message="disk full").does("b")

    assert run.ends == {"a": "failed", "b": "cancelled"}
    assert run.outcome == e.ScopeOutcome("failed", error=e.Error("failed", "disk full", "a"))
    assert run.told()[-6:] == [
        "node.failed a",
        "scope.stopping",
        "node.cancelling b",
        "node.result b",
        "node.cancelled b",
        "run.ended",
    ]


def test_a_failure_inside_fails_each_owner_in_turn_up_to_the_run() -> None:
    """Rule 16: the node that owns the scope fails in its own scope, by the same rule; the error says where it began."""
    run = Story("""
    nodes:
      outer: {graph: {nodes: {inner: {loop: {a: {tool: work}}, until: "${a}", max: 2}}}}
    """).starts()

    run.fails("outer/inner:0/a")

    assert run.ends == {"outer/inner:0/a": "failed", "outer/inner": "failed", "outer": "failed"}
    assert run.error.path == "outer/inner:0/a"


def test_an_owner_may_handle_what_failed_inside_it() -> None:
    """Rules 16 and 19: the owner fails like any node, so its scope can take care of that."""
    run = Story("""
    nodes:
      part: {graph: {nodes: {a: {tool: work}}}, on_error: continue}
      rest: {tool: other, after: part}
    """).starts()

    run.fails("part/a").does("rest", "done")

    assert run.outputs == {"rest": "done"}
    assert run.ends == {"part/a": "failed", "part": "failed", "rest": "succeeded"}


def test_continue_goes_on_with_null_and_the_truth_stays_failed() -> None:
    """Rule 17: plain edges fire, and who asks is told what happened."""
    run = Story("""
    nodes:
      a: {tool: work, on_error: continue}
      b: {value: {a: "${a}", outcome: "${nodes.a.outcome}", why: "${nodes.a.error.message}"}}
    """).starts()

    run.fails("a", message="no luck")

    assert run.outputs == {"b": {"a": None, "outcome": "failed", "why": "no luck"}}


def test_a_failure_is_handled_by_an_edge_that_waits_for_it() -> None:
    """Rule 16: at least one edge with `failed` fired; whatever waited for a success is skipped."""
    run = Story("""
    nodes:
      a: {tool: work}
      mend: {tool: other, after: {a: {on: failed}}, input: {why: "${nodes.a.error.message}"}}
      use: {tool: other, after: a}
    """).starts()

    run.fails("a", message="rusty").does("mend", "mended")

    assert run.given("mend") == {"why": "rusty"}
    assert run.ends == {"a": "failed", "use": "skipped", "mend": "succeeded"}
    assert run.outcome.status == "succeeded"


@pytest.mark.parametrize(("cost", "status"), [(1, "succeeded"), (9, "failed")])
def test_an_edge_with_a_condition_handles_a_failure_only_if_it_fires(cost: int, status: str) -> None:
    """Rules 8 and 16: the run stops only when the last edge that could have handled the failure has not."""
    run = Story("""
    inputs: {cost: integer}
    nodes:
      a: {tool: work}
      mend: {value: mended, after: {a: {on: failed, when: "${inputs.cost < 5}"}}}
    """).starts(cost=cost)

    run.fails("a")

    assert run.outcome.status == status


FALLBACK = """
nodes:
  best: {tool: work, on_error: {fallback: cheap}}
  cheap: {tool: other, input: {because: "${nodes.best.error.message}"}}
  use: {value: {got: "${best.text}", from: "${nodes.best.outcome}"}}
"""


def test_a_fallback_gives_the_value_of_the_node_it_stands_in_for() -> None:
    """Rule 18: who uses the value need not know who made it; the failure is not hidden."""
    run = Story(FALLBACK).starts()

    run.fails("best", message="too dear")
    because = run.given("cheap")
    run.does("cheap", {"text": "plain"})

    assert because == {"because": "too dear"}
    assert run.outputs == {"use": {"got": "plain", "from": "failed"}}


def test_a_fallback_that_is_not_needed_is_skipped() -> None:
    """Rule 18: it starts by that failure alone."""
    run = Story(FALLBACK).starts()

    run.does("best", {"text": "fine"})

    assert run.ends == {"best": "succeeded", "cheap": "skipped", "use": "succeeded"}


def test_a_fallback_that_is_skipped_has_handled_nothing() -> None:
    """Rule 18: then the failure is unhandled."""
    run = Story(FALLBACK.replace("cheap: {tool: other,", "cheap: {tool: other, when: '${1 > 2}',")).starts()

    run.fails("best", message="too dear")

    assert run.ends == {"best": "failed", "cheap": "skipped"}
    assert run.error.message == "too dear"


def test_when_the_fallback_fails_too_both_errors_are_kept() -> None:
    """Rule 18: whoever looks into it needs the first error as much as the second."""
    run = Story(FALLBACK).starts()

    run.fails("best", message="too dear").fails("cheap", message="broken")

    first = e.Error("failed", "too dear", "best")
    assert run.error == e.Error("failed", "broken", "cheap", because=first)
    assert run.ends == {"best": "failed", "cheap": "failed"}


FALLBACKS = """
nodes:
  best: {tool: work, on_error: {fallback: good}}
  good: {tool: work, on_error: {fallback: cheap}}
  cheap: {tool: work}
  use: {value: "${best}"}
"""


def test_fallbacks_may_stand_in_for_one_another_in_turn() -> None:
    """Rule 18: what hangs on the first is decided when the last that stands in has settled."""
    run = Story(FALLBACKS).starts()

    run.fails("best").fails("good").does("cheap", "at last")

    assert run.outputs == {"use": "at last"}


def test_when_every_fallback_in_turn_has_failed_all_errors_are_kept() -> None:
    """Rule 18: the chain of errors reads as it happened, the last first."""
    run = Story(FALLBACKS).starts()

    run.fails("best", message="one").fails("good", message="two").fails("cheap", message="three")

    one = e.Error("failed", "one", "best")
    two = e.Error("failed", "two", "good", because=one)
    assert run.error == e.Error("failed", "three", "cheap", because=two)
    assert run.ends == {"best": "failed", "good": "failed", "cheap": "failed"}


@pytest.mark.parametrize(
    ("cheap", "refusal"),
    [
        (
            "{tool: other, after: first}",
            "nodes.cheap.after: `cheap` stands in for `best` and starts when that fails: it waits for nothing else",
        ),
        (
            "{tool: other, input: {x: '${first}'}}",
            "nodes.cheap: `cheap` stands in for `best`, which does not wait for `first`",
        ),
    ],
)
def test_a_fallback_that_hangs_on_anything_else_is_refused(cheap: str, refusal: str) -> None:
    """Rule 18: it may have no other edge, else nobody could say when it starts."""
    text = f"nodes: {{first: {{tool: work}}, best: {{tool: work, on_error: {{fallback: cheap}}}}, cheap: {cheap}}}"

    assert refusals(text) == [refusal]


HOLD = """
on_failure: hold
nodes:
  a: {tool: work, input: {x: 1}}
  b: {tool: other}
  c: {value: {a: "${a}", b: "${b}"}}
"""


def test_a_graph_that_holds_failures_keeps_the_node_waiting_while_live_branches_finish() -> None:
    """Rule 16: the work of hours is not thrown away because one step needs a person."""
    run = Story(HOLD).starts()

    run.fails("a", message="no access").does("b", 2)

    assert run.waits == {"a": "failure"}
    assert run.waiting("a").error == e.Error("failed", "no access", "a")
    assert (run.status("a"), run.status("b"), run.status()) == ("waiting", "succeeded", "waiting")


HANDLED_SOMETIMES = """
on_failure: hold
nodes:
  a: {tool: work}
  mend: {tool: other, after: {a: {on: failed, when: "${nodes.a.error.message == 'known'}"}}}
"""


def test_a_failure_that_a_conditional_edge_handles_is_not_held() -> None:
    """Rule 16: the author has foreseen it, so nobody has to be woken."""
    run = Story(HANDLED_SOMETIMES).starts().fails("a", message="known").does("mend", 1)

    assert run.ends == {"a": "failed", "mend": "succeeded"}
    assert run.outcome.status == "succeeded"


def test_a_failure_that_no_conditional_edge_handles_is_held() -> None:
    """Rule 16: handled is what an edge fired for, not what one might have fired for."""
    run = Story(HANDLED_SOMETIMES).starts().fails("a", message="something else")

    assert run.waits == {"a": "failure"}


def test_the_failed_item_is_among_the_errors_that_a_condition_is_asked_about() -> None:
    """Rules 16 and 17: a condition says the same before the `each` fails as it will after."""
    run = Story("""
    on_failure: hold
    nodes:
      g: {each: [1, 2], do: {tool: work}}
      mend: {tool: other, after: {g: {on: failed, when: "${nodes.g.errors.exists(each, each.index == 1)}"}}}
    """).starts()

    run.does("g:0", 1).fails("g:1").does("mend", 1)

    assert run.ends == {"g:0": "succeeded", "g:1": "failed", "g": "failed", "mend": "succeeded"}


def test_a_held_each_that_is_let_fail_still_tells_what_its_items_failed_with() -> None:
    """Rules 16 and 17: time passed while a person thought about it, and nothing that was known is forgotten."""
    run = Story("""
    on_failure: hold
    nodes:
      g: {each: [1, 2], do: {tool: work, on_error: continue}, timeout: 10s}
      seen: {value: 1, after: {g: {on: failed, when: "${run.mode == 'degraded' && size(nodes.g.errors) == 1}"}}}
    """).starts()

    run.fails("g:0").waits_for(10).does("g:1", 2).moves_to("degraded").remedies("g", "fail")

    assert run.last("edge.decided").taken


def test_a_failure_is_held_where_its_fallback_would_not_start() -> None:
    """Rules 16 and 18: a fallback that is skipped has handled nothing, so a person is asked while there is time."""
    run = Story("""
    on_failure: hold
    nodes:
      best: {tool: work, on_error: {fallback: cheap}}
      cheap: {tool: other, when: "${run.mode == 'degraded'}"}
    """).starts()

    run.fails("best")
    waits = run.waits
    run.moves_to("degraded").remedies("best", "fail").does("cheap", 1)

    assert waits == {"best": "failure"}
    assert run.outputs == {"best": 1}


def test_a_held_failure_is_retried_under_a_new_attempt() -> None:
    """Rule 16: the person has mended the world, and the node tries again."""
    run = Story(HOLD).starts().fails("a").does("b", 2)

    run.remedies("a", "retry")
    again = run.last("node.started", "a")
    run.does("a", 1)

    assert (again.attempt, again.input) == (2, {"x": 1})
    assert run.outputs == {"c": {"a": 1, "b": 2}}


def test_a_held_failure_is_retried_with_another_input() -> None:
    """Rule 16: what was wrong was what it was given."""
    run = Story(HOLD).starts().fails("a")

    run.remedies("a", "edit", {"x": 7})

    assert run.given("a") == {"x": 7}


def test_a_held_failure_is_skipped() -> None:
    """Rule 16: the run can do without; skipping flows on."""
    run = Story(HOLD).starts().fails("a").does("b", 2)

    run.remedies("a", "skip")

    assert run.ends == {"b": "succeeded", "a": "skipped", "c": "skipped"}
    assert run.outcome.status == "succeeded"


def test_a_held_failure_is_let_fail() -> None:
    """Rule 16: then it does what it would have done without a person."""
    run = Story(HOLD).starts().fails("a", message="no access").does("b", 2)

    run.remedies("a", "fail")

    assert (run.outcome.status, run.error.message) == ("failed", "no access")


def test_a_failure_deep_inside_is_held_where_it_happened() -> None:
    """Rule 16: a person mends the one step, and the items around it go on."""
    run = Story("on_failure: hold\nnodes: {g: {each: [1, 2], do: {tool: work}}}").starts()

    run.fails("g:0").does("g:1", "B").remedies("g:0", "retry").does("g:0", "A")

    assert run.outputs == {"g": ["A", "B"]}


def test_a_failure_that_is_let_fail_deep_inside_is_held_again_further_out() -> None:
    """Rule 16: who gives up an item has not yet given up the run, and may say skip of the whole list."""
    run = Story("on_failure: hold\nnodes: {g: {each: [1], do: {tool: work}}, next: {tool: work}}").starts()

    run.fails("g:0", message="no access").remedies("g:0", "fail")
    waits, error = run.waits, run.waiting("g").error
    run.remedies("g", "skip").does("next", 2)

    assert (waits, error) == ({"g": "failure"}, e.Error("failed", "no access", "g:0"))
    assert run.outputs == {"g": None, "next": 2}


def test_a_failure_that_something_handles_is_not_held() -> None:
    """Rule 16: a person is asked only where the run would stop."""
    run = Story("""
    on_failure: hold
    nodes: {part: {graph: {nodes: {a: {tool: work}}}, on_error: continue}}
    """).starts()

    run.fails("part/a")

    assert run.outputs == {"part": None}


def test_what_cannot_be_evaluated_is_held_like_any_failure() -> None:
    """Rules 7 and 16: an expression error is never retried by itself, but a person may say go on."""
    run = Story("on_failure: hold\nnodes: {a: {tool: work}, b: {value: '${a.size + 1}'}, c: {tool: work}}").starts()

    run.does("a", {})

    assert run.waits == {"b": "failure"}
    assert run.waiting("b").error == e.Error("invalid", "key `size` is missing in `${a.size + 1}`", "b")


def test_holding_is_for_whole_runs() -> None:
    """Rule 16: a person is asked by the run, not by a graph inside it."""
    sub = "graph: sub\non_failure: hold\nnodes: {a: {tool: work}}"

    assert refusals("nodes: {s: {graph: sub}}", graphs={"sub": sub}) == [
        "nodes.s.graph: `sub` says `on_failure: hold`, which only a whole run can"
    ]


def test_what_holds_others_and_could_not_open_is_opened_by_a_retry() -> None:
    """Rule 16: the run is running again then, and nothing is counted as waiting that does not wait."""
    run = Story("""
    on_failure: hold
    nodes: {g: {each: "${[6 / (run.mode == 'normal' ? 0 : 2)]}", do: {tool: work, input: {n: "${item}"}}}}
    """).starts()

    run.moves_to("degraded").remedies("g", "retry")

    assert (run.in_flight, run.status()) == (["g:0"], "running")
    assert run.given("g:0") == {"n": 3}
