"""Every choice is on record, with what could have been chosen and why (rules 8, 14, 20, 21, 29 and 46)."""

from __future__ import annotations

from interlock.core import events as e
from tests.stories.story import Story


def decisions(run: Story) -> list[tuple[str, e.Decision]]:
    """Every decision of a log with the path that it is about."""
    found = [(event.path, getattr(event.body, "decision", None)) for event in run.log]
    return [(path, decision) for path, decision in found if decision is not None]


EVERY_CHOICE = """
inputs: {n: integer}
nodes:
  x: {value: {score: 1}}
  y: {value: {score: 2}}
  best: {fuse: best_of, from: [x, y], by: "${candidate.score}"}
  size: {choose: [{label: big, when: "${inputs.n > 10}"}, {label: small}], after: best}
  check: {gate: "${inputs.n < 5}", otherwise: hold, after: size}
  ask: {human: "Go?", choices: [go, stop], after: check}
"""


def test_the_log_tells_every_choice_in_the_order_in_which_they_were_made() -> None:
    """Whoever asks why a run did what it did reads it there, and need not run anything again."""
    run = Story(EVERY_CHOICE).starts(n=7)

    run.says("check", "promote", by="bob", why="seven is fine").answers("ask", "go", by="cyd")

    assert decisions(run) == [
        ("best", e.Decision("fuse", "y", (e.Option("x", 1), e.Option("y", 2)), "best_of: the highest")),
        (
            "size",
            e.Decision(
                "choice",
                "small",
                (e.Option("big", score=False, note="inputs.n > 10"), e.Option("small", score=True, note="otherwise")),
                "otherwise",
            ),
        ),
        ("check", e.Decision("gate", "hold", (e.Option("inputs.n < 5", score=False),), "not passed: inputs.n < 5")),
        ("check", e.Decision("gate", "promote", (e.Option("bob", "promote"),), "seven is fine")),
        ("ask", e.Decision("answer", "go", (e.Option("cyd", "go"),), "")),
    ]


def test_a_choice_that_could_not_be_made_is_on_record_with_what_was_tried() -> None:
    """A failure to choose is a choice too."""
    run = Story("inputs: {n: integer}\nnodes: {l: {choose: [{label: big, when: '${inputs.n > 10}'}]}}").starts(n=1)

    assert decisions(run) == [
        ("l", e.Decision("choice", "", (e.Option("big", score=False, note="inputs.n > 10"),), "none holds"))
    ]


def test_a_merge_that_could_not_be_made_is_on_record_with_where() -> None:
    """And so is a fusion that failed."""
    run = Story("""
    nodes: {x: {value: {a: 1}}, y: {value: {a: 2}}, both: {fuse: merge, from: [x, y]}}
    """).starts()

    assert decisions(run) == [
        ("both", e.Decision("fuse", "", (e.Option("x"), e.Option("y")), "two candidates differ at `a`"))
    ]


def test_an_edge_is_decided_by_an_event_with_its_condition() -> None:
    """Rule 46: which way it went, and by what."""
    run = Story("""
    nodes: {a: {value: 3}, b: {value: 1, after: {a: {when: "${a > 2}"}}}, c: {value: 1, after: {a: {when: "${a > 5}"}}}}
    """).starts()

    assert run.bodies("edge.decided") == [
        e.EdgeDecided("b", 0, taken=True, why="a > 2"),
        e.EdgeDecided("c", 1, taken=False, why="a > 5"),
    ]


def test_a_remedy_that_lets_a_failure_stand_is_a_decision_of_who_said_so() -> None:
    """Rule 16: the run ended because somebody said it should."""
    run = Story("on_failure: hold\nnodes: {a: {tool: work}}").starts().fails("a")

    run.remedies("a", "fail", by="bob")

    assert decisions(run) == [("a", e.Decision("remedy", "fail", (e.Option("bob", "fail"),), ""))]


def test_every_event_names_the_one_that_raised_it() -> None:
    """Rule 45: a matter is raised by an event and answered by one, so the causal chain can be walked."""
    run = Story("nodes: {a: {tool: work}, b: {value: '${a}'}}").starts()

    run.does("a", 1)

    assert [(event.seq, event.type, event.cause) for event in run.log] == [
        (1, "run.started", 0),
        (2, "node.started", 1),
        (3, "node.result", 0),
        (4, "node.succeeded", 3),
        (5, "run.ended", 4),
    ]
