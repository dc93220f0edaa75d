"""Taking back what was done: only when asked, once, one at a time, the last first (rules 37 to 40)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from tests.stories.graphs import refusals
from tests.stories.story import Story

BOOK = """
on_failure: rollback
nodes:
  flight: {tool: pay, undo: {tool: unpay, input: {ticket: "${flight.ticket}"}}}
  hotel: {tool: pay, after: flight, undo: {tool: unpay, input: {room: "${hotel.room}"}}}
  check: {tool: work, after: hotel}
"""


def booked(text: str = BOOK) -> Story:
    """A run that has booked a flight and a hotel."""
    return Story(text).starts().does("flight", {"ticket": "T1"}).does("hotel", {"room": 12})


def test_what_was_done_is_taken_back_one_at_a_time_the_last_first() -> None:
    """Rules 37 and 38: the graph asked for it; each undo starts when the one before has settled."""
    run = booked()

    run.fails("check")
    first = run.in_flight
    run.undoes("hotel")
    second = run.in_flight
    run.undoes("flight")

    assert (first, second) == (["hotel!undo"], ["flight!undo"])
    assert run.outcome == e.ScopeOutcome("rolled_back", error=e.Error("failed", "it broke", "check"))


def test_an_undo_is_given_what_was_fixed_when_its_node_had_finished() -> None:
    """Rule 38: the values of ended scopes may be gone by then."""
    run = booked().fails("check").undoes("hotel")

    assert [(body.tool, body.input) for body in run.bodies("undo.started")] == [
        ("unpay", {"room": 12}),
        ("unpay", {"ticket": "T1"}),
    ]


def test_without_an_input_an_undo_gets_that_of_its_node() -> None:
    """The simplest undo takes back what it was asked for."""
    run = Story(
        "on_failure: rollback\nnodes: {a: {tool: pay, input: {x: 1}, undo: {tool: unpay}}, b: {tool: work, after: a}}"
    )

    run.starts().does("a").fails("b")

    assert run.last("undo.started").input == {"x": 1}


def test_the_run_is_compensating_meanwhile_and_its_nodes_are_marked() -> None:
    """Rule 37: a person who looks sees what is going on."""
    run = booked()

    run.fails("check")

    assert run.status() == "compensating"
    assert run.last("scope.compensating").n == 2


def test_nothing_is_taken_back_unless_somebody_asked() -> None:
    """Rule 37: a failed run is not a reason by itself."""
    run = booked(BOOK.replace("on_failure: rollback", "on_failure: stop"))

    run.fails("check")

    assert run.outcome.status == "failed"
    assert run.bodies("undo.started") == []


def test_a_cancel_can_ask_for_it() -> None:
    """Rule 37: cancel with rollback."""
    run = booked(BOOK.replace("on_failure: rollback", "on_failure: stop"))

    run.cancels(rollback=True).does("check").undoes("hotel").undoes("flight")

    assert run.outcome.status == "rolled_back"


def test_a_cancel_does_not_ask_for_it_by_itself() -> None:
    """Rule 37: `on_failure` is about failures."""
    run = booked()

    run.cancels().does("check")

    assert (run.outcome.status, run.bodies("undo.started")) == ("cancelled", [])


def test_with_nothing_to_take_back_a_rollback_is_complete() -> None:
    """Rule 42: rolled back, since nothing stands."""
    run = Story("on_failure: rollback\nnodes: {a: {tool: work}}").starts()

    run.fails("a")

    assert run.outcome.status == "rolled_back"


def test_the_order_is_that_of_the_results_across_branches_items_rounds_and_graphs() -> None:
    """Rule 38: strictly by descending number of the result, wherever it came from."""
    run = Story("""
    on_failure: rollback
    nodes:
      items: {each: [1, 2], do: {tool: pay, undo: {tool: unpay}}}
      rounds: {loop: {a: {tool: pay, undo: {tool: unpay}}}, until: "${a}", max: 3}
      part: {graph: {nodes: {a: {tool: pay, undo: {tool: unpay}}}}}
      last: {tool: work, after: [items, rounds, part]}
    """).starts()

    run.does("rounds:0/a", out=False).does("items:1").does("part/a").does("rounds:1/a", out=True).does("items:0")
    run.fails("last")
    run.undoes("items:0").undoes("rounds:1/a").undoes("part/a").undoes("items:1").undoes("rounds:0/a")

    assert run.outcome.status == "rolled_back"


def test_what_was_done_although_its_node_was_cancelled_is_taken_back_too() -> None:
    """Rule 35: it happened, whatever we call the node."""
    run = Story("nodes: {a: {tool: pay, undo: {tool: unpay, input: {id: '${a.id}'}}}}").starts()

    run.cancels(rollback=True).does("a", {"id": 5})
    given = run.last("undo.started").input
    run.undoes("a")

    assert given == {"id": 5}
    assert run.ends == {"a": "cancelled"}
    assert run.outcome.status == "rolled_back"


WHOLE = """
on_failure: rollback
nodes:
  trip:
    graph: {nodes: {flight: {tool: pay, undo: {tool: unpay}}, hotel: {tool: pay, undo: {tool: unpay}, after: flight}}}
    undo: {tool: write, input: {trip: "${trip.hotel}"}}
  check: {tool: work, after: trip}
