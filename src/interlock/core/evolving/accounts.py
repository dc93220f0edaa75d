"""Limits on calls: every contact with the world is charged before it is made, to every limit that stands above it.

A limit that is spent refuses the next call, so no interleaving can pass it (rule 6 of the design). What a `finally`
calls is charged to no limit outside it: no spent limit keeps a run from tidying up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.core.state import Account, RunState, Scope

GRAPH: Final = -1
"""Where a scope keeps the limit of its own graph, beside those of its nodes."""


def accounts_above(state: RunState, scope: Scope, node: int) -> Iterator[Account]:
    """Every limit that a call of this node counts against, innermost first."""
    while True:
        for owner in (node, GRAPH):
            if owner in scope.accounts:
                yield scope.accounts[owner]
        if scope.owner < 0:
            return
        node, scope = scope.owner, state.scopes[scope.parent]


def charge_call(state: RunState, scope: Scope, node: int) -> None:
    """One call is made."""
    for account in accounts_above(state, scope, node):
        account.spent += 1


def spent_limit(state: RunState, scope: Scope, node: int) -> Account | None:
    """The limit that has no call left, if there is one."""
    return next((account for account in accounts_above(state, scope, node) if account.spent >= account.limit), None)
