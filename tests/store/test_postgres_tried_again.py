"""An append in PostgreSQL that is tried again, since somebody changed its run's row at that very moment."""

from __future__ import annotations

import asyncio

from interlock.store.blobs import unpack_blob
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import connect
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, started, step
from tests.store.places import PostgresPlace
from tests.store.test_postgres_feed import until_one_waits

BEHIND_IT = "select count(*) from pg_locks where locktype in ('transactionid', 'tuple') and not granted"
BLOBS = {"ab" * 32: b"what was said " * 1_000}


@in_event_loop
async def test_an_append_that_is_tried_again_stores_its_blobs_as_they_are(postgres_address: PostgresAddress) -> None:
    """They are compressed on the way: twice, and nobody could read them again."""
    async with PostgresPlace(postgres_address).store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        renewing = await connect(postgres_address)
        async with renewing.transaction():
            await renewing.execute("update run set expires_at = expires_at + 1")
            appending = asyncio.ensure_future(store.append(append(lease, *step(0), after=1, blobs=BLOBS)))
            watching = await connect(postgres_address)
            await until_one_waits(watching, BEHIND_IT)
        await appending
        stored = await watching.fetch("select digest, data from blob")
        renewing.terminate()
        watching.terminate()

        assert {digest: unpack_blob(data, name=digest) for digest, data in stored} == BLOBS
