"""Nodes that wait without holding a worker: for people, times, events, verdicts and remedies; and what ends a wait."""

from __future__ import annotations

from datetime import datetime

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.deciding.failing import is_held
from interlock.core.deciding.in_hand import Deciding
from interlock.core.deciding.reading import EPOCH, Reader, as_text
from interlock.core.evolving.mailbox import find_received, keys_of_event, match_key
from interlock.core.expressions import EvaluationError
from interlock.core.paths import node_at
from interlock.core.state import Opened, Received, Waiting
from interlock.core.values import Value, is_map


def ask_person(on: Deciding, work: p.HumanWork, because: tuple[str, ...]) -> e.Command:
    """A question is put; it is addressed by the node's path."""
    text = as_text(on.reader().template(work.question))
    question = e.Question(text, work.choices, work.form, work.quorum)
    return on.command(e.NodeWaiting("person", within=on.node.timeout, question=question, because=because))


def begin_wait(on: Deciding, work: p.WaitWork, because: tuple[str, ...]) -> e.Command:
    """A wait begins, or is over at once: the instant is past, the event is already in the mailbox."""
    if work.duration is not None:
        return on.command(e.NodeWaiting("time", within=work.duration, because=because))
    if work.at is not None:
        due = _instant_of(on, work.at)
        if due <= on.state.at:
            return on.command(e.NodeSucceeded(None, because=because))
        return on.command(e.NodeWaiting("time", due=due, because=because))
    assert work.event is not None
    match = None if work.match is None else on.reader().template(work.match)
    received = None if work.drops_early else _first_kept(on, work, match)
    if received is not None:
        return on.command(e.NodeSucceeded(received.data, event=received.id, because=because))
    waiting = e.NodeWaiting("event", within=on.node.timeout, event=work.event, match=match, because=because)
    return on.command(waiting)


def _instant_of(on: Deciding, at: p.Template) -> int:
    value = on.reader().template(at)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EvaluationError(f"`at` wants a time like 2026-01-31T09:00:00Z and was given {value!r}")
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _first_kept(on: Deciding, work: p.WaitWork, match: Value) -> Received | None:
    """The oldest event of the mailbox that this wait wants."""
    wanted = match_key(match)
    for received in on.state.mailbox.get(work.event or "", ()):
        data = on.reader().loaded(received.data)
        if _matches(data, match, wanted) and _passes(on.reader({"event": event_value(received)}), work):
            return received
    return None


def _matches(data: Value, match: Value, wanted: str) -> bool:
    if match is None:
        return True
    if not is_map(data) or any(field not in data for field in match):
        return False
    return match_key({field: data[field] for field in match}) == wanted


def _passes(reader: Reader, work: p.WaitWork) -> bool:
    return work.where is None or reader.holds(work.where)


def event_value(received: Received) -> dict[str, Value]:
    """An event as `where` sees it."""
    return {"id": received.id, "name": received.name, "data": received.data}


def offer(on: Deciding) -> e.Command:
    """An event that came meets those who wait: the oldest who wants it takes it, or it is kept."""
    name, event_id = on.matter.detail
    received = find_received(on.state, name, event_id)
    assert received is not None
    root = on.state.scopes[""]
    keys = list(keys_of_event(on.state, name, Reader(on.plan, on.state, root, on.blobs).loaded(received.data)))
    candidates = [path for key in keys for path in on.state.waiters[name].get(key, ())]
    waiters = sorted((_since(on, path), path) for path in candidates)
    for _, path in waiters:
        scope, node = node_at(on.plan, on.state, path) or (None, None)
        if scope is None or node is None or not isinstance(node.work, p.WaitWork) or scope.stopping:
            continue
        reader = Reader(on.plan, on.state, scope, on.blobs, {"event": event_value(received)})
        try:
            wants = _passes(reader, node.work)
        except EvaluationError as problem:
            error = e.Error("invalid", str(problem), path)
            is_kept = is_held(reader, node, error)
            failure = e.NodeWaiting("failure", error=error) if is_kept else e.NodeFailed(error)
            return e.Command(path, failure, on.matter.cause)
        if wants:
            return e.Command(path, e.NodeSucceeded(received.data, event=event_id), on.matter.cause)
    return e.Command("", e.EventKept(event_id, name), on.matter.cause)


