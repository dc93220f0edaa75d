"""People, who are known here by what stands for their mail addresses alone."""

from __future__ import annotations

from typing import Final

from interlock.api.desks import Desk
from interlock.tenancy.pseudonyms import user_hash

USER_HASH: Final = "user_hash"
"""The label of runs that says for whom they were started."""


async def hash_of(desk: Desk, user: str) -> str:
    """What stands for a person in the caller's tenant."""
    return user_hash(await desk.reception.pseudonyms.of(desk.caller.tenant), user)


async def hash_meant(desk: Desk, written: str) -> str:
    """The same where either an address or what stands for it may be given."""
    return await hash_of(desk, written) if "@" in written else written
