"""API keys in every store: what was made is recognised, and what was revoked is not, by whoever opens it next."""

from __future__ import annotations

from interlock.tenancy import PLATFORM, ApiKeys, Caller, KeyRefused, KeyRow
from interlock.tenancy.keys import API_KEY_KIND
from interlock.tenancy.pseudonyms import PseudonymKeys
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON
from tests.store.places import Place


@in_event_loop
async def test_a_key_says_who_calls_in_every_process(place: Place) -> None:
    """Tenant, name and rights come from the key alone, whatever else a request says of itself."""
    async with place.store() as one, place.store() as other:
        new, row = await ApiKeys(one.records, now=place.setting.clock).create(
            "acme", "ci", role="operator", scopes=["runs", "costs:read"], by="ada"
        )
        elsewhere = ApiKeys(other.records, now=place.setting.clock)

        assert await elsewhere.find(new.text) == Caller(
            tenant="acme", name="ci", role="operator", scopes=("costs:read", "runs"), key=new.id
        )
        assert await elsewhere.listed() == [row]
        assert row == KeyRow(
            id=new.id,
            tenant="acme",
            name="ci",
            role="operator",
            scopes=("costs:read", "runs"),
            created_at=NOON,
            created_by="ada",
        )


@in_event_loop
async def test_a_revoked_key_opens_nothing_in_any_process(place: Place) -> None:
    """A key that has leaked is dead when the command has answered."""
    async with place.store() as one, place.store() as other:
        keys = ApiKeys(one.records, now=place.setting.clock)
        new, _ = await keys.create("acme", "ci", role="owner")

        await keys.revoke(new.id, by="ada")

        assert await ApiKeys(other.records, now=place.setting.clock).find(new.text) == KeyRefused("revoked")


@in_event_loop
async def test_the_text_of_a_key_is_kept_nowhere(place: Place) -> None:
    """Whoever reads the store, or a backup of it, must not be able to call as somebody else."""
    async with place.store() as store:
        new, _ = await ApiKeys(store.records, now=place.setting.clock).create("acme", "ci", role="owner")

        record = await store.records.find(PLATFORM, API_KEY_KIND, new.id)

    assert record is not None
    assert new.text[-49:-6].encode() not in record.data


@in_event_loop
async def test_two_who_need_a_tenants_pseudonyms_first_agree_on_their_key(place: Place) -> None:
    """Otherwise one person would be two people in the figures, depending on which process counted."""
    async with place.store() as one, place.store() as other:
        first = await PseudonymKeys(one.records).of("acme")

        assert await PseudonymKeys(other.records).of("acme") == first
        assert await PseudonymKeys(other.records).of("local") != first
