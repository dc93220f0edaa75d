"""The door: a request that cannot mean anything now changes nothing and is told why (`admit`)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.values import Value
from tests.stories.story import Story, step_id

ASK = "nodes: {ask: {human: 'Go?', choices: [go, stop]}, done: {value: '${ask.choice}'}}"


def answer(by: str = "ada", choice: str = "go", path: str = "ask") -> r.Answer:
    """An answer to the question of these stories."""
    return r.Answer(path=path, by=by, choice=choice)


def test_nothing_can_be_asked_of_a_run_that_has_not_started() -> None:
    """There is nothing yet that it could be about."""
    run = Story(ASK)

    assert run.offers(answer()) == "run run has not started"
    assert run.log == []


def test_a_run_starts_once() -> None:
    """A start that is delivered twice must not make two runs of one."""
    run = Story(ASK).starts()

    assert run.offers(r.StartRun(inputs={})) == "run run has started already"


def test_a_start_with_inputs_that_the_graph_does_not_take_is_refused_with_all_that_is_wrong() -> None:
    """Whoever starts a run learns everything at once, and nothing has begun."""
    run = Story("inputs: {pr: integer, note: string}\nnodes: {a: {value: 1}}")

    refused = run.offers(r.StartRun(inputs={"pr": "seven"}))

    assert refused is not None
    assert refused.startswith("the inputs are not what graph story takes: ")
    assert "pr" in refused
    assert "note" in refused
    assert run.log == []


@pytest.mark.parametrize(
    ("takes", "inputs", "advice"),
    [
        ("{title: string, note: 'string?'}", {"titel": "x"}, "did you mean title?"),
        ("{title: string, note: 'string?'}", {"title": "x", "zzz": 1}, "it takes note, title"),
        ("{}", {"zzz": 1}, "it takes no inputs"),
    ],
)
def test_an_input_that_the_graph_does_not_take_is_refused_with_what_it_takes(
    takes: str, inputs: dict[str, Value], advice: str
) -> None:
    """Whoever starts a graph of somebody else does not know its inputs by heart."""
    run = Story(f"inputs: {takes}\nnodes: {{a: {{value: 1}}}}")

    refused = run.offers(r.StartRun(inputs=inputs))

    assert refused is not None
    assert refused.endswith(f"; {advice}")


def test_a_run_that_has_ended_takes_nothing_more() -> None:
    """Rule 42: an ended run is never re-opened, and the refusal says what to do instead."""
    run = Story(ASK).starts().answers("ask", "go")

    assert run.offers(r.CancelRun()) == "run run has ended (succeeded): retry or rollback makes a new one"
    assert run.told()[-1] == "run.ended"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (answer(choice="maybe"), "'maybe' is not one of go, stop"),
        (r.Answer(path="ask", by="ada", form={"why": "so"}), "ask asks for one of go, stop, not for a form"),
        (answer(path="asc"), "asc is not waiting for an answer; did you mean ask?"),
        (answer(path="done"), "done is not waiting for an answer; these are: ask"),
        (r.GiveVerdict(path="ask", by="ada", verdict="promote"), "ask is not a held gate, and nothing in this run is"),
        (r.GiveRemedy(path="ask", by="ada", act="skip"), "ask is not held after a failure, and nothing in this run is"),
        (r.ResumeRun(), "run run is not paused"),
        (r.CancelNode(path="nowhere"), "nowhere is no node that is open in this run"),
        (r.CompleteNode(path="ask"), "ask is no `each` that is open in this run"),
        (
            r.SettleEffect(effect="e1", status="done"),
            "effect e1 is not waiting to be settled in run run, and no effect of it is",
        ),
        (r.UndoneResult(path="ask!undo", result=e.UndoResult("e1", "done")), "ask!undo is not being taken back"),
        (
            r.StepNoted(path="ask", step=e.EffectDone(1, "e1")),
            "ask is not in flight: its steps are recorded no more",
        ),
    ],
    ids=str,
)
def test_what_names_nothing_that_is_open_is_refused_with_what_is(request_: r.Request, reason: str) -> None:
    """A person at a prompt mistypes a path; a program is late. Both get to know what would have been right."""
    run = Story(ASK).starts()
    before = list(run.log)

    assert run.offers(request_) == reason
    assert run.log == before


def test_one_person_has_one_voice() -> None:
    """Rule 29: a quorum counts different people."""
    run = Story("nodes: {ask: {human: 'Go?', choices: [go, stop], quorum: 2}}").starts().answers("ask", "go")

    assert run.offers(answer(choice="stop"), "ada") == "ada has answered ask already"


def test_an_answer_after_the_answer_is_refused_although_the_run_is_paused() -> None:
    """Rules 29 and 34: it is recorded and acts on resume, so another must not take its place meanwhile."""
    run = Story(ASK).starts().pauses().answers("ask", "go")

    refused = run.offers(answer(by="bob", choice="stop"), "bob")
    run.resumes()

    assert refused == "ask is answered already: it goes on when the run does"
    assert run.outputs == {"done": "go"}


def test_a_verdict_after_the_verdict_is_refused_although_the_run_is_paused() -> None:
    """Rules 21 and 34: who was first decided."""
    run = Story("nodes: {g: {gate: '${1 > 2}', otherwise: hold}}").starts().pauses().says("g", "block")

    refused = run.offers(r.GiveVerdict(path="g", by="bob", verdict="promote"), "bob")

    assert refused == "g is answered already: it goes on when the run does"


def test_what_became_of_an_effect_is_said_once() -> None:
    """Rule 33: a second word on it might say the opposite, and the first is acted on already."""
    run = Story("nodes: {a: {tool: pay}}").starts().is_lost("a").pauses()
    effect = run.effect("a")

    run.settles("a", "not_done")

    assert run.offers(r.SettleEffect(effect=effect, status="done")) == (
        f"effect {effect} is not waiting to be settled in run run, and no effect of it is"
    )


def test_the_result_of_an_undo_is_taken_once() -> None:
    """Rule 40: the world may deliver it twice, and only the first counts."""
    run = Story("nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}").starts()
    run.does("a").cancels(rollback=True).does("b")
    again = r.UndoneResult(path="a!undo", result=e.UndoResult(run.effect("a!undo"), "failed", e.Error("failed", "no")))
    run.pauses().receives(again)

    assert run.offers(again) == "a!undo is not being taken back"


def test_the_result_of_an_attempt_is_taken_once_and_what_comes_later_is_kept_as_late() -> None:
    """What a tool said after it was given up is worth knowing, and changes nothing."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}}").starts()
    late = r.Result(path="a", result=e.NodeResult(run.effect("a"), "done", "again"))

    run.does("a", 1).receives(late).does("b", 2)

    assert run.outputs == {"a": 1, "b": 2}
    assert run.last("result.late").out == "again"


