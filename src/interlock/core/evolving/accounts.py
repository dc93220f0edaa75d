"""Limits: every contact with the world is charged before it is made, to every limit that stands above it.

What a call may cost at most is held before it, and what it did cost is booked after it. A limit of which too little is
left refuses the next call, so no interleaving can pass it (rule 6 of the design). What a `finally` calls is charged to
no limit outside it: no spent limit keeps a run from tidying up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from interlock.core.evolving.under_way import step_at
from interlock.core.paths import node_at, node_of_step, path_of, split_step
from interlock.core.plan import AgentWork, Node, Plan
from interlock.core.spending import NOTHING, Spending, shown_usd
from interlock.core.state import Account, Attempt, Matter, RunState, Scope, Step, Waiting

GRAPH: Final = -1
"""Where a scope keeps the limit of its own graph, beside those of its nodes."""


class Charge(Struct, frozen=True, gc=False):
    """What a contact with the world is charged with: itself, whether it is a turn of an agent, and what is held."""

    calls: int = 1
    steps: int = 0
    held: Spending = NOTHING


class Shortage(Struct, frozen=True, gc=False):
    """Of which limit too little is left. `may_come`: what is held for calls that are out may be given back."""

    address: str
    limit: str
    may_come: bool
    asks: bool
    left: str = ""
    """What of it is left, of money and tokens: nothing, if none is."""
    needed: str = ""
    """What the call may take of it."""


Addressed = tuple[str, Account]
"""A limit and its name: the path of a node or step, the key of a graph's scope."""


# --- which limits ----------------------------------------------------------------------------------------------------


def accounts_above(plan: Plan, state: RunState, scope: Scope, node: int) -> Iterator[Addressed]:
    """Every limit that a call of this node counts against, innermost first."""
    while True:
        if node in scope.accounts:
            yield path_of(plan, scope, node), scope.accounts[node]
        if GRAPH in scope.accounts:
            yield scope.key, scope.accounts[GRAPH]
        if scope.owner < 0:
            return
        if split_step(scope.key.removesuffix("/")) is not None:
            yield from _accounts_of_steps(plan, state, scope.key.removesuffix("/"))
        node, scope = scope.owner, state.scopes[scope.parent]


def accounts_of_call(plan: Plan, state: RunState, scope: Scope, node: Node) -> list[Addressed]:
    """Every limit that the next call of a node will count against: its own also where nothing has counted there yet."""
    above = list(accounts_above(plan, state, scope, node.index))
    own = new_account(scope, node)
    return above if own is None else [(path_of(plan, scope, node.index), own), *above]


def new_account(scope: Scope, node: Node) -> Account | None:
    """A node's own limit, where nothing has counted against it yet."""
    if node.budget is None or not node.budget.counts or node.index in scope.accounts:
        return None
    return Account(node.budget)


def accounts_at(plan: Plan, state: RunState, path: str) -> list[Addressed]:
    """Every limit that a step of the attempt at a path counts against, innermost first. Taking back is free."""
    found = [*_accounts_of_steps(plan, state, path)]
    place = node_at(plan, state, node_of_step(path))
    return found if place is None else [*found, *accounts_above(plan, state, place[0], place[1].index)]


def _accounts_of_steps(plan: Plan, state: RunState, path: str) -> Iterator[Addressed]:
    """The limits of a step and of the steps that it is inside of."""
    while (address := split_step(path)) is not None:
        step = step_at(plan, state, path)
        if step is not None and step.account is not None:
            yield path, step.account
        path = address[0]


def account_at(plan: Plan, state: RunState, address: str) -> Account | None:
    """The limit of that name."""
    if address == "" or address.endswith("/"):
        scope = state.scopes.get(address)
        return scope.accounts.get(GRAPH) if scope else None
    if split_step(address) is not None:
        step = step_at(plan, state, address)
        return step.account if step else None
    place = node_at(plan, state, address)
    return place[0].accounts.get(place[1].index) if place else None


# --- what is left of them --------------------------------------------------------------------------------------------