def _since(on: Deciding, path: str) -> int:
    found = node_at(on.plan, on.state, path)
    live = found[0].live.get(found[1].index) if found else None
    return live.since if isinstance(live, Waiting) else 0


def time_is_up(on: Deciding) -> e.Command:
    """A timer has fired for a node that still waits or holds scopes; or an `each` is to end with what it has."""
    live, node = on.live, on.node
    if isinstance(live, Opened):
        if on.matter.detail == "complete":
            return on.command(e.NodeClosing("complete"))
        return on.command(e.NodeClosing("timeout", _timeout(on)))
    assert isinstance(live, Waiting)
    match live.reason, node.work:
        case "time", _:
            return on.command(e.NodeSucceeded(None))
        case "person", p.HumanWork(otherwise=str() as choice):
            decision = e.Decision("answer", choice, why="nobody answered in time")
            out: dict[str, Value] = {"choice": choice, "form": None, "by": [], "why": "timed out"}
            return on.command(e.NodeSucceeded(out, (choice, "timed_out"), decision))
        case "hold", _:
            decision = e.Decision("gate", "block", why="nobody gave a verdict in time")
            return on.command(e.NodeFailed(_timeout(on), decision, verdict="block"))
        case _:
            return on.failed(_timeout(on))


def _timeout(on: Deciding) -> e.Error:
    return e.Error("timeout", f"{on.path} was not done within {(on.node.timeout or 0) / 1e6:g} s", on.path)


def take_word(on: Deciding) -> e.Command:
    """What a person said of a question, a held gate or a held failure."""
    live = on.live
    assert isinstance(live, Waiting)
    match live.reason:
        case "person":
            return _answered(on, live)
        case "hold":
            return _verdict(on, live)
        case _:
            return _remedy(on, live)


def _answered(on: Deciding, live: Waiting) -> e.Command:
    choice: str = live.given
    agreeing = {by: answer for by, answer in live.answers.items() if answer["choice"] == choice}
    last = list(agreeing.values())[-1]
    out = {"choice": choice or None, "form": last["form"], "by": list(agreeing), "why": last["why"]}
    options = tuple(e.Option(by, answer["choice"] or None, answer["why"]) for by, answer in live.answers.items())
    decision = e.Decision("answer", choice, options, last["why"])
    return on.command(e.NodeSucceeded(on.pack(out), (choice,) if choice else (), decision))


def _verdict(on: Deciding, live: Waiting) -> e.Command:
    word, by, why = live.given["word"], live.given["by"], live.given["why"]
    decision = e.Decision("gate", word, (e.Option(by, word),), why)
    if word == "promote":
        return on.command(e.NodeSucceeded({"verdict": "promote"}, (), decision))
    error = e.Error("refused", f"{by or 'somebody'} said {word}{': ' + why if why else ''}", on.path)
    return on.command(e.NodeFailed(error, decision, verdict=word))


def _remedy(on: Deciding, live: Waiting) -> e.Command:
    act, by, why = live.given["word"], live.given["by"], live.given["why"]
    match act:
        case "retry" | "edit":
            return on.command(_tried_again(live, act, why=f"{by} said {act}"))
        case "skip":
            return on.command(e.NodeSkipped((f"{by} said skip",)))
        case _:
            decision = e.Decision("remedy", "fail", (e.Option(by, act),), why)
            return on.command(e.NodeFailed(live.error or e.Error("failed", "it was held", on.path), decision))


def _tried_again(live: Waiting, act: str, *, why: str) -> e.NodeRetrying:
    """An effect of which nobody knows what became keeps its id, unless it is asked for something else now."""
    attempt = live.attempt
    if attempt is None:
        return e.NodeRetrying(1, 0, why=why)
    keeps_id = act == "retry" and attempt.status in {"unknown", "not_done"}
    return e.NodeRetrying(attempt.number + 1, 0, attempt.effect if keeps_id else "", why)
