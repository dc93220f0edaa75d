"""Bugs put into the core on purpose, one at a time: a simulator that does not see them proves nothing by seeing none.

Each is a function of the core, by name, with something wrong in its place wherever it was imported.
"""

# ruff: noqa: ANN401 - what is put in place of a function takes whatever that takes

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct, structs

from interlock.core import events as e
from interlock.core.evolving.accounts import Charge
from interlock.core.lifecycle import NodeStatus
from interlock.core.plan import EachWork
from interlock.core.state import Matter

# What is put in place of a function takes whatever that takes.
Wrong = Callable[..., Any]


class Mutation(Struct, frozen=True):
    """One bug: what it is, which function has it, and which rules may be seen to break first."""

    name: str
    function: str
    wrong: Callable[[Wrong], Wrong]
    """Makes the wrong function of the right one."""
    breaks: tuple[int, ...]


@contextmanager
def injected(mutation: Mutation) -> Generator[None]:
    """The core with one bug, wherever the function was imported by name; mended on the way out."""
    module, _, name = mutation.function.rpartition(".")
    right = getattr(importlib.import_module(f"interlock.core.{module}"), name)
    wrong = mutation.wrong(right)
    places = [
        place
        for known, place in list(sys.modules.items())
        if known.startswith(("interlock.", "tests.simulation.")) and getattr(place, name, None) is right
    ]
    for place in places:
        setattr(place, name, wrong)
    try:
        yield
    finally:
        for place in places:
            setattr(place, name, right)


def _does_nothing(_right: Wrong) -> Wrong:
    return lambda *_, **__: None


def _charges_first_attempts_only(right: Wrong) -> Wrong:
    def call_of(plan: Any, scope: Any, node: int) -> Charge:
        return right(plan, scope, node) if scope.status[node] == NodeStatus.PENDING else Charge(calls=0)

    return call_of


def _ends_while_something_lives(_right: Wrong) -> Wrong:
    def end_if_done(state: Any, scope: Any) -> None:
        if (scope.stopping or scope.unsettled == 0) and not scope.end_queued:
            scope.end_queued = True
            state.matters.add(Matter("end", scope.key, cause=state.seq))

    return end_if_done


def _keeps_ready_nodes_of_stopped_scopes(right: Wrong) -> Wrong:
    def is_live(plan: Any, state: Any, matter: Matter) -> bool:
        scope = state.scopes.get(matter.scope)
        if matter.kind == "ready" and scope is not None:
            return scope.status[matter.node] == NodeStatus.PENDING
        return right(plan, state, matter)

    return is_live


def _forgets_what_was_cancelled(right: Wrong) -> Wrong:
    def remember(plan: Any, state: Any, scope: Any, node: Any) -> None:
        live = scope.live.get(node.index)
        if live is None or not live.cancelling:
            right(plan, state, scope, node)

    return remember


def _counts_twice(right: Wrong) -> Wrong:
    def count(*given: Any, fires: bool) -> None:
        right(*given, fires=fires)
        right(*given, fires=fires)

    return count


def _cancels_a_held_gate(_right: Wrong) -> Wrong:
    def block(on: Any) -> e.Command:
        return on.command(e.NodeCancelled())

    return block


def _forgets_the_last_matter(right: Wrong) -> Wrong:
    def decode(data: bytes) -> Any:
        state = right(data)
        if len(state.matters) > 1:
            state.matters.items.pop()
        return state

    return decode


def _names_the_unknown_anew(right: Wrong) -> Wrong:
    def after_failure(*given: Any, keeps_id: bool, **known: Any) -> Any:
        return right(*given, keeps_id=False, **known)

    return after_failure


def _repeats_anything(right: Wrong) -> Wrong:
    def after(attempt: Any, effect: Any, *given: Any, **known: Any) -> Any:
        return right(attempt, "idempotent", *given, **known)

    return after


def _takes_the_newest(right: Wrong) -> Wrong:
    def first_kept(on: Any, work: Any, match: Any) -> Any:
        box = on.state.mailbox.get(work.event, [])
        box.reverse()
        try:
            return right(on, work, match)
        finally:
            box.reverse()

    return first_kept


def _serves_the_youngest(right: Wrong) -> Wrong:
    def since(on: Any, path: str) -> int:
        return -right(on, path)

    return since


def _decides_in_a_pause(right: Wrong) -> Wrong:
    def decide(plan: Any, state: Any, *given: Any) -> Any:
        was_paused, state.is_paused = state.is_paused, False
        try:
            return right(plan, state, *given)
        finally:
            state.is_paused = was_paused

    return decide


def _puts_the_first_last(right: Wrong) -> Wrong:
    def by_seq(entry: e.Undone) -> int:
        return -right(entry)

    return by_seq


def _opens_all_items(right: Wrong) -> Wrong:
    def can_go_on(node: Any, held: Any) -> bool:
        unopened = held.next < held.count and not (held.closing or held.cancelling)
        return unopened or right(node, held)

    return can_go_on


def _ignores_requirements(right: Wrong) -> Wrong:
    def is_ready(scope: Any, node: Any) -> bool:
        unmet, scope.unmet[node.index] = scope.unmet[node.index], 0
        try:
            return right(scope, node)
        finally:
            scope.unmet[node.index] = unmet

    return is_ready


def _keeps_what_is_taken_back(right: Wrong) -> Wrong:
    def start_undo(state: Any, path: str, body: e.UndoStarted) -> None:
        scope = state.scopes[body.scope]
        before = list(scope.undos)
        right(state, path, body)
        scope.undos = before

    return start_undo


