"""`interlock store …`: which version the schema of the store has, and the way to another, up or down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, Store

if TYPE_CHECKING:
    from interlock.store.places import StorePlace
    from interlock.store.schema import StoreSchema

app = typer.Typer(help="The store's schema: its version, and the way to another.", no_args_is_help=True)

Plan: TypeAlias = Annotated[bool, typer.Option("--plan", help="Only print the SQL that would be executed.")]


@app.command()
def version(*, store: Store = None, as_json: AsJson = False) -> int:
    """Print the version of the store's schema, and the one that this release works with."""
    return finished(_version(store, as_json=as_json))


@app.command()
def upgrade(
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="How far. Else as far as this release knows.")
    ] = None,
    plan: Plan = False,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Bring the store of an older release up to date. A file is copied first, and must not be in use."""
    return finished(_upgrade(to, store, plans=plan, as_json=as_json))


@app.command()
def downgrade(
    *,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="How far back.")],
    plan: Plan = False,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Take the store's schema back, for an older release. A file is copied first, and must not be in use."""
    return finished(_downgrade(to, store, plans=plan, as_json=as_json))


async def _version(store: str | None, *, as_json: bool) -> int:
    from interlock.cli.next_steps import command_line
    from interlock.cli.output import console, print_json

    place, schema = _schema(store)
    found = await schema.version()
    if as_json:
        print_json({"store": str(place), "schema": found, "newest": schema.newest})
        return ExitCode.SUCCEEDED
    out = console()
    if found == schema.newest:
        out.print(f"{place} has schema {found}, the one that this release works with", markup=False, soft_wrap=True)
    else:
        out.print(f"{place} has schema {found}, this release works with {schema.newest}", markup=False, soft_wrap=True)
        upgrade = command_line("store", "upgrade", store=store)
        out.print(f"next:\n  {upgrade}", style="dim", markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


async def _upgrade(to: str | None, store: str | None, *, plans: bool, as_json: bool) -> int:
    place, schema = _schema(store)
    found, wanted = await schema.version(), to or schema.newest
    if wanted < found:
        await schema.plan(wanted)  # of a version that there never was, that is to be said
        raise CommandError(
            f"schema {wanted} is older than {found}, which {place} has: use `interlock store downgrade --to {wanted}`"
        )
    return await _go(place, schema, wanted, plans=plans, as_json=as_json)


async def _downgrade(to: str, store: str | None, *, plans: bool, as_json: bool) -> int:
    place, schema = _schema(store)
    found = await schema.version()
    if to > found:
        await schema.plan(to)  # of a version that there never was, that is to be said
        raise CommandError(f"schema {to} is newer than {found}, which {place} has: use `interlock store upgrade`")
    return await _go(place, schema, to, plans=plans, as_json=as_json)


async def _go(place: StorePlace, schema: StoreSchema, to: str, *, plans: bool, as_json: bool) -> int:
    if plans:
        _print_plan(place, await schema.plan(to), as_json=as_json)
        return ExitCode.SUCCEEDED
    from interlock.cli.output import console, print_json

    done = await schema.migrate(to)
    if as_json:
        copy = str(done.copy) if done.copy else None
        print_json({"store": str(place), "before": done.before, "after": done.after, "copy": copy})
    else:
        console().print(f"{place} {done}", markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _print_plan(place: StorePlace, statements: list[str], *, as_json: bool) -> None:
    from interlock.cli.output import print_json, write_output

    if as_json:
        print_json({"store": str(place), "statements": statements})
    else:
        write_output("".join(f"{statement}\n\n" for statement in statements))


def _schema(store: str | None) -> tuple[StorePlace, StoreSchema]:
    from interlock.bootstrap import schema_of
    from interlock.cli.opening import existing_store

    place = existing_store(store)
    return place, schema_of(place)
