"""Stories of the policy: it is asked before a run begins, an edge is taken, a tool is called, a gate lets pass."""

from __future__ import annotations

from typing import Literal, TypeVar

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.verdicts import Judge, Movement, Point, Verdict
from tests.stories.story import Story

T = TypeVar("T")

CHAIN = """
nodes:
  look: {tool: other}
  pay: {tool: work, input: {amount: 5}, after: look}
"""


def policy(
    point: Point, verdict: Literal["deny", "ask"], *, name: str = "", digest: str = "first", why: str = ""
) -> Judge:
    """Says one thing of one movement, and allows all others."""

    def judge(movement: Movement) -> Verdict:
        is_meant = movement.point == point and name in {"", movement.name}
        return Verdict(verdict if is_meant else "allow", "special" if is_meant else "plain", digest, why)

    return judge


def bodies(run: Story, kind: type[T]) -> list[T]:
    """What was recorded of one kind."""
    return [event.body for event in run.log if isinstance(event.body, kind)]


def test_each_movement_carries_the_rules_that_allowed_it() -> None:
    """An auditor reads of each call by which rule it was made, and which policy that rule stood in."""
    run = Story(CHAIN, judge=policy("memory", "deny")).starts().does("look").does("pay")

    assert [(body.rules, body.policy, body.approved) for body in bodies(run, e.NodeStarted)] == [
        (("plain", "plain"), "first", False),
        (("plain", "plain"), "", False),
    ]
    assert run.outcome.status == "succeeded"


def test_a_policy_that_is_changed_in_mid_run_is_named_where_it_first_decides() -> None:
    """Policies are in force and never pinned: what was allowed under which one must be told apart."""
    run = Story(CHAIN, judge=policy("memory", "deny")).starts()

    run.judge = policy("memory", "deny", digest="second")
    run.does("look").does("pay")

    assert [body.policy for body in bodies(run, e.NodeStarted)] == ["first", "second"]


def test_a_denied_call_is_never_made_and_its_node_fails_as_refused() -> None:
    """A refusal is part of the history: what was asked, which rule said no, and what had been allowed before it."""
    run = Story(CHAIN, judge=policy("tool", "deny", name="work", why="no money today")).starts().does("look")

    (failed,) = bodies(run, e.NodeFailed)
    assert failed == e.NodeFailed(
        e.Error("refused", "the policy does not allow the call of work (rule special): no money today", "pay"),
        e.Decision(
            "policy",
            "deny",
            (e.Option("edge", "allow", "plain"), e.Option("tool", "deny", "special")),
            "no money today",
            "special",
            "first",
        ),
    )
    assert (run.outcome.status, run.error.kind) == ("failed", "refused")


def test_a_denied_edge_stops_the_node_that_it_leads_to() -> None:
    """What may follow what is for the policy to say as well, whatever the node does."""
    text = "nodes: {a: {tool: other}, b: {value: {x: 1}, after: a}}"

    run = Story(text, judge=policy("edge", "deny", name="b")).starts().does("a")

    assert run.error == e.Error("refused", "the policy does not allow going on to b (rule special)", "b")


def test_an_edge_is_judged_by_where_it_comes_from() -> None:
    """A rule may let a release follow a test and nothing else."""
    seen: list[tuple[str, tuple[str, ...]]] = []

    def judge(movement: Movement) -> Verdict:
        if movement.point == "edge":
            seen.append((movement.name, movement.sources))
        return Verdict("allow", "plain", "first")

    text = """
    nodes:
      a: {tool: other}
      b: {tool: other}
      c: {value: 1, after: [a, b]}
      d: {value: 1, after: [a, c], join: any}
    """
    Story(text, judge=judge).starts().does("a").does("b")

    assert seen == [("a", ()), ("b", ()), ("c", ("a", "b")), ("d", ("a", "c"))]


def test_a_call_that_needs_a_person_waits_and_is_made_with_what_was_approved() -> None:
    """The approval names the rule that wanted it, and the person stands in the log as its actor."""
    run = Story(CHAIN, judge=policy("tool", "ask", name="work", why="it costs money")).starts().does("look")
    waits, asked = run.waits, bodies(run, e.NodeWaiting)[0]

    run.answers("pay", "approve", by="bob").does("pay")

    assert waits == {"pay": "approval"}
    assert asked.question == e.Question("May the call of work go ahead? (it costs money)", ("approve", "deny"))
    started = bodies(run, e.NodeStarted)[-1]
    assert (started.input, started.digest, started.approved) == ({"amount": 5}, asked.digest, True)
    assert (started.rules, run.outcome.status) == (("special",), "succeeded")


def test_a_call_that_a_person_does_not_allow_fails_as_refused() -> None:
    """Who said no, and why, is what the author of the graph has to deal with."""
    run = Story(CHAIN, judge=policy("tool", "ask", name="work")).starts().does("look")

    run.receives(r.Answer(path="pay", by="bob", choice="deny", why="too much"), "bob")

    assert run.error == e.Error("refused", "bob does not allow it: too much", "pay")


