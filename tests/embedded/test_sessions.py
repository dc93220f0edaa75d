"""Sessions from Python: threads over several runs."""

from __future__ import annotations

import pytest

from interlock import Interlock
from tests.embedded.workshop import graph
from tests.store.event_loop import in_event_loop

ONE = graph({"a": {"value": 1}})
FAILING = graph({"a": {"value": 1}, "no": {"gate": "${a > 1}"}})


@in_event_loop
async def test_the_runs_of_a_session_are_found_by_it() -> None:
    """However they were started; a retry is in the session of its parent."""
    async with Interlock() as interlock:
        started = await interlock.start(FAILING, session="thread")
        await started.wait()
        retried = await started.retry()
        await interlock.run_async(ONE, session="thread", labels={"team": "core"})
        await interlock.run_async(ONE)

        rows = [row async for row in interlock.selected(labels={"session": "thread"}).rows()]

        assert [row.labels for row in rows] == [
            {"session": "thread", "team": "core"},
            {"session": "thread"},
            {"session": "thread"},
        ]
        assert {started.id, retried.id} <= {row.run for row in rows}


def test_a_run_in_one_line_may_be_of_a_session() -> None:
    """As any other."""
    assert Interlock().run(ONE, session="thread").succeeded


def test_a_run_is_of_one_session() -> None:
    """A label that says another one is told, and nothing is started."""
    with pytest.raises(ValueError, match="two sessions, 'a' and by its label 'b': name one"):
        Interlock().run(ONE, session="a", labels={"session": "b"})
