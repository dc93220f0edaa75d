"""Words from tries that are over: a worker that was given up for lost and wakes again must not move its run."""

from __future__ import annotations

from interlock.core import requests as r
from interlock.core.admit import admit
from interlock.core.events import EffectIntended
from interlock.core.plan import ToolContract
from tests.engine.recorded_runs import RecordedRun

PAY = {"pay": {"tool": "pay"}}
REPEATED = ToolContract(name="pay", effect="idempotent")
ONCE = ToolContract(name="pay", effect="once", can_reconcile=True)


def reason(run: RecordedRun, request: r.Request) -> str:
    """Why a request is refused; nothing if it is not."""
    refused = admit(run.plan, run.state, request, at=run.now)
    return refused.reason if isinstance(refused, r.Refused) else ""


def test_a_step_of_a_try_that_was_given_up_for_lost_is_refused() -> None:
    """It would be made beside the same step of the try that has taken its place."""
    run = RecordedRun(PAY, tools=(REPEATED,))
    run.starts()
    run.loses("pay")
    step = EffectIntended(1, "step", "charge")

    stale = reason(run, r.StepNoted(path="pay", step=step, deaths=0))
    current = reason(run, r.StepNoted(path="pay", step=step, deaths=1))

    assert (stale, current) == ("pay was given up for lost where this step is made: its steps count no more", "")


def test_what_a_tool_said_of_an_effect_before_it_was_tried_once_more_is_refused() -> None:
    """That it had not happened was true when it was asked; it may have happened since."""
    run = RecordedRun(PAY, tools=(ONCE,))
    run.starts()
    run.loses("pay")
    asked_at, effect = run.state.seq, run.effect("pay")
    run.receives(r.SettleEffect(effect=effect, status="not_done", by="ada"), by="ada")
    run.loses("pay")

    stale = reason(run, r.SettleEffect(effect=effect, status="not_done", by="reconcile", asked_at=asked_at))
    current = reason(run, r.SettleEffect(effect=effect, status="done", by="reconcile", asked_at=run.state.seq))

    assert (stale, current) == (f"effect {effect} was tried once more since that was asked", "")
