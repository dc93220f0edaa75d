"""Models as programs are shown them."""

from __future__ import annotations

from msgspec import UNSET, to_builtins

from interlock.models.listing import ListedModel
from interlock.wire import models as wire


def model(listed: ListedModel, *, is_live: bool) -> wire.Model:
    """A model of a pool; `is_live` where it is asked from this process, which then knows how it is."""
    facts = to_builtins(listed.model)
    return wire.Model(
        pool=listed.pool,
        **facts,
        reached=listed.reached,
        key=listed.key,
        trouble=listed.trouble,
        resting=listed.resting if is_live else UNSET,
    )
