"""The decisions of a run as lines that people and programs read: part of the format, so each is compared whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interlock.audit.decision_lines import decision_lines
from interlock.core import events as e
from interlock.core.values import KeptList, Ref, Secret

AT = 1_760_000_000_000_000


def line(body: e.Body, *, path: str = "node", by: str = "") -> dict[str, Any]:
    """What one event comes to."""
    (told,) = decision_lines([e.Event(7, AT, path, body, by)]).splitlines()
    found: dict[str, Any] = json.loads(told)
    return found


def told(event: str, point: str, chosen: str, *, path: str = "node", by: str = "", **more: object) -> dict[str, Any]:
    """A line of the seventh event."""
    named: dict[str, Any] = {"seq": 7, "at": AT, "event": event, "path": path, "by": by}
    return named | {"point": point, "chosen": chosen, "options": list[object](), "why": ""} | more


DECISION = e.Decision(
    "gate",
    "hold",
    (e.Option("a > 1", score=True), e.Option("b", score=0.5, note="half"), e.Option("c")),
    "one check failed",
    rule="default#gates",
    digest="d1",
)
OPTIONS = [{"name": "a > 1", "score": True}, {"name": "b", "score": 0.5, "note": "half"}, {"name": "c"}]


@pytest.mark.parametrize(
    "body",
    [
        e.NodeSucceeded(decision=DECISION),
        e.NodeFailed(e.Error("refused", "no"), decision=DECISION),
        e.NodeWaiting("hold", decision=DECISION),
        e.DecisionMade(DECISION),
    ],
    ids=lambda body: str(type(body).__name__),
)
def test_a_recorded_choice_is_told_with_everything_it_weighed(body: e.Body) -> None:
    """What was not chosen is half of a decision."""
    event = str(body.__struct_config__.tag)

    assert line(body) == told(
        event, "gate", "hold", options=OPTIONS, why="one check failed", rule="default#gates", policy="d1"
    )


def test_that_a_run_may_begin_is_a_decision() -> None:
    """And by which rule of which policy."""
    begun = e.RunStarted("bundle", "graph", "hash", 1, {}, rule="default#graphs", policy="d1", why="a test")
    refused = e.RunStarted("bundle", "graph", "hash", 1, {}, refused=e.Error("refused", "nobody may"), rule="r")

    assert line(begun, path="", by="ada") == told(
        "run.started", "run", "allow", path="", by="ada", why="a test", rule="default#graphs", policy="d1"
    )
    assert line(refused, path="") == told("run.started", "run", "deny", path="", why="nobody may", rule="r", policy="")


def test_an_edge_is_taken_or_not() -> None:
    """Why a node never ran is asked more often than why it did."""
    options = [{"name": "b"}]

    assert line(e.EdgeDecided("b", 0, taken=True)) == told("edge.decided", "edge", "b", options=options)
    assert line(e.EdgeDecided("b", 0, taken=False, why="n is 3")) == told(
        "edge.decided", "edge", "", options=options, why="n is 3"
    )
    assert line(e.EdgeDecided("b", 0, taken=False, error=e.Error("invalid", "no such key"))) == told(
        "edge.decided", "edge", "", options=options, why="no such key"
    )


@pytest.mark.parametrize(
    ("body", "event", "point", "chosen"),
    [
        (e.AnswerGiven("send", why="it is fine"), "answer.given", "answer", "send"),
        (e.VerdictGiven("promote", why="it is fine"), "verdict.given", "verdict", "promote"),
        (e.RemedyGiven("skip", why="it is fine"), "remedy.given", "remedy", "skip"),
        (e.EffectSettled("effect", "done", why="it is fine"), "effect.settled", "settle", "done"),
    ],
)
def test_what_a_person_decides_is_told_with_their_name(body: e.Body, event: str, point: str, chosen: str) -> None:
    """A machine's choice and a person's are not the same evidence."""
    assert line(body, by="ann") == told(event, point, chosen, by="ann", why="it is fine")


def test_what_decides_nothing_has_no_line() -> None:
    """The events are in the file; these lines are for reading."""
    silent = [e.NodeResult("effect", "done", {"n": 1}), e.NodeSucceeded({"n": 1}), e.TimerFired("wait")]

    assert decision_lines([e.Event(seq, AT, "a", body) for seq, body in enumerate(silent, start=1)]) == b""


def test_a_score_that_is_kept_elsewhere_or_is_a_secret_is_named() -> None:
    """A vote may be about a document; a secret is never more than its name."""
    elsewhere = Ref("ab" * 32, 70_000)
    votes = (
        e.Option("x", score=elsewhere),
        e.Option("y", score=[Secret("token")]),
        e.Option("z", score=KeptList((elsewhere,), (0,), ["last"], 12)),
    )

    assert line(e.DecisionMade(e.Decision("fuse", "x", votes)))["options"] == [
        {"name": "x", "score": {"kept_elsewhere": "ab" * 32, "bytes": 70_000}},
        {"name": "y", "score": [{"secret": "token"}]},
        {"name": "z", "score": {"kept_list": 12}},
    ]


def test_lines_are_written_in_one_spelling() -> None:
    """Whoever derives them again compares bytes."""
    lines = decision_lines([e.Event(1, AT, "über", e.AnswerGiven("ja"), "ann")])

    assert lines.decode() == (
        f'{{"seq":1,"at":{AT},"event":"answer.given","path":"über","by":"ann",'
        '"point":"answer","chosen":"ja","options":[],"why":""}\n'
    )