"""


def test_the_undo_of_a_whole_replaces_those_inside_once_it_has_succeeded() -> None:
    """Rule 39: whoever made the whole knows how to take it back as one."""
    run = Story(WHOLE).starts().does("trip/flight").does("trip/hotel", "H1")

    run.fails("check").undoes("trip")

    assert [(body.tool, body.input) for body in run.bodies("undo.started")] == [("write", {"trip": "H1"})]
    assert run.outcome.status == "rolled_back"


def test_before_that_those_inside_count() -> None:
    """Rule 39: half a trip is taken back piece by piece."""
    run = Story(WHOLE).starts().does("trip/flight")

    run.fails("trip/hotel").undoes("trip/flight")

    assert run.paths("undo.started") == ["trip/flight!undo"]
    assert run.outcome.status == "rolled_back"


SUB = """
graph: sub
on_failure: rollback
nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}
"""


def test_a_graph_that_fails_by_itself_takes_itself_back_and_then_fails_in_its_parent() -> None:
    """Rule 37: its author said so; the parent may go on without it."""
    run = Story("nodes: {s: {graph: sub, on_error: continue}, n: {value: '${s}'}}", graphs={"sub": SUB}).starts()

    run.does("s/a").fails("s/b").undoes("s/a")

    assert run.ends == {"s/a": "succeeded", "s/b": "failed", "s": "failed", "n": "succeeded"}


def test_a_graph_that_is_cancelled_from_outside_hands_its_undos_to_its_parent() -> None:
    """Rules 37 and 38: the failure is the parent's, and so is the order."""
    run = Story(
        """
        on_failure: rollback
        nodes: {s: {graph: sub}, x: {tool: pay, undo: {tool: unpay}}, y: {tool: work, after: x}}
        """,
        graphs={"sub": SUB},
    ).starts()

    run.does("s/a").does("x").fails("y").does("s/b").undoes("x").undoes("s/a")

    assert run.outcome.status == "rolled_back"


def test_what_a_graph_has_taken_back_is_not_taken_back_again_further_out() -> None:
    """Rule 37: an undone entry never runs again."""
    run = Story("on_failure: rollback\nnodes: {s: {graph: sub}}", graphs={"sub": SUB}).starts()

    run.does("s/a").fails("s/b").undoes("s/a")

    assert run.paths("undo.started") == ["s/a!undo"]
    assert run.outcome.status == "rolled_back"


def test_an_undo_that_fails_is_recorded_and_the_others_go_on() -> None:
    """Rule 40: the run ends failed and names what still stands, for a person."""
    run = booked().fails("check")

    run.undoes("hotel", "failed").undoes("flight")

    assert (run.outcome.status, run.outcome.not_undone) == ("failed", ("hotel",))


def test_a_run_that_coped_with_a_part_it_could_not_take_back_is_no_success() -> None:
    """Rule 40: it stands, whatever the run came to, and a person has to know."""
    run = Story("nodes: {s: {graph: sub, on_error: continue}}", graphs={"sub": SUB}).starts()

    run.does("s/a").fails("s/b").undoes("s/a", "failed")

    assert (run.outcome.status, run.outcome.not_undone) == ("failed", ("s/a",))


def test_a_cancelled_run_in_which_a_part_could_not_be_taken_back_has_failed() -> None:
    """Rule 40: who cancels a run leaves nothing undone behind without being told."""
    run = Story(
        "nodes: {s: {graph: sub, on_error: continue}, later: {tool: work, after: s}}", graphs={"sub": SUB}
    ).starts()

    run.does("s/a").fails("s/b").undoes("s/a", "failed").cancels().does("later")

    assert run.outcome == e.ScopeOutcome(
        "failed", error=e.Error("failed", "what was to be taken back still stands: s/a"), not_undone=("s/a",)
    )


def test_an_undo_is_retried_as_it_says() -> None:
    """Rule 40: after its own `retry` only."""
    run = booked(BOOK.replace('hotel.room}"}', 'hotel.room}"}, retry: {attempts: 2, backoff: 5s}')).fails("check")

    run.undoes("hotel", "failed").waits_for(5).undoes("hotel").undoes("flight")

    assert run.paths("undo.started") == ["hotel!undo", "hotel!undo", "flight!undo"]
    assert run.outcome.status == "rolled_back"


