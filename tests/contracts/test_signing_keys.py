"""What every store promises of the key that signs for it: there is one, whoever asks first, and it stays."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from interlock.audit.errors import SigningKeyError
from interlock.audit.kept_key import SIGNING_KEY_KIND, signing_key
from interlock.store import EventStore
from interlock.tenancy import PLATFORM
from tests.store.event_loop import in_event_loop
from tests.store.places import Place


async def of(store: EventStore) -> str:
    """The key of a store, by its fingerprint."""
    return (await signing_key(store.records, tenant=PLATFORM, random_bytes=secrets.token_bytes)).fingerprint


@in_event_loop
async def test_the_key_of_a_store_is_made_once(place: Place) -> None:
    """Who trusts an installation trusts it next year too."""
    async with place.store() as store:
        first = await of(store)
    async with place.store() as store:
        assert await of(store) == first


@in_event_loop
async def test_all_who_ask_first_at_once_get_the_same_key(place: Place) -> None:
    """Workers that start together sign as one installation."""
    async with place.store() as store:
        keys = await asyncio.gather(*(of(store) for _ in range(8)))

    assert len(set(keys)) == 1


@in_event_loop
async def test_a_key_that_cannot_be_read_is_never_replaced(place: Place) -> None:
    """A new one in its place would make all that was signed look like somebody else's."""
    async with place.store() as store:
        await store.records.put(PLATFORM, SIGNING_KEY_KIND, "current", b"damaged")

        with pytest.raises(SigningKeyError, match="restore the data from a backup"):
            await of(store)
