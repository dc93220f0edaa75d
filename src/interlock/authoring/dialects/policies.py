"""Policies that documents of other systems name: whether they are in force here, and what they limit.

What is named and not in force is refused: those systems kept such names, and nothing looked at them.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from interlock.authoring.dialects.drafting import Drafting
from interlock.core.problems import Place, nearest
from interlock.core.spending import MicroUsd, usd_text

_NO_LIMITS: Final[Mapping[str, MicroUsd]] = MappingProxyType({})


class PoliciesInForce(Struct, frozen=True):
    """The names of the policies in force, and how much money some of them let a run or an agent spend."""

    names: Collection[str] = ()
    limits: Mapping[str, MicroUsd] = _NO_LIMITS

    def as_key(self) -> Hashable:
        """What tells whether graphs that were read under them would be read otherwise under others."""
        return frozenset(self.names), frozenset(self.limits.items())

    def check(self, name: str, at: Place, draft: Drafting) -> bool:
        """Whether a policy is in force; a problem is told if it is not."""
        if name in self.names or name in self.limits:
            return True
        meant = nearest(name, self.names)
        advice = f"did you mean `{meant}`?" if meant else f"write it as a file in `policies`, with `policy: {name}`"
        draft.problem(at, f"the policy `{name}` is not in force here, so nothing would enforce it", advice)
        return False

    def budget_of(self, name: str) -> dict[str, Any] | None:
        """The limit of whatever names a policy; None if it sets none."""
        limit = self.limits.get(name)
        return None if limit is None else {"usd": usd_text(limit), "on_limit": "stop"}


NONE_IN_FORCE: Final = PoliciesInForce()