def shortage(accounts: Iterable[Addressed], charge: Charge) -> Shortage | None:
    """The limit of which too little is left for a charge; one that is spent for good before one that is only held."""
    held_back: Shortage | None = None
    for address, account in accounts:
        short = _short_of(address, account, charge)
        if short is not None and not short.may_come:
            return short
        held_back = held_back or short
    return held_back


def _short_of(address: str, account: Account, charge: Charge) -> Shortage | None:
    limit, grants = account.limit, account.grants
    if limit.calls is not None and account.calls + charge.calls > limit.calls * grants:
        return Shortage(address, f"{limit.calls * grants} calls", may_come=False, asks=limit.asks)
    if limit.steps is not None and account.steps + charge.steps > limit.steps * grants:
        return Shortage(address, f"{limit.steps * grants} steps", may_come=False, asks=limit.asks)
    if limit.usd is not None:
        free, needed = limit.usd * grants - account.usd - account.usd_held, charge.held.usd
        if needed > free:
            told, left = shown_usd(limit.usd * grants), shown_usd(free) if free > 0 else ""
            return Shortage(address, told, account.usd_held >= needed - free, limit.asks, left, shown_usd(needed))
    if limit.tokens is not None:
        free, needed = limit.tokens * grants - account.tokens - account.tokens_held, charge.held.tokens
        if needed > free:
            told, left = f"{limit.tokens * grants:,} tokens", f"{free:,}" if free > 0 else ""
            return Shortage(address, told, account.tokens_held >= needed - free, limit.asks, left, f"{needed:,}")
    return None


# --- charging --------------------------------------------------------------------------------------------------------


def charge(accounts: Iterable[Addressed], what: Charge) -> None:
    """A call is made: it counts, and what it may cost is held."""
    for _, account in accounts:
        account.calls += what.calls
        account.steps += what.steps
        account.usd_held += what.held.usd
        account.tokens_held += what.held.tokens


def book(accounts: Iterable[Addressed], held: Spending, spent: Spending) -> None:
    """A call has settled: what was held for it is given back, and what it cost is spent."""
    for _, account in accounts:
        account.usd_held -= held.usd
        account.tokens_held -= held.tokens
        account.usd += spent.usd
        account.tokens += spent.tokens


def raise_limit(plan: Plan, state: RunState, address: str) -> None:
    """A person has granted as much again as was granted first: who waits for what others hold may have enough now."""
    account = account_at(plan, state, address)
    if account is not None:
        account.grants += 1
        wake_for_budget(plan, state)


def wake_for_budget(plan: Plan, state: RunState) -> None:
    """Something was given back: the first that waits for it may have enough now. No other is looked at before it."""
    while state.budget_line:
        place = node_at(plan, state, state.budget_line[0])
        live = place[0].live.get(place[1].index) if place else None
        if place is not None and isinstance(live, Waiting) and live.reason == "budget" and live.question is None:
            scope, node = place
            accounts = accounts_above(plan, state, scope, node.index)
            short = shortage(accounts, call_of(plan, scope, node.index))
            if short is None or not short.may_come:  # of what is spent for good nothing will come: it is told so
                del state.budget_line[0]
                state.matters.add(Matter("again", scope.key, node.index, cause=state.seq))
            return
        del state.budget_line[0]


def call_of(plan: Plan, scope: Scope, node: int) -> Charge:
    """What a call of a node is charged with. An agent's loop is no contact with the world: what is inside it is."""
    called = plan.scopes[scope.body].nodes[node]
    if called.price:
        return Charge(held=Spending(usd=called.price))
    return _LOOP if isinstance(called.work, AgentWork) else _CALL


_CALL: Final = Charge()
_LOOP: Final = Charge(calls=0)


def book_lost_steps(plan: Plan, state: RunState, path: str, attempt: Attempt) -> None:
    """A call has ended with steps under way: what was held for them counts as spent, since nobody knows better."""
    for ordinal, step in attempt.steps.items():
        _book_lost(plan, state, path, ordinal, step)


def _book_lost(plan: Plan, state: RunState, path: str, ordinal: int, step: Step) -> None:
    for inner, each in step.steps.items():
        _book_lost(plan, state, f"{path}.{ordinal}", inner, each)
    if step.status == "intended" and step.reserve is not None:
        book(accounts_at(plan, state, path), step.reserve, step.reserve)
        step.reserve = None
