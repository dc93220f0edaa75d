"""`interlock sinks`: where events leave for, seen and moved on from the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.command_line import CommandLine, commands_in
from tests.sinks.receiver import Receiver, Reply, receiving

GREETS = 'hi: {tool: greet, input: {name: Ada}}\ntell: {emit: greeted, data: {text: "${hi}"}}'


def with_webhook(interlock: CommandLine, receiver: Receiver) -> None:
    """A project whose events leave for a receiver."""
    interlock.write("interlock.toml", f'[sinks]\nops = {{to = "{receiver.url}", secret = "ops_key"}}\n')
    interlock.write(".interlock/secrets.toml", 'ops_key = "k3y"\n').chmod(0o600)


def test_a_run_in_the_foreground_tells_no_sink_and_deliver_tells_it_all(interlock: CommandLine) -> None:
    """A person at a terminal waits for the run, not for somebody's receiver."""
    interlock.write("interlock.toml", '[sinks]\naudit = "file:out/events.jsonl"\n')
    interlock.graph("greets", GREETS)
    run = interlock.started("greets")
    before = interlock("sinks", "--json").json["sinks"][0]

    said = interlock("sinks", "deliver", "--json")

    lines = (interlock.folder / "out/events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    [after] = said.json["sinks"]
    assert (before["told"], before["behind"], before["last"]) == (0, 6, None)
    assert (said.code, after["told"], after["behind"], after["last"]) == (0, 6, 0, f"{run}/6")
    assert [event["type"] for event in events] == [
        "interlock.run.started",
        "interlock.node.started",
        "interlock.node.result",
        "interlock.node.started",
        "greeted",
        "interlock.node.result",
        "interlock.run.ended",
    ]
    assert [event["data"] for event in events if event["type"] == "greeted"] == [{"text": "Hello Ada"}]


def test_a_project_without_sinks_says_where_they_are_named(interlock: CommandLine) -> None:
    """The command is found before the setting."""
    interlock.graph("greets", GREETS)
    interlock.started("greets")

    assert interlock("sinks").out == "no sinks: name some under [sinks] in interlock.toml\n"


def test_a_receiver_that_fails_is_shown_with_its_lag(interlock: CommandLine) -> None:
    """Whoever misses events looks here first, and finds why and since when."""
    interlock.graph("greets", GREETS)
    interlock.started("greets")

    with receiving(Reply(503)) as receiver:
        with_webhook(interlock, receiver)
        said = interlock("sinks", "deliver")
        [listed] = interlock("sinks", "--json").json["sinks"]

    assert said.code == 1
    assert f": {receiver.url} answered 503\n" in said.out
    assert (listed["told"], listed["failures"], listed["error"]) == (0, 1, f"{receiver.url} answered 503")


def test_a_receiver_that_is_gone_is_left_alone_until_somebody_tries_it(interlock: CommandLine) -> None:
    """It answered 410 by mistake, perhaps: nothing is lost, and the line that tries it again is offered."""
    interlock.graph("greets", GREETS)
    interlock.started("greets")

    with receiving(Reply(410)) as receiver:
        with_webhook(interlock, receiver)
        gone = interlock("sinks", "deliver")
        listed = interlock("sinks").out
        [line] = commands_in(listed)
        again = interlock.types(line)

    assert (gone.code, "gone" in listed, line) == (1, True, "interlock sinks deliver ops")
    assert (again.code, len(receiver.posted)) == (0, 2)


def test_what_a_receiver_refused_is_sent_again_by_the_line_that_is_offered(interlock: CommandLine) -> None:
    """Two runs: one is held back, the other goes on; and then the receiver is mended."""
    interlock.graph("greets", GREETS)
    run = interlock.started("greets")

    with receiving(*[Reply(422)] * 3) as receiver:
        with_webhook(interlock, receiver)
        refused = interlock("sinks", "deliver")
        [line] = commands_in(refused.out)
        again = interlock.types(line)

    assert (refused.code, line) == (1, "interlock sinks resend ops")
    assert f"{run} from event 1 on (6 so far): {receiver.url} answered 422" in refused.out
    assert (again.code, again.out) == (0, f"{run}  6 events sent\n")
    assert receiver.posted[-1].ids[0] == f"{run}/1"
    assert interlock("sinks", "--json").json["sinks"][0]["held"] == []


def test_a_refused_event_is_given_up_with_a_reason_and_stays_listed(interlock: CommandLine) -> None:
    """An auditor finds that it never left, and whose word that was."""
    interlock.graph("greets", GREETS)
    run = interlock.started("greets")

    with receiving(*[Reply(422)] * 3) as receiver:
        with_webhook(interlock, receiver)
        interlock("sinks", "deliver")
        said = interlock("sinks", "resend", "ops", run, "--leave-out", "--why", "too old", "--by", "ada")

    [listed] = interlock("sinks", "--json").json["sinks"]
    [left] = listed["left_out"]
    assert (said.code, said.out) == (0, f"{run}  5 events sent\n")
    assert (left["event"], left["by"], left["why"]) == (f"{run}/1", "ada", "too old")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["resend", "ops", "--leave-out"], "name the runs, and say --why"),
        (["resend", "opps"], "there is no sink named opps; did you mean ops?"),
        (["deliver", "audit"], "there is no sink named audit; there are: ops"),
        (["deliver"], "the sink ops cannot sign: the secret `ops_key` is not set"),
    ],
)
def test_what_cannot_be_done_with_a_sink_is_told_with_what_can(
    interlock: CommandLine, words: list[str], told: str
) -> None:
    """A wrong name or a missing secret is a matter of one line."""
    interlock.write("interlock.toml", '[sinks]\nops = {to = "https://ops.example.com", secret = "ops_key"}\n')
    interlock.graph("greets", GREETS)
    interlock.started("greets")

    said = interlock("sinks", *words)

    assert (said.code, told in said.err) == (2, True), said.err
