"""What stands on record in place of a person's mail address."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.store.memory.records import MemoryRecords
from interlock.tenancy.pseudonyms import PseudonymKeys, user_hash
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON
from tests.store.places import MemoryPlace

KEY = bytes(range(32))
REVIEWER = "reviewer@acme.example"


@pytest.mark.parametrize("spelled", ["  reviewer@acme.example\n", "Reviewer@ACME.example", "REVIEWER@ACME.EXAMPLE"])
def test_one_person_is_one_pseudonym_however_the_address_is_spelled(spelled: str) -> None:
    """The costs of one person must not fall apart into two."""
    assert user_hash(KEY, spelled) == user_hash(KEY, REVIEWER)


def test_two_spellings_of_an_accent_are_one_address() -> None:
    """Keyboards differ in how they write it, and nobody sees a difference."""
    assert user_hash(KEY, "re\u0301viseur@acme.example") == user_hash(KEY, "réviseur@acme.example")


def test_without_the_key_an_address_cannot_be_tried_out() -> None:
    """There are few enough addresses to hash them all: only the key makes the figures nobody's."""
    pseudonym = user_hash(KEY, REVIEWER)

    assert pseudonym != user_hash(bytes(32), REVIEWER)
    assert pseudonym != hashlib.sha256(REVIEWER.encode()).hexdigest()


@given(st.text(max_size=200))
@example("half a character: \ud800")
def test_any_text_has_a_pseudonym(written: str) -> None:
    """It comes from outside, as any text that JSON can hold."""
    assert len(user_hash(KEY, written)) == 64


@in_event_loop
async def test_a_tenants_key_is_made_once_and_is_no_other_tenants() -> None:
    """The same person of two tenants must not be recognised from one in the other."""
    records = MemoryPlace().store().records

    acme = await PseudonymKeys(records).of("acme")

    assert len(acme) == 32
    assert await PseudonymKeys(records).of("acme") == acme
    assert await PseudonymKeys(records).of("beta") != acme


@in_event_loop
async def test_whoever_comes_second_takes_the_key_that_is_there() -> None:
    """Two processes that need it for the first time at once must count the same person as one."""
    records = OvertakenRecords(clock=lambda: NOON, on_commit=lambda: None)

    key = await PseudonymKeys(records).of("acme")

    assert key == OvertakenRecords.MADE_ELSEWHERE
    assert await PseudonymKeys(records).of("acme") == key


class OvertakenRecords(MemoryRecords):
    """Records in which somebody else is always a moment faster."""

    MADE_ELSEWHERE = bytes(range(32))

    async def put(self, tenant: str, kind: str, key: str, data: bytes, *, expected: int | None = None) -> int:
        """The other one's comes first."""
        await super().put(tenant, kind, key, self.MADE_ELSEWHERE)
        return await super().put(tenant, kind, key, data, expected=expected)
