"""Who wrote what into a store, as the server itself saw it: each process comes to it under a name of its own.

Triggers note each append with the process that had the run's lease, and each end of a claim with the process that held
it. That is evidence which does not come from Interlock's own code.
"""

from __future__ import annotations

import secrets
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import asyncpg

Server: TypeAlias = Any
"""A connection to the server, or a pool of them: the driver is not typed."""

_MADE: Final = """
    create table audit_append(at timestamptz, who text, run text, seq int8, epoch int8, holder int8);
    create table audit_claim(at timestamptz, who text, run text, path text, holder int8, expires_at int8);
    create function audit_append() returns trigger language plpgsql as $$
    begin
        if new.seq > coalesce(old.seq, 0) then
            insert into public.audit_append
            values (clock_timestamp(), session_user, new.run, new.seq, new.epoch, new.pid);
        end if;
        return null;
    end $$;
    create function audit_claim() returns trigger language plpgsql as $$
    begin
        if old.owner is not null then
            insert into public.audit_claim
            values (clock_timestamp(), session_user, old.run, old.path, old.pid, old.expires_at);
        end if;
        return null;
    end $$;"""
_WATCHED: Final = """
    create trigger audit_append after insert or update on {schema}.run
        for each row execute function public.audit_append();
    create trigger audit_claim after delete on {schema}.offer
        for each row execute function public.audit_claim();"""
_APPENDS: Final = "select who, holder, count(*) from audit_append group by who, holder"
_CLAIMS: Final = """
    select who, run, path, holder, extract(epoch from at)::float8, expires_at / 1e6::float8 from audit_claim"""


class Audit:
    """The watch over one store, and the names under which processes come to it. `address` is the server's."""

    def __init__(self, address: str, schema: str, admin: Server) -> None:
        self._address = address
        self._schema = schema
        self.admin = admin
        self._pids: dict[str, int] = {}

    @classmethod
    async def over(cls, address: str, schema: str) -> Audit:
        """Watch a store whose tables have been made."""
        driver: Any = asyncpg
        admin = await driver.connect(address, server_settings={"search_path": f"public,{schema}"})
        await admin.execute(_MADE + _WATCHED.format(schema=schema))
        return cls(address, schema, admin)

    async def close(self) -> None:
        """Let go of the server."""
        await self.admin.close()

    async def address_for(self, name: str) -> str:
        """Where a process of that name finds the store."""
        password = secrets.token_hex(8)
        await self.admin.execute(f"create role {name} login superuser password '{password}'")
        parts = urlsplit(self._address)
        return f"{parts.scheme}://{name}:{password}@{parts.hostname}:{parts.port}{parts.path}?schema={self._schema}"

    def note_process(self, name: str, pid: int) -> None:
        """The process that comes under a name."""
        self._pids[name] = pid

    async def appends_of_others(self) -> list[str]:
        """Appends that were made by another process than the one which had the run's lease."""
        rows = await self.admin.fetch(_APPENDS)
        return [
            f"{who} ({self._pids.get(who)}) appended {count} times to runs that process {holder} drove"
            for who, holder, count in rows
            if self._pids.get(who) != holder
        ]

    async def answers_of_others(self, dead_at: dict[int, float]) -> list[str]:
        """Claims that somebody else ended while their holder lived and had not been silent for a lease."""
        rows = await self.admin.fetch(_CLAIMS)
        return [
            f"{who} ended the claim of process {holder} on {run}:{path}"
            for who, run, path, holder, at, expires_at in rows
            if self._pids.get(who) != holder and at < expires_at and at < dead_at.get(holder, at + 1)
        ]
