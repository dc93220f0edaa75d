"""What a run has come to, for those who are sent it whole: large values are loaded, up to a bound in all."""

from __future__ import annotations

from typing import Final

from interlock.core.values import Value, refs_in, with_refs_replaced
from interlock.embedded.interlock import Interlock

BYTES_MAX: Final = 1024 * 1024
"""Of values that are kept apart. Where there are more all of them stay references, to be fetched one by one."""


async def at_hand(interlock: Interlock, value: Value) -> Value:
    """The value with what is kept elsewhere, if that is not too much."""
    references = refs_in(value)
    if sum(each.size for each in references) > BYTES_MAX:
        return value
    loaded = {each.digest: await interlock.value(each.digest) for each in references}
    return with_refs_replaced(value, lambda reference: loaded[reference.digest])