def test_an_undo_of_which_nobody_knows_what_became_is_asked_about() -> None:
    """Rules 33 and 40: taking back twice can do as much harm as paying twice."""
    run = booked(BOOK.replace("undo: {tool: unpay, input: {room", "undo: {tool: pay, input: {room")).fails("check")

    run.undoes("hotel", "unknown")
    in_flight = run.in_flight
    run.settles("hotel!undo", "done").undoes("flight")

    assert in_flight == []
    assert run.outcome.status == "rolled_back"


def test_an_undo_whose_input_cannot_be_made_has_failed() -> None:
    """Rules 38 and 40: it was known when the node had finished, and it is named when it is asked for."""
    run = Story("""
    on_failure: rollback
    nodes: {a: {tool: pay, undo: {tool: unpay, input: {id: "${a.id}"}}}, b: {tool: pay, after: a, undo: {tool: unpay}}}
    outputs: {x: "${a.id}"}
    """).starts()

    run.does("a", {}).does("b").undoes("b")

    assert run.paths("undo.started") == ["b!undo"]
    assert run.last("undo.failed").error == e.Error("invalid", "`a` has no `id`, so `${a.id}` has no value", "a")
    assert (run.outcome.status, run.outcome.not_undone, run.outcome.left_standing) == ("failed", ("a",), ())


def test_what_has_no_undo_is_named_as_left_standing_and_changes_nothing() -> None:
    """Rule 40: reading leaves nothing; writing without an undo does."""
    run = Story("""
    on_failure: rollback
    nodes: {a: {tool: pay}, r: {tool: work, after: a}, b: {tool: work, after: r}}
    """).starts()

    run.does("a").does("r").fails("b")

    assert (run.outcome.status, run.outcome.left_standing) == ("rolled_back", ("a",))


def test_a_pause_works_between_undos() -> None:
    """Rule 40: the one in flight finishes, the next waits."""
    run = booked().fails("check")

    run.pauses().undoes("hotel")
    before = (run.in_flight, run.status())
    run.resumes()

    assert before == ([], "paused")
    assert run.in_flight == ["flight!undo"]


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{value: 1, undo: {tool: unpay}}", "nodes.a.undo: `undo` is not a key of a value node"),
        (
            "{tool: pay, undo: {tool: unpay, input: {x: '${other}'}}}",
            "nodes.a.undo.input.x: `other` is not a name that can be used here",
        ),
        ("{tool: pay, undo: {tool: nopay}}", "nodes.a.undo.tool: there is no tool `nopay`"),
    ],
)
def test_an_undo_that_could_not_be_made_is_refused(node: str, refusal: str) -> None:
    """What is found when the graph is compiled cannot go wrong when it matters most."""
    assert refusals(f"nodes: {{a: {node}}}") == [refusal]


def test_what_takes_something_back_may_journal_steps_and_ask_a_person() -> None:
    """Rule 33: a tool is the same tool when it takes back; its steps are recorded and its questions answered."""
    run = Story("on_failure: rollback\nnodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}")
    run.starts().does("a").fails("b")

    run.receives(r.StepNoted(path="a!undo", step=e.EffectIntended(1, "s1", "refund")))
    run.receives(r.StepNoted(path="a!undo", step=e.EffectDone(1, "s1", "R7")))
    question = e.Question("Really?", ("yes", "no"))
    run.receives(r.StepNoted(path="a!undo", step=e.EffectIntended(2, "s2", "ask", question=question)))
    run.answers("a!undo.2", "yes")
    run.undoes("a")

    assert run.outcome.status == "rolled_back"


def test_a_step_in_doubt_is_settled_before_what_takes_back_is_tried_again_under_its_id() -> None:
    """Rule 33: nobody refunds twice because a worker died in between."""
    run = Story("on_failure: rollback\nnodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}")
    run.starts().does("a").fails("b")
    run.receives(r.StepNoted(path="a!undo", step=e.EffectIntended(1, "s1", "refund")))
    doubt = e.Error("lost", "nobody knows", "a!undo")
    run.receives(r.StepNoted(path="a!undo", step=e.EffectUnknown(1, "s1", doubt)))
    first = run.last("undo.started").effect
    run.receives(r.UndoneResult(path="a!undo", result=e.UndoResult(first, "unknown", doubt)))

    run.receives(r.SettleEffect(effect="s1", status="done", out="R7"))

    assert run.last("undo.waiting").effect == "s1"
    assert run.last("undo.started").effect == first
    assert run.last("undo.started").attempt == 1