AFTER_A_CHANGE: list[tuple[Judge, dict[str, str], list[str]]] = [
    (policy("memory", "deny", digest="second"), {}, ["pay"]),
    (policy("tool", "ask", name="work", digest="second"), {"pay": "approval"}, []),
    (policy("tool", "deny", name="work", digest="second"), {}, []),
]


@pytest.mark.parametrize(
    ("then", "waits", "calls"),
    AFTER_A_CHANGE,
    ids=["it is allowed now", "it is asked for anew", "it is denied now"],
)
def test_an_approval_counts_under_the_policy_that_asked_for_it(
    then: Judge, waits: dict[str, str], calls: list[str]
) -> None:
    """Somebody approved what one policy wanted approved; of another policy that says nothing."""
    run = Story(CHAIN, judge=policy("tool", "ask", name="work")).starts().does("look")

    run.judge = then
    run.answers("pay", "approve")

    assert (run.waits, run.in_flight) == (waits, calls)


def test_every_attempt_is_judged() -> None:
    """What was allowed an hour ago may be denied now: a retry is a movement of its own."""
    text = "nodes: {a: {tool: work, retry: {attempts: 3, backoff: 1s}}}"
    run = Story(text, judge=policy("memory", "deny")).starts().fails("a")

    run.judge = policy("tool", "deny", digest="second")
    run.waits_for(1)

    assert run.error == e.Error("refused", "the policy does not allow the call of work (rule special)", "a")


def test_a_gate_that_passes_may_still_want_a_person() -> None:
    """The checks are the author's; who lets a release pass is the policy's to say."""
    text = "nodes: {a: {tool: other}, g: {gate: '${1 == 1}', after: a}, b: {tool: work, after: g}}"
    run = Story(text, judge=policy("gate", "ask")).starts().does("a")
    waits = run.waits

    run.receives(r.GiveVerdict(path="g", by="bob", verdict="promote"), "bob")

    assert (waits, run.in_flight) == ({"g": "hold"}, ["b"])


def test_a_gate_that_the_policy_closes_blocks_the_run() -> None:
    """Nothing catches what a gate says, also where it is the policy that says it."""
    text = "nodes: {a: {tool: other}, g: {gate: '${1 == 1}', after: a, }, b: {tool: work, after: g}}"

    run = Story(text, judge=policy("gate", "deny")).starts().does("a")

    (failed,) = bodies(run, e.NodeFailed)
    assert failed.decision is not None
    assert (failed.verdict, failed.decision.rule, failed.decision.chosen) == ("block", "special", "block")
    assert run.outcome.status == "failed"


def test_a_run_that_may_not_run_ends_at_once_and_is_on_record() -> None:
    """That somebody tried is what an auditor asks first. It tidies nothing up: it has done nothing."""
    verdict = Verdict("deny", "special", "first", "not on a Sunday")
    text = "nodes: {a: {tool: work}}\nfinally: {b: {tool: work}}"

    run = Story(text).receives(r.StartRun(inputs={}, verdict=verdict))

    refused = "the policy does not allow a run of story (rule special): not on a Sunday"
    assert [event.type for event in run.log] == ["run.started", "scope.stopping", "run.ended"]
    assert (run.outcome.status, run.error) == ("failed", e.Error("refused", refused))


def test_a_run_that_needs_a_person_begins_paused() -> None:
    """Resuming it is the approval: who did it stands in the log."""
    verdict = Verdict("ask", "special", "first")

    run = Story("nodes: {a: {tool: work}}").receives(r.StartRun(inputs={}, verdict=verdict))
    before = run.in_flight
    run.receives(r.ResumeRun(by="bob"), "bob")

    assert (before, run.in_flight) == ([], ["a"])


def test_a_log_from_before_there_were_policies_is_decided_as_it_was() -> None:
    """Nobody was asked then, and nobody is asked now."""
    run = Story(CHAIN).starts().does("look").does("pay")

    assert [body.rules for body in bodies(run, e.NodeStarted)] == [(), ()]


POINTS: list[tuple[Point, str]] = [("edge", "nodes: {a: {value: 1}}"), ("tool", "nodes: {a: {tool: work}}")]


@pytest.mark.parametrize(("point", "text"), POINTS)
@pytest.mark.parametrize("hold", [False, True])
def test_a_denial_is_a_failure_like_any_other(point: Point, text: str, hold: bool) -> None:  # noqa: FBT001 - a parameter
    """Where a graph holds failures for people, it holds this one as well; it may also be handled."""
    graph = text + ("\non_failure: hold" if hold else "")

    run = Story(graph, judge=policy(point, "deny")).starts()

    assert run.waits == ({"a": "failure"} if hold else {})
