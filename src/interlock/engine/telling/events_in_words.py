"""What an event says, in one line for people. It tells what is on record and adds nothing to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from interlock.core import events as e
from interlock.core.deciding.permitting import POLICY
from interlock.core.spending import Spending, shown_usd
from interlock.core.values import KeptList, Ref, Secret, Value, is_list, is_map
from interlock.engine.agents.memory.entries import SESSION_LABEL

_NOT_DONE: Final = {"failed": "failed", "unknown": "nobody knows whether it was done", "not_done": "was not called"}

VALUE_SHOWN_MAX: Final = 80
"""How many characters of a value a line tells."""


def what_happened(event: e.Event) -> str:
    """One line about an event, without its number, its path and who did it."""
    return _what_came(event.body) if isinstance(event.body, e.Outside) else _what_was_decided(event.body)


def _what_came(came: e.Outside) -> str:
    match came:
        case e.RunStarted() as body:
            linked = f", a {body.kind} of {body.parent}" if body.parent else ""
            session = f", in session {body.labels[SESSION_LABEL]}" if SESSION_LABEL in body.labels else ""
            return f"graph {body.graph} starts{linked}{session} with {short(body.inputs)}{_why(body.why)}"
        case e.ResultAdopted() as body:
            return f"takes over the result of event {body.parent_seq} of the parent run: {short(body.out)}"
        case e.NodeResult(status="done") as body:
            return f"gave {short(body.out)}{_labelled(body.labels)}{_simulated(body)}"
        case e.NodeResult(status="not_done", error=e.Error(kind="cancelled", message=why)):
            return why  # no call was refused or failed: whoever takes it up goes on with it, or it was stopped
        case e.NodeResult() as body:
            return f"{_NOT_DONE[body.status]}: {_told(body.error)}{_simulated(body)}"
        case e.EffectIntended(question=e.Question() as question) as body:
            return f"step {body.ordinal} asks: {question.text}"
        case e.EffectIntended() as body:
            given = f" with {short(body.input)}" if body.input is not None else ""
            again = ", once more" if body.tries > 1 else ""
            return f"step {body.ordinal} ({_named(body)}) begins{given}{again}{_held(body.reserve)}"
        case e.EffectDone() as body:
            return f"step {body.ordinal} gave {short(body.out)}{_cost(body.spent)}{_simulated(body)}"
        case e.EffectFailed() as body:
            return f"step {body.ordinal} failed: {_told(body.error)}{_cost(body.spent)}{_simulated(body)}"
        case e.DecisionMade() as body:
            return _decision_of_door(body)
        case e.EffectUnknown() as body:
            return f"nobody knows whether step {body.ordinal} was done: {_told(body.error)}"
        case e.ResultLate() as body:
            return f"a result came after it had been given up ({body.status}), and changes nothing{_simulated(body)}"
        case e.EffectSettled() as body:
            said = "was done" if body.status == "done" else "was not done"
            return f"effect {body.effect} {said}{_why(body.why)}"
        case e.TimerFired() as body:
            return _TIMERS[body.kind]
        case e.AnswerGiven() as body:
            given_there = f", as at {body.of}" if body.of else ""
            return f"answered {body.choice or short(body.form)}{given_there}{_why(body.why)}"
        case e.VerdictGiven() as body:
            return f"said {body.verdict}{_why(body.why)}"
        case e.EventReceived() as body:
            return f"event {body.name} ({body.id}) came with {short(body.data)}"
        case e.RunPaused() as body:
            return f"paused{_why(body.why)}"
        case e.RunResumed() as body:
            return f"resumed{_why(body.why)}"
        case e.RunCancelAsked() as body:
            return f"asked to cancel{' and take back what was done' if body.rollback else ''}{_why(body.why)}"
        case e.NodeCancelAsked() as body:
            return f"asked to cancel it{_why(body.why)}"
        case e.NodeCompleteAsked() as body:
            return f"asked to end it with what it has{_why(body.why)}"
        case e.RemedyGiven() as body:
            edited = f" with {short(body.input)}" if body.act == "edit" else ""
            return f"said {body.act}{edited}{_why(body.why)}"
        case e.RunMode() as body:
            return f"mode is {body.mode} now{_why(body.why)}"
        case e.RunMigrated() as body:
            return f"goes on on bundle {body.bundle[:12]}, after {body.before[:12]}{_why(body.why)}"
        case e.UndoResult() as body:
            said = "taken back" if body.status == "done" else f"taking it back: {body.status}: {_told(body.error)}"
            return f"{said}{_simulated(body)}"


def _what_was_decided(decided: e.Decided) -> str:
    match decided:
        case e.NodeStarted() as body:
            verb = "sends" if body.emits else "calls"
            again = f", attempt {body.attempt}" if body.attempt > 1 else ""
            return f"{verb} {body.tool} with {short(body.input)}{again}{_after(body.because)}"
        case e.NodeWaiting() as body:
            return f"{_waiting(body)}{_until(body)}{_after(body.because)}"
        case e.NodeOpened() as body:
            items = f" with {body.count} items" if body.items is not None else ""
            inputs = f" with {short(body.inputs)}" if body.inputs is not None else ""
            return f"opens{items}{inputs}{_after(body.because)}"
        case e.ScopeOpened():
            return "opens"
        case e.EventKept() as body:
            return f"nobody waits for event {body.name} yet: it is kept"
        case e.NodeRetrying() as body:
            why = body.why or "another try"
            return f"tries again{f' in {span(body.delay)}' if body.delay else ''} ({why})"
        case e.EdgeDecided() as body:
            taken = "is taken" if body.taken else "is not taken"
            return f"the edge to {body.target} {taken}: {body.error.message if body.error else body.why}"
        case e.NodeSucceeded() as body:
            # The value of a gate, choice or answer says no more than its decision does.
            is_told = body.composed or (body.decision is not None and body.decision.point != "fuse")
            out = "" if is_told else f" with {short(body.out)}"
            return f"succeeded{out}{_labelled(body.labels)}{_decided(body.decision)}{_after(body.because)}"
        case e.NodeFailed() as body:
            return f"failed: {_told(body.error)}{_decided(body.decision)}"
        case e.NodeSkipped() as body:
            return f"skipped: {skip_reason(body.because)}"
        case e.NodeCancelling() as body:
            return f"is asked to stop ({body.because})" if body.because else "is asked to stop"
        case e.NodeCancelled() as body:
            return f"cancelled ({body.because})" if body.because else "cancelled"
        case e.NodeClosing() as body:
            return f"stops what it holds ({body.cause})"
        case e.ScopeStopping() as body:
            why = f": {_told(body.error)}" if body.error else ""
            return f"stops ({body.cause}){' and takes back what was done' if body.rollback else ''}{why}"
        case e.ScopeCompensating() as body:
            return f"takes back {body.n} finished {'node' if body.n == 1 else 'nodes'}, the last first"
        case e.UndoKept() as body:
            if body.error is not None:
                return f"cannot be taken back: {_told(body.error)}"
            return f"could be taken back with {short(body.input)}"
        case e.UndoStarted() as body:
            return f"calls {body.tool} with {short(body.input)} to take event {body.of} back"
        case e.UndoRetrying() as body:
            return f"tries again{f' in {span(body.delay)}' if body.delay else ''}"
        case e.UndoWaiting():
            return "nobody knows whether it was taken back"
        case e.UndoFailed() as body:
            return f"could not be taken back: {_told(body.error)}"
        case e.ScopeEnded() as body:
            return _ended(body.outcome)
        case e.RunEnded() as body:
            left = f"; {body.events_left} received events were never waited for" if body.events_left else ""
            return f"{_ended(body.outcome)}{left}"


_TIMERS: Final = {
    "timeout": "its time is up",
    "retry": "it is time for another try",
    "wait": "the time it waited for has come",
    "wall": "the running time of the run is spent",
}

_SKIPPED: Final = {
    "when": "its `when` is not true",
    "join": "too few of its edges can fire",
    "requirement": "a node whose value it needs has none",
    "cancelled": "it was cancelled before it began",
    "stopped": "the graph stopped before it began",
}


def skip_reason(because: tuple[str, ...]) -> str:
    """Why a node never ran, in words."""
    return ", ".join(_SKIPPED.get(word, word) for word in because) or "its edges are dead"


def _waiting(body: e.NodeWaiting) -> str:
    match body.reason:
        case "person":
            return f"asks: {body.question.text if body.question else ''}"
        case "hold":
            return f"is held{_why(body.decision.why if body.decision else '')}"
        case "approval" | "budget" if body.question is not None:
            return f"asks: {body.question.text}"
        case "approval" | "budget":
            return "waits until what is held for other calls is given back"
        case "failure":
            return f"failed and waits for a person: {_told(body.error)}"
        case "reconcile":
            return f"waits until it is known what became of effect {body.effect}"
        case "event":
            matching = f" with {short(body.match)}" if body.match is not None else ""
            return f"waits for event {body.event}{matching}"
        case "time":
            return "waits"


def _until(body: e.NodeWaiting) -> str:
    if body.due is not None:
        return f" until {instant(body.due)}"
    return "" if body.within is None else f" for {'' if body.reason == 'time' else 'at most '}{span(body.within)}"


def _ended(outcome: e.ScopeOutcome) -> str:
    parts = [outcome.status.replace("_", " ")]
    if outcome.error:
        parts.append(f": {_told(outcome.error)}")
    elif outcome.out is not None:
        parts.append(f" with {short(outcome.out)}")
    if outcome.not_undone:
        parts.append(f"; could not be taken back: {', '.join(outcome.not_undone)}")
    if outcome.left_standing:
        parts.append(f"; has no undo and stands: {', '.join(outcome.left_standing)}")
    return "".join(parts)


def _told(error: e.Error | None) -> str:
    if error is None:
        return "it did not say why"
    # Where a message has its reason in it, as that of an agent that got no answer has, it is not told once more.
    is_new = error.because is not None and error.because.message not in error.message
    return f"{error.message} ({error.kind})" + (f", after {_told(error.because)}" if is_new else "")


def _decided(decision: e.Decision | None) -> str:
    if decision is None:
        return ""
    chosen = decision.chosen or "nothing"
    return f"; {decision.point}: {chosen}{_why(decision.why)}"


def _after(because: tuple[str, ...]) -> str:
    return f", after {', '.join(because)}" if because else ""


def _simulated(body: e.NodeResult | e.UndoResult | e.ResultLate | e.EffectDone | e.EffectFailed) -> str:
    return " (simulated)" if body.simulated else ""


def _named(body: e.EffectIntended) -> str:
    return f"{body.kind} {body.name}" if body.kind else body.name


def _held(reserve: Spending | None) -> str:
    return "" if reserve is None else f", {_amount(reserve)} held"


def _cost(spent: Spending | None) -> str:
    return "" if spent is None else f", {_amount(spent)}"


def _amount(spending: Spending) -> str:
    tokens = f"{spending.tokens:,} tokens"
    return f"{shown_usd(spending.usd)} and {tokens}" if spending.usd else tokens


def _decision_of_door(body: e.DecisionMade) -> str:
    """What was chosen, of what, and by which rule. Why something is allowed, its rule says well enough."""
    decision = body.decision
    about = f"step {body.ordinal}: " if body.ordinal else ""
    if decision.point != POLICY:
        return f"{about}{decision.point}: {decision.chosen or 'nobody'}{_by_rule(decision)}{_why(decision.why)}"
    why = "" if decision.chosen == "allow" else _why(decision.why)
    return f"{about}policy: {_judged(body)}{_by_rule(decision)}{why}"


def _judged(body: e.DecisionMade) -> str:
    """What the policy said of each thing: `allow look`, or of several models `allow a/small; deny b/large`."""
    said: dict[str, list[str]] = {}
    for option in body.decision.options:
        said.setdefault(str(option.score), []).append(option.name)
    if not said:
        return f"{body.decision.chosen} {body.name}".strip()
    return "; ".join(f"{verdict} {', '.join(names)}" for verdict, names in said.items())


def _by_rule(decision: e.Decision) -> str:
    return f" by {decision.rule}" if decision.rule else ""


def _labelled(labels: tuple[str, ...]) -> str:
    return f" [{', '.join(labels)}]" if labels else ""


def _why(why: str) -> str:
    return f" ({why})" if why else ""


# --- values and times ------------------------------------------------------------------------------------------------


def short(value: Value, limit: int = VALUE_SHOWN_MAX) -> str:
    """A value on one line, cut where it is long. What is kept elsewhere is told by its size."""
    text = _flat(value, limit)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _flat(value: Value, room: int) -> str:
    """JSON without line breaks; it stops writing once there is no room, so that a huge value costs nothing."""
    match value:
        case None | bool():
            return "null" if value is None else str(value).lower()
        case str():
            return f'"{_one_line(value[: room + 1])}"'
        case Ref():
            return f"({value.size:,} bytes)"
        case KeptList():
            return f"({value.size:,} {'item' if value.size == 1 else 'items'})"
        case Secret():
            return "***"
        case _ if is_map(value):
            return _joined("{", (f"{key}: {_flat(item, room)}" for key, item in value.items()), "}", room)
        case _ if is_list(value):
            return _joined("[", (_flat(item, room) for item in value), "]", room)
        case _:
            return str(value)


def _joined(before: str, parts: Iterable[str], after: str, room: int) -> str:
    written: list[str] = []
    for part in parts:
        written.append(part)
        room -= len(part) + 2
        if room < 0:
            break
    return f"{before}{', '.join(written)}{after}"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def instant(at: int) -> str:
    """A recorded instant, to the second."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(micros: int) -> str:
    """A duration as people say it: its two largest units."""
    if micros < 1_000_000:
        return f"{micros / 1_000:.0f} ms"
    seconds = micros / 1_000_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    whole = int(seconds)
    parts: list[str] = []
    for size, unit in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
