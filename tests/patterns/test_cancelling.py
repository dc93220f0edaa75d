"""Patterns 19, 20 and 25: withdrawing a step, a run, a part of one."""

from __future__ import annotations

from tests.stories.story import Story


def test_pattern_19_cancel_task() -> None:
    """One step is withdrawn, by a person or by another step; the rest goes on."""
    run = Story("""
    nodes:
      search: {tool: work}
      build: {tool: work}
      report: {tool: other, after: {search: {on: [succeeded, cancelled]}}}
    """).starts()

    run.cancels("search").does("search")

    assert run.ends == {"search": "cancelled"}
    assert run.in_flight == ["build", "report"]


def test_pattern_20_cancel_case() -> None:
    """The whole run is withdrawn."""
    run = Story("""
    nodes:
      search: {tool: work}
      approve: {human: "Go?", choices: [go]}
      build: {tool: work, after: [search, approve]}
    """).starts()

    run.cancels().does("search")

    assert run.ends == {"approve": "cancelled", "search": "cancelled"}
    assert run.outcome.status == "cancelled"


def test_pattern_25_cancel_region() -> None:
    """A part of the graph is withdrawn, whatever of it has started."""
    run = Story("""
    nodes:
      order: {tool: work}
      pick: {tool: work, after: order}
      pack: {tool: work, after: pick}
      invoice: {tool: work, after: order}
      withdrawn: {wait: {event: order.withdrawn}, cancels: [order, pick, pack]}
    """).starts()

    run.does("order").sends("order.withdrawn").does("pick").does("invoice")

    assert run.ends == {
        "order": "succeeded",
        "withdrawn": "succeeded",
        "pack": "skipped",
        "pick": "cancelled",
        "invoice": "succeeded",
    }
