"""An isolated tool has a process of its own: it is killed with all that it has started, and takes nobody with it."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from pathlib import Path

import pytest

from interlock.core.events import EffectDone, EffectIntended, Error, Question
from interlock.core.values import Secret
from interlock.tools import Done, Failed, ToolOutcome, Unknown
from tests.tools import isolated_tools
from tests.tools.doorstep import (
    SECOND,
    ManualClock,
    MemoryJournal,
    a_call,
    a_door,
    begun,
    lived,
    outcome_of,
    secrets,
    step_id,
    the_tool,
)


def test_it_runs_elsewhere_and_sees_only_the_secrets_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tool may know is what stands in its input."""
    monkeypatch.setenv("INTERLOCK_SECRET_OTHER", "4711")

    outcome = outcome_of(
        isolated_tools.where_am_i, {"name": Secret("token")}, door=a_door(secrets=secrets({"token": "x-1"}))
    )

    assert isinstance(outcome, Done)
    assert (outcome.out["hello"], outcome.out["secrets"]) == ("***", [])
    assert outcome.out["here"] != os.getpid()


def test_its_context_works_as_in_a_thread() -> None:
    """Where a tool runs is the author's choice and changes nothing of what it may do."""

    async def story() -> object:
        journal = MemoryJournal()
        call = begun(the_tool(isolated_tools.charge_and_ask), a_call(), journal, a_door())
        await journal.asked.wait()
        journal.answer(2, choice="yes")
        return await call, journal.recorded, journal.shown, journal.last_heartbeat

    charged = f"charged under {step_id(1)}"
    assert lived(story) == (
        Done([charged, "yes", False], calls=2),
        [
            EffectIntended(1, step_id(1), "charge"),
            EffectDone(1, step_id(1), charged),
            EffectIntended(2, step_id(2), "ask", question=Question("Ship it?", ("yes", "no"))),
        ],
        [(0.5, "charging")],
        {"page": 3},
    )


def test_an_exception_is_told_as_from_anywhere() -> None:
    """The author's line, and no word of processes."""
    line = isolated_tools.fail_with.__code__.co_firstlineno + 3

    outcome = outcome_of(isolated_tools.fail_with, {"message": "no paper"})

    assert outcome == Failed(Error("failed", f"ValueError: no paper (tests/tools/isolated_tools.py:{line})"))


def test_a_process_that_dies_leaves_the_outcome_unknown_and_its_last_words() -> None:
    """It may have done its work before it fell: only its `reconcile` or a person knows (rule 33)."""
    outcome = outcome_of(
        isolated_tools.abort, {"token": Secret("token")}, door=a_door(secrets=secrets({"token": "x-4711"}))
    )

    message = (
        "the process of `abort` was killed by SIGABRT before it answered; whether it took effect is unknown; "
        "it printed last: the last words of ***"
    )
    assert outcome == Unknown(Error("lost", message))


@pytest.mark.parametrize("how", ["deadline", "cancel"])
def test_it_is_killed_with_everything_it_has_started(tmp_path: Path, how: str) -> None:
    """A test runner left behind by each cancelled run would fill the machine."""
    file = tmp_path / "pids"

    async def story() -> ToolOutcome:
        clock, alive = ManualClock(), asyncio.Event()

        class Noticing(MemoryJournal):
            def heartbeat(self, details: object) -> None:  # noqa: ARG002 - the port's signature
                alive.set()

        call = begun(
            the_tool(isolated_tools.hang_with_a_child),
            a_call({"file": str(file)}, deadline=SECOND),
            Noticing(),
            a_door(clock),
        )
        await alive.wait()
        {"deadline": lambda: clock.advance(SECOND), "cancel": call.stop}[how]()
        return await call

    outcome = lived(story)

    assert isinstance(outcome, Unknown)
    assert outcome.error.kind == {"deadline": "timeout", "cancel": "cancelled"}[how]
    assert [is_gone(int(pid)) for pid in file.read_text(encoding="utf-8").split()] == [True, True]


def test_what_it_prints_never_blocks_it_and_is_not_kept() -> None:
    """A pipe that nobody reads stops a process after 64 KiB."""
    assert outcome_of(isolated_tools.shout, {"length": 1_000_000}) == Done("done")


def test_a_daemon_that_it_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    """A tool that starts a server has ended when it has said so, though the server holds its output."""
    file = tmp_path / "pid"

    outcome = outcome_of(isolated_tools.leave_a_daemon, {"file": str(file)})

    daemon = int(file.read_text(encoding="utf-8"))
    os.kill(daemon, signal.SIGKILL)
    assert outcome == Done("started")


def is_gone(pid: int) -> bool:
    """Whether a process has ended, waiting for it within bounds: a kill is only the beginning of an end."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([descriptor], [], [], 10)
        return bool(readable)
    finally:
        os.close(descriptor)
