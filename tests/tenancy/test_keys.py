"""API keys: what can be made, what is listed, and when one opens nothing any more."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.store import RecordChangedError
from interlock.tenancy import (
    ApiKeys,
    Caller,
    KeyDeclaredError,
    KeyNotFoundError,
    KeyRefused,
    ScopeError,
    TenancyError,
    TenantNameError,
)
from interlock.tenancy.key_text import ID_BYTES, new_key_text
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON
from tests.store.places import MemoryPlace


@in_event_loop
async def test_another_secret_under_the_same_id_opens_nothing() -> None:
    """Ids are listed and told in logs: knowing one is no help."""
    keys = keys_at(MemoryPlace())
    new, _ = await keys.create("acme", "ci", role="owner")
    guessed = new_key_text(lambda count: bytes.fromhex(new.id) if count == ID_BYTES else bytes(count))

    assert guessed.startswith(f"ilk_{new.id}_")
    assert await keys.find(guessed) == KeyRefused("unknown")


@in_event_loop
async def test_a_new_key_is_told_only_to_who_asks_for_its_text() -> None:
    """Whatever is logged of it on the way must be of no use."""
    new, row = await keys_at(MemoryPlace()).create("acme", " ci ", role="owner")

    assert repr(new) == f"NewKey(id='{row.id}')"
    assert row.name == "ci"


@in_event_loop
async def test_no_key_is_ever_made_in_the_place_of_another() -> None:
    """Should chance give an id twice, the second is refused, and whoever has the first keeps it."""
    place = MemoryPlace()
    keys = ApiKeys(place.store().records, now=place.setting.clock, random_bytes=bytes)
    new, row = await keys.create("acme", "ci", role="viewer")

    with pytest.raises(RecordChangedError):
        await keys.create("beta", "ops", role="owner")

    assert await keys.find(new.text) == row.caller()


@in_event_loop
async def test_a_key_opens_nothing_from_the_instant_it_expires() -> None:
    """Whoever was given access until noon has none at noon."""
    place = MemoryPlace()
    keys = keys_at(place)
    new, _ = await keys.create("acme", "guest", role="viewer", expires_at=NOON + MINUTE)

    place.setting.now = NOON + MINUTE - 1
    before = await keys.find(new.text)
    place.setting.now = NOON + MINUTE

    assert before == Caller(tenant="acme", name="guest", role="viewer", key=new.id)
    assert await keys.find(new.text) == KeyRefused("expired")


@in_event_loop
async def test_who_revoked_a_key_and_when_stays_on_record_as_it_was_first() -> None:
    """An audit asks for it, and a command that is given twice must not rewrite it."""
    place = MemoryPlace()
    keys = keys_at(place)
    new, _ = await keys.create("acme", "ci", role="owner")

    revoked = await keys.revoke(new.id, by="ada")
    place.setting.now += MINUTE

    assert (revoked.revoked_at, revoked.revoked_by, revoked.status(NOON)) == (NOON, "ada", "revoked")
    assert await keys.revoke(new.id, by="bob") == revoked
    assert await keys.listed() == [revoked]


@in_event_loop
async def test_the_keys_of_one_tenant_are_not_those_of_another() -> None:
    """An owner sees and revokes their own, and cannot even learn whether an id is somebody else's."""
    place = MemoryPlace()
    keys = keys_at(place)
    _, theirs = await keys.create("beta", "ci", role="owner")
    place.setting.now += 1
    _, first = await keys.create("acme", "ci", role="owner")
    place.setting.now += 1
    _, second = await keys.create("acme", "board", role="viewer")

    assert await keys.listed("acme") == [second, first]
    assert await keys.listed() == [second, first, theirs]
    with pytest.raises(KeyNotFoundError, match=f"there is no API key with the id '{theirs.id}'"):
        await keys.revoke(theirs.id, tenant="acme")
    with pytest.raises(KeyNotFoundError):
        await keys.get("nothing")


@in_event_loop
async def test_more_keys_than_a_page_are_all_listed() -> None:
    """A key that no list shows is one that nobody revokes."""
    keys = keys_at(MemoryPlace())
    for number in range(1_001):
        await keys.create("acme", f"ci {number}", role="viewer")

    assert len(await keys.listed()) == 1_001


@in_event_loop
async def test_what_is_refused_says_outside_nothing_about_which_keys_there_are() -> None:
    """Expired, revoked or never there: who tries keys out must not learn which of them once opened something."""
    reasons = {KeyRefused("unknown").reason, KeyRefused("expired").reason, KeyRefused("revoked").reason}

    assert reasons == {"the API key is not valid: ask an owner of the tenant for another (`interlock keys create`)"}


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"tenant": "Acme Inc"}, TenantNameError, "'Acme Inc' cannot be the name of a tenant"),
        ({"tenant": ""}, TenantNameError, "cannot be the name of a tenant"),
        ({"name": "  "}, KeyDeclaredError, "a key needs a name"),
        ({"name": "x" * 101}, KeyDeclaredError, "a key needs a name of up to 100"),
        ({"name": "two\nlines"}, KeyDeclaredError, "printable"),
        ({"role": "admin"}, KeyDeclaredError, "'admin' is not a role: there are owner, operator, viewer"),
        ({"scopes": ["run"]}, ScopeError, "did you mean runs"),
        ({"expires_at": NOON}, KeyDeclaredError, "would have expired before it is made"),
    ],
)
@in_event_loop
async def test_a_key_that_cannot_be_made_is_refused_and_nothing_is_kept(
    asked: dict[str, Any], error: type[TenancyError], said: str
) -> None:
    """What is wrong is said when it is asked for, to whom can put it right."""
    keys = keys_at(MemoryPlace())
    key: dict[str, Any] = {"tenant": "acme", "name": "ci", "role": "owner"} | asked

    with pytest.raises(error, match=said):
        await keys.create(**key)

    assert await keys.listed() == []


def keys_at(place: MemoryPlace) -> ApiKeys:
    """The keys of a store in memory, by its clock."""
    return ApiKeys(place.store().records, now=place.setting.clock)