@pytest.mark.parametrize("status", ["intended", "done"])
def test_a_step_that_is_settled_is_not_settled_or_intended_again(status: str) -> None:
    """A recorded result is never attempted again (rule 5 of the design)."""
    run = Story("nodes: {a: {tool: pay}}").starts().intends("a", 1).has_done("a", 1, "first")
    steps = {
        "intended": e.EffectIntended(1, step_id("a", 1), "step"),
        "done": e.EffectDone(1, step_id("a", 1), "other"),
    }

    assert run.offers(r.StepNoted(path="a", step=steps[status])) == "step 1 of a is settled already"


def test_a_step_is_intended_before_it_is_settled() -> None:
    """No effect is attempted without a recorded intent (rule 5 of the design)."""
    run = Story("nodes: {a: {tool: pay}}").starts()

    assert run.offers(r.StepNoted(path="a", step=e.EffectDone(1, "e1"))) == "step 1 of a was never intended"


def test_an_event_is_taken_once() -> None:
    """Rule 27: a sender that is not sure sends again."""
    run = Story("nodes: {w: {wait: {event: paid}}, v: {wait: {event: paid}}}").starts().sends("paid", 1, id="e1")

    assert run.offers(r.SendEvent(id="e1", name="paid", data=1)) == "event e1 was received before"
    assert run.waits == {"v": "event"}


def test_a_full_mailbox_refuses_more() -> None:
    """Rule 27: what nobody takes must not fill the state without end."""
    run = Story("nodes: {a: {tool: work}}").starts()
    run.receives_many([r.SendEvent(id=f"e{number}", name="noise") for number in range(1_000)])

    assert run.offers(r.SendEvent(id="one more", name="noise")) == (
        "1000 events named noise wait already and nobody takes them"
    )


def test_a_cancel_of_what_is_being_cancelled_is_refused() -> None:
    """Rule 35: asking twice does not make it faster."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}}").starts().cancels("a")

    assert run.offers(r.CancelNode(path="a")) == "a has ended, or is being cancelled already"
    assert run.cancels().offers(r.CancelRun()) == "run run is being cancelled already"


def test_a_cancel_while_everything_is_taken_back_is_refused() -> None:
    """Rule 40: half undone is the worst of all."""
    run = Story(
        "on_failure: rollback\nnodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}"
    ).starts()
    run.does("a").fails("b")

    assert run.offers(r.CancelRun()) == "run run is taking back what it did, and that is not cancelled"


def test_what_has_no_input_cannot_be_edited() -> None:
    """Rule 16: the refusal says what else can be done."""
    run = Story("on_failure: hold\nnodes: {a: {value: '${1 / 0}'}}").starts()

    refused = run.offers(r.GiveRemedy(path="a", by="ada", act="edit", input={}))

    assert refused == "a has no input that could be edited: use retry, skip or fail"
