"""A run that goes on on another bundle: what is admitted, and by which plan the rest is decided."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.verify import bundle_in_force, stretches
from tests.stories.graphs import compiled
from tests.stories.story import Story

ASK = """
nodes:
  ask: {human: "Go?", choices: [go]}
  said: {value: "old", after: ask}
"""
NEW = ASK.replace("old", "new")


def test_what_follows_a_migration_is_decided_by_the_new_plan() -> None:
    """That is what it is for; and the log of both verifies by the plan that has the last word."""
    story = Story(ASK).starts()
    old, new = story.plan, compiled(NEW)

    story.migrates_to(new).answers("ask", "go")

    assert story.log[2].body == e.RunMigrated(new.bundle_hash, new.graph_hash, old.bundle_hash)
    assert story.outputs == {"said": "new"}
    assert stretches(story.log) == [(old.bundle_hash, 2), (new.bundle_hash, len(story.log))]
    assert bundle_in_force(story.log) == new.bundle_hash


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (r.MigrateRun(bundle="other", graph_hash="g", checked=1), "has gone on since it was looked at: ask again"),
        (r.MigrateRun(bundle="other", graph_hash="g"), "has gone on since it was looked at: ask again"),
        (r.MigrateRun(bundle="other", graph_hash="g", checked=2, obstacle="no"), "stays on its bundle: no"),
        (r.MigrateRun(bundle=compiled(ASK).bundle_hash, graph_hash="g", checked=2), "is on that bundle already"),
    ],
    ids=["an event came in between", "nobody has looked", "something stands in the way", "it is there"],
)
def test_a_migration_that_was_not_looked_at_as_the_run_stands_is_refused(request_: r.MigrateRun, told: str) -> None:
    """One event that does not fit the new plan, recorded, and the run could never be folded again."""
    story = Story(ASK).starts()

    refused = story.offers(request_)

    assert refused is not None
    assert refused.endswith(told)


def test_an_ended_run_is_not_migrated() -> None:
    """Rule 42: an ended run is never opened again."""
    story = Story(ASK).starts().answers("ask", "go")

    refused = story.offers(r.MigrateRun(bundle="other", graph_hash="g", checked=len(story.log)))

    assert refused is not None
    assert "has ended (succeeded)" in refused
