"""What else a server has than runs: graphs, schedules, keys, files, and the same asked of many runs."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from msgspec import UNSET, structs

from interlock.client import Client, NotFound, PlanRequired, Selection
from tests.api.conftest import GRAPHS
from tests.api.running_server import running_server
from tests.client.conftest import QUICK
from tests.embedded.workshop import Workshop

HELLO = "graph: greeting\nnodes:\n  a: {value: hello}\n"
DAILY = {"graph": "daily", "triggers": {"paid": {"event": "order.paid"}}, "nodes": {"a": {"value": 1}}}


@pytest.fixture(scope="module")
def client() -> Generator[Client]:
    """A client of a server of its own: what is published here stays here."""
    with (
        running_server(GRAPHS, Workshop("broken").tools) as running,
        Client(running.url, key="", patience=QUICK) as made,
    ):
        yield made


def test_a_graph_is_checked_with_every_problem_and_its_place(client: Client) -> None:
    """An editor marks them as one types."""
    good, bad = client.graphs.check(HELLO), client.graphs.check(HELLO.replace("hello", "'${nowhere}'"))

    assert (good.graph, good.valid, bad.valid) == ("greeting", True, False)
    assert bad.problems[0].line == 3


def test_a_graph_is_published_as_it_was_planned(client: Client) -> None:
    """Whoever publishes has seen what changes."""
    plan = client.graphs.plan("greeting", HELLO)

    published = client.graphs.publish("greeting", plan, HELLO, message="the first")

    assert (published.version.version, published.version.why) == (1, "the first")
    assert [each.version for each in client.graphs.versions("greeting")] == [1]
    assert client.graphs.version("greeting", 1).text == HELLO
    assert "greeting" in {row.graph for row in client.graphs.list()}


def test_a_program_registers_a_graph_and_runs_it(client: Client) -> None:
    """No file, no draft, no plan: it is checked, published and started."""
    client.graphs.register({"graph": "made", "nodes": {"a": {"value": 7}}})

    run = client.run("made")

    assert (run.version, run.outputs) == ("version 1", {"a": 7})
    assert client.graphs.get("made").row.version == 1


def test_an_event_starts_what_waits_for_it(client: Client) -> None:
    """Another system says what has happened, and not what is to be done."""
    client.graphs.register(DAILY)

    offered = client.schedules.offer("order.paid", {"n": 7}, id="delivery-1")
    again = client.schedules.offer("order.paid", {"n": 7}, id="delivery-1")

    assert [(each.trigger, each.outcome) for each in offered.triggers] == [("daily/paid", "started")]
    assert [each.outcome for each in again.triggers] == ["known"]
    assert [(each.graph, each.name) for each in client.schedules.list()] == [("daily", "paid")]
    assert client.schedules.pause("daily", "paid", why="holiday").paused
    assert client.schedules.resume("daily", "paid").paused is None


def test_a_key_is_made_shown_once_and_revoked(client: Client) -> None:
    """What opens a door is not kept where others can read it."""
    made = client.keys.make("dashboard", role="viewer", scopes=["runs:read"])

    revoked = client.keys.revoke(made.id)

    assert (made.key[:4], revoked.status) == ("ilk_", "revoked")
    assert made.id in {key.id for key in client.keys.list()}
    assert client.keys.get(made.id).name == "dashboard"


def test_a_file_is_kept_under_its_digest_and_fetched(client: Client) -> None:
    """Bytes come back as they were, whatever they are."""
    kept = client.artifacts.upload(b"\x00\xff not JSON", type="application/x-thing")

    assert (client.artifacts.download(kept.artifact), kept.type) == (b"\x00\xff not JSON", "application/x-thing")
    assert [each.artifact for each in client.artifacts.list()] == [kept.artifact]
    client.artifacts.give_up(kept.artifact)
    with pytest.raises(NotFound):
        client.artifacts.download(kept.artifact)


def test_a_run_leaves_as_a_file_that_verifies(client: Client) -> None:
    """Evidence is handed over."""
    run = client.run("make")

    found = client.import_run(client.export(run), keep=False)

    assert (found.run, found.events, found.kept) == (run.run, run.seq, False)


def test_many_runs_are_asked_as_it_was_planned(client: Client) -> None:
    """A hundred runs that wait are cancelled by one word, once somebody has seen that they are a hundred."""
    meant = Selection(session="many", status=["waiting"])
    for _ in range(3):
        client.rest(client.start("ask", session="many"))
    plan = client.plan_act("cancel", meant)

    [report] = client.make_act("cancel", meant, plan, why="it was for trying out")

    assert (plan.runs, report.runs) == (3, 3)
    assert {client.wait(row).status for row in client.runs(session="many")} == {"cancelled"}


def test_why_a_run_went_as_it_did_is_told(client: Client) -> None:
    """What was chosen, what led to what, and which way was taken."""
    run = client.rest(client.start("held"))

    [held] = client.decisions(run, points=["gate"])
    first = next(client.causes(run))

    assert (held.path, held.decision.chosen, first.type) == ("check", "hold", "run.started")
    assert [node.path for node in client.way(run).nodes] == ["check"]


def test_a_server_tells_who_works_and_what_waits(client: Client) -> None:
    """Whether anybody is there at all."""
    assert len(client.fleet.workers()) == 1
    assert client.fleet.queue().runs_waiting >= 0


def test_what_has_to_be_planned_is_refused_without_a_plan(client: Client) -> None:
    """The token is of what was shown."""
    plan = client.graphs.plan("greeting", HELLO)

    with pytest.raises(PlanRequired):
        client.graphs.publish("greeting", structs.replace(plan, token=UNSET), HELLO)
