"""`interlock keys …`: API keys, by which programs elsewhere are recognised: made, listed and revoked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

from interlock.cli.completion import key_ids, key_roles, key_scopes
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, By, Store

if TYPE_CHECKING:
    from rich.text import Text

    from interlock.tenancy import KeyRow, NewKey, Role

app = typer.Typer(help="API keys, by which programs elsewhere are recognised. Each is shown once, when it is made.")

KeyArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The id of a key, as `interlock keys` lists it.", autocompletion=key_ids)
]
OfTenant: TypeAlias = Annotated[
    str | None, typer.Option("--tenant", metavar="NAME", help="Only keys of this tenant. Else of all.")
]


@app.callback(invoke_without_command=True)
def keys(context: typer.Context, *, tenant: OfTenant = None, store: Store = None, as_json: AsJson = False) -> int:
    """List the keys: whose each is, what it opens, and until when. What they are themselves nobody can show."""
    return ExitCode.SUCCEEDED if context.invoked_subcommand else finished(_list(tenant, store, as_json=as_json))


@app.command("list")
def list_(*, tenant: OfTenant = None, store: Store = None, as_json: AsJson = False) -> int:
    """List the keys, as `interlock keys` does; those that open nothing any more too."""
    return finished(_list(tenant, store, as_json=as_json))


async def _list(tenant: str | None, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.opening import looked_at_all, was_never_used
    from interlock.cli.output import print_json
    from interlock.showing.json import plain_data
    from interlock.showing.keys import api_key

    rows: list[KeyRow] = []
    if not was_never_used(store):
        async with looked_at_all(store) as interlock:
            rows = await interlock.keys.listed(tenant)
    if as_json:
        now = time.time_ns() // 1_000
        print_json({"keys": [plain_data(api_key(row, now=now)) for row in rows]})
    else:
        _print(rows, tenant, store)
    return ExitCode.SUCCEEDED


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is for: what it does goes on record as theirs.")],
    *,
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="NAME", help="Whose runs it is about. A new name makes a new tenant.")
    ] = "local",
    role: Annotated[
        str,
        typer.Option("--role", metavar="owner|operator|viewer", help="What it may do.", autocompletion=key_roles),
    ] = "operator",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="AREA|AREA:read",
            help="What it may do that with; may be given again. Else all that is the tenant's.",
            autocompletion=key_scopes,
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="For how long it is good: `90d`. Else for good.")
    ] = None,
    by: By = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Make a key and print it, this once. It alone is on standard output, so it can go where it is needed."""
    lasts = None if expires is None else _lasting(expires)
    on = Invocation(store=store, as_json=as_json, drives=False)
    return finished(_create(on, tenant=tenant, name=name, role=role, scopes=scope or [], lasts=lasts, by=by))


async def _create(
    on: Invocation, *, tenant: str, name: str, role: str, scopes: list[str], lasts: int | None, by: str
) -> int:
    from interlock.cli.opening import opened, who

    now = time.time_ns() // 1_000
    async with opened(on) as interlock:
        new, row = await interlock.keys.create(
            tenant,
            name,
            role=cast("Role", role),  # any other word is refused there, with those that there are
            scopes=scopes,
            expires_at=None if lasts is None else now + lasts,
            by=who(by),
        )
    _tell_new(new, row, now, on)
    return ExitCode.SUCCEEDED


@app.command()
def revoke(id: KeyArgument, *, by: By = "", store: Store = None, as_json: AsJson = False) -> int:
    """See to it that a key opens nothing any more: here at once, in servers that run within seconds."""
    return finished(_revoke(id, by, Invocation(store=store, as_json=as_json, drives=False)))


async def _revoke(id: str, by: str, on: Invocation) -> int:
    from interlock.cli.opening import looked_at_all, who
    from interlock.cli.output import console, plain, print_json
    from interlock.showing.json import plain_data
    from interlock.showing.keys import api_key

    async with looked_at_all(on.store) as interlock:
        row = await interlock.keys.revoke(id, by=who(by))
    if on.as_json:
        print_json(plain_data(api_key(row, now=time.time_ns() // 1_000)))
    else:
        told = f"the key {row.id} of {row.name} opens nothing any more: it was revoked by {row.revoked_by}"
        console().print(plain(told), markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _lasting(text: str) -> int:
    from interlock.core.durations import DurationProblem, parse_duration

    try:
        return parse_duration(text)
    except DurationProblem as problem:
        raise CommandError(f"--expires: {problem.message}; {problem.advice}") from problem


# --- telling ---------------------------------------------------------------------------------------------------------


def _tell_new(new: NewKey, row: KeyRow, now: int, on: Invocation) -> None:
    from interlock.cli.output import console, error_console, plain, print_json
    from interlock.showing.json import plain_data
    from interlock.showing.keys import made_key

    if on.as_json:
        print_json(plain_data(made_key(new, row, now=now)))
        return
    console().print(new.text, markup=False, soft_wrap=True)
    told = f"The key of {row.name}, {row.role} of tenant {row.tenant}, for {_opens(row)}, {_until(row)}."
    error_console().print(plain(told), markup=False, soft_wrap=True)
    error_console().print("It is shown this once and kept nowhere: put it where it is needed now.", style="yellow")


def _opens(row: KeyRow) -> str:
    return ", ".join(row.scopes) or "everything of the tenant"


def _until(row: KeyRow) -> str:
    from interlock.engine.telling.events_in_words import instant

    return "until it is revoked" if row.expires_at is None else f"until {instant(row.expires_at)}"


def _print(rows: list[KeyRow], tenant: str | None, store: str | None) -> None:
    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.next_steps import command_line
    from interlock.cli.output import console

    if not rows:
        whose = "" if tenant is None else f" of tenant {tenant!r}"
        console().print(f"no API keys{whose}: make one with", markup=False, soft_wrap=True)
        console().print(f"  {command_line('keys', 'create', 'NAME', store=store)}", markup=False, soft_wrap=True)
        return
    columns = (
        Column("id"),
        Column("name", may_be_cut=True),
        Column("tenant"),
        Column("role"),
        Column("opens", may_be_cut=True, leaves=1),
        Column("until", leaves=2),
        Column(""),
    )
    now = time.time_ns() // 1_000
    print_table(console(), columns, [_line(row, now) for row in rows])


def _line(row: KeyRow, now: int) -> list[Text]:
    from rich.text import Text

    from interlock.cli.output import plain
    from interlock.engine.telling.events_in_words import instant

    status = row.status(now)
    return [
        Text(row.id),
        Text(plain(row.name)),
        Text(row.tenant),
        Text(row.role),
        Text(", ".join(row.scopes) or "everything"),
        Text("" if row.expires_at is None else instant(row.expires_at)),
        Text("" if status == "valid" else status, style="yellow"),
    ]
