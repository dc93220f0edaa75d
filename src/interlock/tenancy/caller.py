"""Who asks for something, and what that one may do: the one rule that every face of Interlock asks.

A role says what kind of thing may be done, a scope with what; both have to allow it. Nothing here knows how a caller
was recognised, and nothing here knows runs: that a run has ended is no matter of what somebody may.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from interlock.tenancy.scopes import ABOVE_TENANTS, READ_ONLY, Area
from interlock.tenancy.tenant import LOCAL_TENANT

Role: TypeAlias = Literal["owner", "operator", "viewer"]
Act: TypeAlias = Literal["read", "act", "manage"]
"""To look; to start, answer, pause, cancel or fork; to change what holds for others (keys, releases, sinks, …)."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)
MAY: Final[dict[Role, tuple[Act, ...]]] = {
    "owner": ("read", "act", "manage"),
    "operator": ("read", "act"),
    "viewer": ("read",),
}
"""What each role may do."""

_LEAST_ROLE: Final[dict[Act, str]] = {"read": "a viewer", "act": "an operator", "manage": "an owner"}
_DOING: Final[dict[Act, str]] = {"read": "look at", "act": "act on", "manage": "manage"}


class Refusal(Struct, frozen=True, kw_only=True):
    """Somebody may not do something: why, for people, and what it takes, for programs."""

    reason: str
    lacks: Literal["role", "scope"]
    needs: str
    """The least role that may, or the scope that would have to be given."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks for something: of which tenant, under which name it goes on record, and what is open to it."""

    tenant: str
    name: str
    role: Role
    scopes: tuple[str, ...] = ()
    """The only areas that are open; none named: all that are the tenant's."""
    key: str = ""
    """The id of the key it came with; empty for the owner of this machine, who needs none."""

    def may(self, act: Act, area: Area) -> Refusal | None:
        """None, or why not."""
        if act not in MAY[self.role]:
            return _lacks_role(self, act, area)
        if not self._is_open(act, area):
            return _lacks_scope(self, act, area)
        return None

    def _is_open(self, act: Act, area: Area) -> bool:
        if not self.key:
            return True
        if not self.scopes:
            return area != ABOVE_TENANTS
        return area in self.scopes or (act == "read" and area + READ_ONLY in self.scopes)


def local_owner(name: str = LOCAL_TENANT) -> Caller:
    """Who works on the machine itself, and so could read the store's file: everything is open."""
    return Caller(tenant=LOCAL_TENANT, name=name, role="owner")


def _lacks_role(caller: Caller, act: Act, area: Area) -> Refusal:
    least = _LEAST_ROLE[act]
    return Refusal(
        reason=f"{caller.name} is {_with_article(caller.role)}: to {_DOING[act]} {area} takes {least}",
        lacks="role",
        needs=least.partition(" ")[2],
    )


def _lacks_scope(caller: Caller, act: Act, area: Area) -> Refusal:
    needed = area + READ_ONLY if act == "read" else area
    given = f"is for {', '.join(caller.scopes)}" if caller.scopes else "names no scopes, which leaves out the platform"
    return Refusal(
        reason=f"the key of {caller.name} {given}: to {_DOING[act]} {area} takes the scope {needed}",
        lacks="scope",
        needs=needed,
    )


def _with_article(role: Role) -> str:
    return f"a {role}" if role == "viewer" else f"an {role}"
