"""Keys remembered for a few seconds."""

from __future__ import annotations

import asyncio

import pytest

from interlock.store import Record
from interlock.store.event_store import Clock
from interlock.store.memory.records import MemoryRecords
from interlock.tenancy import ApiKeys, CachedKeys, Caller, KeyNotFoundError, KeyRefused, NewKey
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON
from tests.store.places import Setting

SECOND = 1_000_000


@in_event_loop
async def test_a_key_is_read_once_in_its_seconds() -> None:
    """At a thousand requests a second, the store is not asked who calls."""
    server = Server()
    new = await server.new_key()

    first = await server.keys.find(new.text)
    server.setting.now += 5 * SECOND - 1
    again = await server.keys.find(new.text)
    reads = server.records.reads
    server.setting.now += 1
    await server.keys.find(new.text)

    assert first == again == Caller(tenant="acme", name="ci", role="operator", key=new.id)
    assert (reads, server.records.reads) == (1, 2)


@in_event_loop
async def test_what_is_revoked_here_is_refused_here_at_once() -> None:
    """Who has revoked a key through a server and calls that server with it must be refused."""
    server = Server()
    new = await server.new_key()
    await server.keys.find(new.text)

    await server.keys.revoke(new.id, by="ada")

    assert await server.keys.find(new.text) == KeyRefused("revoked")


@in_event_loop
async def test_what_is_revoked_elsewhere_is_refused_here_within_the_seconds() -> None:
    """That is the price of not reading each time, and it is a number that can be set."""
    server = Server()
    new = await server.new_key()
    await server.keys.find(new.text)

    await server.keys.kept.revoke(new.id)
    server.setting.now += 5 * SECOND - 1
    before = await server.keys.find(new.text)
    server.setting.now += 1

    assert isinstance(before, Caller)
    assert await server.keys.find(new.text) == KeyRefused("revoked")


@in_event_loop
async def test_a_key_that_is_read_while_it_is_revoked_is_not_remembered() -> None:
    """The read began before, so what it gives may be from before: the next request has to ask again."""
    server = Server()
    new = await server.new_key()
    server.records.held = asyncio.Event()
    request = asyncio.create_task(server.keys.find(new.text))
    await server.records.waiting.wait()

    await server.keys.revoke(new.id)
    server.records.held.set()

    assert isinstance(await request, Caller)
    assert await server.keys.find(new.text) == KeyRefused("revoked")


@in_event_loop
async def test_a_remembered_key_expires_at_its_instant_all_the_same() -> None:
    """The seconds are about what others may have changed, and this was known from the start."""
    server = Server()
    new = await server.new_key(expires_at=NOON + SECOND)
    await server.keys.find(new.text)

    server.setting.now += SECOND

    assert await server.keys.find(new.text) == KeyRefused("expired")


@in_event_loop
async def test_a_clock_that_was_put_back_makes_no_key_live_longer() -> None:
    """Otherwise a key that was revoked would open until the clock has caught up."""
    server = Server()
    new = await server.new_key()
    await server.keys.find(new.text)
    await server.keys.kept.revoke(new.id)

    server.setting.now -= MINUTE

    assert await server.keys.find(new.text) == KeyRefused("revoked")


@in_event_loop
async def test_so_many_keys_are_remembered_and_no_more_and_the_oldest_goes_first() -> None:
    """A server that is asked by everybody in turn must not grow with them."""
    server = Server(remembered_max=2)
    keys = [await server.new_key() for _ in range(3)]

    for new in (*keys, keys[2], keys[1]):
        await server.keys.find(new.text)
    reads_of_two = server.records.reads
    await server.keys.find(keys[0].text)

    assert (reads_of_two, server.records.reads) == (3, 4)


@in_event_loop
async def test_keys_that_open_nothing_push_none_out() -> None:
    """Whoever tries keys out costs reads, and makes nobody else slower in the seconds of theirs."""
    server = Server(remembered_max=1)
    new = await server.new_key()
    elsewhere = await Server().new_key()
    await server.keys.find(new.text)

    refused = [await server.keys.find(elsewhere.text), await server.keys.find("ilk_" + "x" * 62)]
    reads = server.records.reads
    await server.keys.find(new.text)

    assert refused == [KeyRefused("unknown"), KeyRefused("malformed")]
    assert (reads, server.records.reads) == (2, 2)


@in_event_loop
async def test_no_key_of_another_tenant_is_revoked() -> None:
    """The limit of the store's keys holds for the remembered ones."""
    server = Server()
    new = await server.new_key()

    with pytest.raises(KeyNotFoundError):
        await server.keys.revoke(new.id, tenant="beta")

    assert isinstance(await server.keys.find(new.text), Caller)


class CountedRecords(MemoryRecords):
    """Records that count how often one is looked for, and can be made to answer the first reader late."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, on_commit=lambda: None)
        self.reads = 0
        self.held: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    async def find(self, tenant: str, kind: str, key: str) -> Record | None:
        """A record as it is now, told when that is allowed."""
        self.reads += 1
        found = await super().find(tenant, kind, key)
        if self.held is not None and not self.waiting.is_set():
            self.waiting.set()
            await self.held.wait()
        return found


class Server:
    """A process that is asked by many, with a store in memory."""

    def __init__(self, *, remembered_max: int = 1_000) -> None:
        self.setting = Setting()
        self.records = CountedRecords(self.setting.clock)
        self.keys = CachedKeys(ApiKeys(self.records, now=self.setting.clock), remembered_max=remembered_max)

    async def new_key(self, *, expires_at: int | None = None) -> NewKey:
        """The key of an operator."""
        new, _ = await self.keys.kept.create("acme", "ci", role="operator", expires_at=expires_at)
        return new
