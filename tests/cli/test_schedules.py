"""`schedules` and `send` without a run: what starts runs of released graphs, seen and asked from the command line."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine

NIGHTLY = 'nightly: {cron: "0 3 * * *", zone: Europe/Berlin, inputs: {n: 1}}'
ON_ORDER = 'on_order: {event: order.paid, inputs: {n: "${event.data.n}"}}'


PICKY = """\
graph: backup
triggers:
  on_upload: {event: upload.finished, where: "${event.data.size > 0}"}
nodes:
  kept: {value: 1}
"""


@pytest.fixture
def shop(interlock: CommandLine) -> CommandLine:
    """A released graph with two triggers."""
    interlock.graph(
        "ship", 'sent: {value: "${inputs.n}"}', inputs="{n: integer}", triggers=f"\n  {NIGHTLY}\n  {ON_ORDER}"
    )
    assert interlock("release", "ship").code == 0
    return interlock


def test_triggers_are_listed_with_their_next_instant_where_it_is_meant_and_in_utc(shop: CommandLine) -> None:
    """Nobody can work out in the head what three at night in Berlin is in UTC in spring."""
    said = shop("schedules")
    nightly, on_order = shop("schedules", "--json").json["triggers"]

    assert "ship/nightly" in said.out
    assert " 03:00 Europe/Berlin  20" in said.out
    assert (nightly["kind"], nightly["zone"], nightly["overlap"]) == ("cron", "Europe/Berlin", "skip")
    assert (on_order["kind"], on_order["what"], on_order["next"]) == ("event", "order.paid", None)


def test_an_event_that_is_sent_to_no_run_starts_one(shop: CommandLine) -> None:
    """It comes from a shop that knows nothing of runs; sent again it starts nothing, and any worker goes on with it."""
    sent = shop("send", "order.paid", "--data", '{"n": 7}', "--id", "o-1", "--json").json["triggers"]
    again = shop("send", "order.paid", "--data", '{"n": 7}', "--id", "o-1")

    assert [(each["trigger"], each["outcome"]) for each in sent] == [("ship/on_order", "started")]
    assert again.out == f"ship/on_order had started run {sent[0]['run']} before\n"
    assert shop("resume", sent[0]["run"], "--json").json["outputs"] == {"sent": 7}


def test_an_event_that_nobody_wants_is_told(shop: CommandLine) -> None:
    """A name that was mistyped would else look as if all were well."""
    said = shop("send", "order.payed")

    assert (said.code, said.out) == (0, "no trigger of a released graph listens for event order.payed\n")


def test_an_event_to_which_a_trigger_says_no_is_told_as_such(interlock: CommandLine) -> None:
    """Whoever looks for a mistyped name then looks in vain: it is what the event says."""
    interlock.write("graphs/backup.yaml", PICKY)
    interlock("release", "backup")

    said = interlock("send", "upload.finished", "--data", '{"size": 0}')

    told = "backup/on_upload listens for event upload.finished, and its `where` says no to this one\n"
    assert (said.code, said.out) == (0, told)


def test_a_trigger_is_paused_and_resumed_and_says_by_whom(shop: CommandLine) -> None:
    """Whoever wonders why nothing was started at night finds it where they look first."""
    shop("schedules", "pause", "ship/nightly", "--by", "ada", "--why", "moving house")
    paused = shop("schedules")
    again = shop("schedules", "pause", "ship/nightly", "--by", "bob")
    shop("schedules", "resume", "ship/nightly")

    assert "paused by ada: moving house" in paused.out
    assert (again.code, "it is paused already, by ada" in again.err) == (2, True)
    assert shop("schedules", "--json").json["triggers"][0]["paused"] is None


def test_a_program_pauses_and_resumes_triggers_too(shop: CommandLine) -> None:
    """Whatever is typed may be in a script, and what a script reads is JSON."""
    paused = shop("schedules", "pause", "ship/nightly", "--json").json
    resumed = shop("schedules", "resume", "ship/nightly", "--json").json

    assert [paused, resumed] == [
        {"trigger": "ship/nightly", "is_paused": True},
        {"trigger": "ship/nightly", "is_paused": False},
    ]


def test_a_trigger_is_fired_by_hand(shop: CommandLine) -> None:
    """The night's run is wanted now."""
    run = shop("schedules", "fire", "ship/nightly", "--by", "ada", "--why", "the night was lost", "--json").json["run"]

    assert shop("resume", run, "--json").json["outputs"] == {"sent": 1}
    assert shop("schedules", "--json").json["triggers"][0]["last"]["run"] == run


def test_a_trigger_that_is_not_there_is_told_with_what_was_meant(shop: CommandLine) -> None:
    """Names of triggers are long, and typed at night."""
    said = shop("schedules", "fire", "ship/nightli")

    assert (said.code, "did you mean ship/nightly?" in said.err) == (2, True)
