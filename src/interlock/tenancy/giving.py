"""Who may make a key for whom: nobody gives more than they have.

Otherwise whoever may make keys, and little else, would make one that opens everything. It is a rule about callers
alone: the key itself is made by `keys.ApiKeys`.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.tenancy.caller import Caller, Refusal
from interlock.tenancy.scopes import ABOVE_TENANTS, AREAS, READ_ONLY, Area


def may_give(giver: Caller, *, tenant: str, scopes: Sequence[str]) -> Refusal | None:
    """Whether a caller may make a key of a tenant that opens these scopes, of any role; none: all the tenant's.

    Only owners make keys, and no role may more than theirs. Who manages the platform may make any key.
    """
    refused = giver.may("manage", "keys")
    if refused or giver.may("manage", ABOVE_TENANTS) is None:
        return refused
    if tenant != giver.tenant:
        return giver.may("manage", ABOVE_TENANTS)
    return next((lack for scope in scopes or _of_tenants() if (lack := _lack(giver, scope))), None)


def _of_tenants() -> list[str]:
    return [area for area in AREAS if area != ABOVE_TENANTS]


def _lack(giver: Caller, scope: str) -> Refusal | None:
    area: Area = next(area for area in AREAS if area == scope.removesuffix(READ_ONLY))
    return giver.may("read" if scope.endswith(READ_ONLY) else "manage", area)
