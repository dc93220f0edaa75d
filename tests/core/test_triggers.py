"""Triggers as they are written: what is refused and where, and what a good one means in the plan."""

from __future__ import annotations

import pytest

from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph, open_bundle
from interlock.core.deciding.triggering import TriggeringEvent, inputs_of, key_of, wants
from interlock.core.expressions import EvaluationError
from interlock.core.plan import OnCron, OnEvent, Plan
from interlock.core.problems import Problem

ZONES = ("Europe/Berlin", "UTC")


def compiled(trigger: object, *, name: str = "start") -> tuple[Plan | None, list[str]]:
    """The plan of a graph with one trigger, and what is wrong with it."""
    document = {
        "graph": "g",
        "inputs": {"n": "integer", "note": {"type": "string", "default": ""}},
        "triggers": {name: trigger},
        "nodes": {"a": {"value": "${inputs.n}"}},
    }
    made = compile_graph(document, Catalogue(zones=ZONES))
    return made.plan, [told(problem) for problem in made.problems]


def told(problem: Problem) -> str:
    """Where it is, what it is, and what to do."""
    return f"{'.'.join(map(str, problem.place))}: {problem.message}; {problem.advice}"


def plan_with(trigger: object) -> Plan:
    """The plan of a graph with one good trigger."""
    plan, problems = compiled(trigger)
    assert plan is not None, problems
    return plan


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        (
            {"cron": "0 25 * * *", "inputs": {"n": 1}},
            "triggers.start.cron: `25` is no hour; write 0 to 23, or `*`",
        ),
        (
            {"cron": "@daily", "zone": "Europe/Berln", "inputs": {"n": 1}},
            "triggers.start.zone: `Europe/Berln` is no time zone that is known here; did you mean `Europe/Berlin`?",
        ),
        ({"cron": "@daily"}, "triggers.start: the input lacks `n`; add `n` to `inputs`"),
        (
            {"cron": "@daily", "inputs": {"n": 1, "nte": "x"}},
            "triggers.start.inputs.nte: `nte` is not taken here; did you mean `note`?",
        ),
        (
            {"cron": "@daily", "inputs": {"n": "${a}"}},
            "triggers.start.inputs.n: `a` cannot be seen from here; ",
        ),
        (
            {"event": "x", "where": "${event.nme == 'y'}", "inputs": {"n": 1}},
            "triggers.start.where: `event` has no field `nme`; did you mean `name`?",
        ),
        (
            {"event": "x", "where": "${event.name}", "inputs": {"n": 1}},
            "triggers.start.where: a condition is true or false, and this is text; compare it with something",
        ),
        (
            {"cron": "@daily", "overlap": "skipp", "inputs": {"n": 1}},
            (
                "triggers.start.overlap: `overlap` is one of skip, queue, allow, cancel, not the text `skipp`; "
                "did you mean `skip`?"
            ),
        ),
        (
            {"cron": "@daily", "catchup": "all", "inputs": {"n": 1}},
            "triggers.start.catchup: `catchup` is not a key of a cron trigger; did you mean `catch_up`?",
        ),
        (
            {"event": "x", "zone": "UTC", "inputs": {"n": 1}},
            (
                "triggers.start.zone: `zone` is not a key of an event trigger; "
                "its keys are event, inputs, key, overlap, where"
            ),
        ),
        (
            {"every": "1h"},
            'triggers.start: a trigger says when runs are started; write `{cron: "0 3 * * *"}` or `{event: name}`',
        ),
    ],
    ids=[
        "hour", "zone", "lacks an input", "another input", "a node", "a field", "text", "overlap", "key",
        "zone of an event", "neither",
    ],
)  # fmt: skip
def test_a_trigger_that_cannot_work_is_refused_with_its_place_and_what_to_write(trigger: object, problem: str) -> None:
    """It would be found out in the night, when nobody is there."""
    plan, problems = compiled(trigger)

    assert (plan, problem in problems) == (None, True), problems


def test_a_schedule_is_in_the_plan_with_its_defaults_and_survives_its_bundle() -> None:
    """A released version is opened from its bundle, wherever it runs: also where its zone is not known."""
    document = {
        "graph": "g",
        "triggers": {"nightly": {"cron": "0 3 * * *", "zone": "Mars/Olympus"}},
        "nodes": {"a": {"value": 1}},
    }
    made = compile_graph(document, Catalogue())
    assert made.bundle is not None

    (trigger,) = open_bundle(made.bundle.bytes).triggers

    assert made.plan is not None
    assert made.plan.triggers == (trigger,)
    assert isinstance(trigger.on, OnCron)
    assert (trigger.on.zone, trigger.overlap, trigger.on.catch_up) == ("Mars/Olympus", "skip", "last")


def test_a_graph_without_triggers_has_the_hash_it_always_had() -> None:
    """A key that is not written changes nothing: what was released before stays what it was."""
    document = {"graph": "g", "nodes": {"a": {"value": 1}}}

    without = compile_graph(document, Catalogue()).plan
    with_none = compile_graph(document | {"triggers": {}}, Catalogue()).plan

    assert without is not None
    assert with_none is not None
    assert without.bundle_hash == with_none.bundle_hash


def test_the_inputs_of_a_schedule_see_the_instant_that_was_due() -> None:
    """A run that is started late is still about the night it was due in."""
    plan = plan_with({"cron": "@daily", "inputs": {"n": 1, "note": "of ${now}"}})

    inputs = inputs_of(plan, plan.triggers[0], at=1_800_000_000_000_000)

    assert inputs == {"n": 1, "note": "of 2027-01-15T08:00:00Z"}


def test_an_event_trigger_wants_what_its_condition_says_and_tells_events_apart_by_its_key() -> None:
    """Many events of one name come by, and few of them mean a run."""
    plan = plan_with(
        {
            "event": "pr.opened",
            "where": "${event.data.repo == 'core'}",
            "key": "${event.data.number}",
            "inputs": {"n": "${event.data.number}"},
        }
    )
    on, event = plan.triggers[0].on, TriggeringEvent("e1", "pr.opened", {"repo": "core", "number": 7})
    assert isinstance(on, OnEvent)

    assert wants(plan, on, event, at=0)
    assert key_of(plan, on, event, at=0) == "7"
    assert inputs_of(plan, plan.triggers[0], at=0, event=event) == {"n": 7}
    assert not wants(plan, on, TriggeringEvent("e2", "pr.opened", {"repo": "web"}), at=0)
    assert not wants(plan, on, TriggeringEvent("e3", "pr.closed", {"repo": "core"}), at=0)
    with pytest.raises(EvaluationError):
        wants(plan, on, TriggeringEvent("e4", "pr.opened", {}), at=0)


def test_a_graph_that_would_start_itself_for_ever_is_warned_of() -> None:
    """Each run is cheap, and nobody looks before there are a million of them."""
    document = {
        "graph": "g",
        "triggers": {"again": {"event": "tick"}},
        "nodes": {"tell": {"emit": "tick"}},
    }

    (warning,) = compile_graph(document, Catalogue()).warnings

    assert told(warning) == (
        "triggers.again.event: runs of this graph emit `tick`, so that each of them starts the next, without end; "
        "say with `where` which of them start one"
    )