def _waits_by_chance(right: Wrong) -> Wrong:
    return lambda *given, **known: right(*given, **known) + random.randint(0, 1000)  # noqa: S311 - that is the bug


def _lets_a_verdict_pass(right: Wrong) -> Wrong:
    def stop(state: Any, scope: Any, cause: str, *given: Any, **known: Any) -> None:
        if cause != "blocked":
            right(state, scope, cause, *given, **known)

    return stop


def _goes_by_hash(right: Wrong) -> Wrong:
    def cancel(state: Any, scope: Any, indexes: Any) -> None:
        right(state, scope, sorted(indexes, key=lambda index: hash(f"{scope.key} {index}")))

    return cancel


def _forgets_steps(right: Wrong) -> Wrong:
    def start(plan: Any, state: Any, scope: Any, node: Any, body: e.NodeStarted) -> None:
        before = scope.live.get(node.index)
        if before is not None and before.attempt is not None:
            before.attempt.steps = {}
        right(plan, state, scope, node, body)

    return start


def _leaves_nothing(_right: Wrong) -> Wrong:
    return lambda *_: []


def _asks_if_called_again(right: Wrong) -> Wrong:
    def in_question(attempt: Any, *, is_cancelled: bool) -> Any:
        return None if is_cancelled else right(attempt, is_cancelled=False)

    return in_question


def _lists_items_as_they_ended(right: Wrong) -> Wrong:
    def composed(node: Any, held: Any) -> Any:
        return list(held.results.values()) if isinstance(node.work, EachWork) else right(node, held)

    return composed


def _wakes_too_early(right: Wrong) -> Wrong:
    def due(plan: Any, state: Any, at: int) -> Any:
        return right(plan, state, at + 2_000_000)

    return due


def _is_blind_to_held(right: Wrong) -> Wrong:
    def shortage(accounts: Any, charge: Charge) -> Any:
        return right([(at, structs.replace(each, usd_held=0, tokens_held=0)) for at, each in accounts], charge)

    return shortage


MUTATIONS: Final = (
    Mutation("a retry is not charged to the budget", "evolving.accounts.call_of", _charges_first_attempts_only, (6,)),
    Mutation("a scope ends with a live node", "evolving.settling.end_if_done", _ends_while_something_lives, (2,)),
    Mutation("a node starts after a stop", "evolving.staleness._is_live", _keeps_ready_nodes_of_stopped_scopes, (2,)),
    Mutation(
        "what was done although cancelled is not undone",
        "evolving.compensating.remember_undo",
        _forgets_what_was_cancelled,
        (4,),
    ),
    Mutation(
        "undos run in the order of their work",
        "evolving.compensating._by_seq",
        _puts_the_first_last,
        (4,),
    ),
    Mutation("an undo runs twice", "evolving.compensating.start_undo", _keeps_what_is_taken_back, (4, 5)),
    Mutation("an edge is counted twice", "evolving.settling.count_edge", _counts_twice, (8,)),
    Mutation("requirements are ignored", "evolving.settling.is_ready", _ignores_requirements, (8,)),
    Mutation("cancel_rest and cancels are forgotten", "evolving.settling.cancel_nodes", _does_nothing, (8,)),
    Mutation("an unhandled failure is forgotten", "evolving.settling._leave_unhandled", _does_nothing, (3, 10)),
    Mutation("a verdict stops nothing", "evolving.settling.stop_scope", _lets_a_verdict_pass, (3, 10)),
    Mutation("a held gate is cancelled", "deciding.ending._block", _cancels_a_held_gate, (3,)),
    Mutation("a `once` effect of unknown outcome is repeated", "deciding.attempts.after", _repeats_anything, (5,)),
    Mutation("an unknown effect takes a new id", "deciding.attempts._after_failure", _names_the_unknown_anew, (5,)),
    Mutation("a step that was recorded is made again", "evolving.decided._start", _forgets_steps, (5,)),
    Mutation("a step under way is not in doubt", "in_doubt.left_in_doubt", _leaves_nothing, (5,)),
    Mutation("the newest event is taken", "deciding.waiting._first_kept", _takes_the_newest, (9,)),
    Mutation("the youngest waiter is served", "deciding.waiting._since", _serves_the_youngest, (9,)),
    Mutation("a matter is lost with a snapshot", "state.decode_state", _forgets_the_last_matter, (1, 7)),
    Mutation("a backoff is drawn by chance", "deciding.attempts.backoff", _waits_by_chance, (1, 7)),
    Mutation("decisions are made in a pause", "decide.decide", _decides_in_a_pause, (2,)),
    Mutation("items are listed as they ended", "evolving.decided._composed", _lists_items_as_they_ended, (8,)),
    Mutation("timers fire too early", "admit._due", _wakes_too_early, (2,)),
    Mutation("all items open at once", "evolving.scopes.can_go_on", _opens_all_items, (8,)),
)
"""Each is seen by the watchers of one process."""

FORGOTTEN_STEP: Final = Mutation(
    "a step in doubt is forgotten with its cancelled node",
    "evolving.journal.step_in_question",
    _asks_if_called_again,
    (5,),
)
"""Seen on each level, where processes die: one after another, or one of several."""

AGENT_MUTATIONS: Final = (
    Mutation("what others hold is not counted", "evolving.accounts.shortage", _is_blind_to_held, (6,)),
    Mutation("what lost calls held is held for ever", "evolving.accounts.book_lost_steps", _does_nothing, (6,)),
)
"""Each is seen by the watchers of agents."""

HASH_ORDER: Final = Mutation("nodes are cancelled in hash order", "evolving.settling.cancel_nodes", _goes_by_hash, (1,))
"""Seen only where processes with different hash seeds are compared."""
