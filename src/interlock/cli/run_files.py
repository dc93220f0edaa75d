"""`export`, `import` and `signer`: runs carried as signed files, and the key by which others know whose they are."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, By, Run, Store

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from rich.console import Console

    from interlock.audit.exporting import Progress
    from interlock.audit.import_record import ImportRecord
    from interlock.audit.importing import ImportedRun
    from interlock.audit.manifest import Manifest
    from interlock.audit.run_file import VerifiedFile


def export(
    run: Run,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file, which must not be there yet. Else RUN.run.tar."),
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Write a run into one signed file, with its events, decisions, graph and values, to be verified anywhere."""
    return finished(_export(run, output, store, as_json=as_json))


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` has written.")],
    *,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            "--trust",
            metavar="FINGERPRINT|FILE",
            help="Take only what this key has signed: its fingerprint, or a file with it. May be given again.",
        ),
    ] = None,
    verify_only: Annotated[bool, typer.Option("--verify-only", help="Only verify it; nothing is kept.")] = False,
    by: By = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Verify a run's file and keep the run, to be looked at and replayed. It is never driven on here."""
    if verify_only:
        return finished(_verify(file, trust or (), as_json=as_json))
    return finished(_import(file, trust or (), by, store, as_json=as_json))


def signer(
    *,
    pem: Annotated[bool, typer.Option("--pem", help="Print the public key alone, as a file for `--trust`.")] = False,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Show with which key this installation signs: whoever gets its files can compare the fingerprint."""
    return finished(_signer(store, is_pem=pem, as_json=as_json))


async def _export(run: str, output: Path | None, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.new_file import new_file
    from interlock.cli.opening import looked_at
    from interlock.cli.output import console, plain, print_json

    async with looked_at(run, store) as handle:
        target = output or Path(f"{handle.id}.run.tar")
        with new_file(target) as file, _shown(as_json=as_json) as progress:
            made = await handle.export(progress=progress)
            async for piece in made:
                file.write(piece)
    if as_json:
        print_json({"file": str(target), "bytes": made.bytes_made, **_as_json(made.manifest), "signer": made.signer})
        return 0
    out = console()
    out.print(f"{plain(str(target))} holds {_told(made.manifest)}", markup=False, soft_wrap=True)
    _tell_erased(out, made.manifest)
    out.print(f"  signed by {made.signer}", style="dim", markup=False, soft_wrap=True)
    return 0


async def _verify(file: Path, trust: Sequence[str], *, as_json: bool) -> int:
    from interlock.audit.file_at_hand import file_at_hand
    from interlock.audit.importing import verified_file
    from interlock.audit.trusting import trusted_fingerprint
    from interlock.cli.output import console, print_json
    from interlock.showing.jobs import run_file_found
    from interlock.showing.json import plain_data

    trusted = [trusted_fingerprint(named) for named in trust]
    async with file_at_hand(file) as opened:
        with _shown(as_json=as_json) as progress:
            verified = await verified_file(opened, trusted=trusted, progress=progress)
    known = tuple(signer for signer in verified.signers if signer in trusted)
    if as_json:
        print_json(plain_data(run_file_found(verified, trusted=known, kept=False)))
        return 0
    out = console()
    out.print(f"whole: {_told(verified.manifest)}, all as it was signed", markup=False, soft_wrap=True)
    _tell_erased(out, verified.manifest)
    _tell_signers(out, verified, known)
    return 0


async def _import(file: Path, trust: Sequence[str], by: str, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.opening import opened_to_keep, who
    from interlock.cli.output import console, print_json
    from interlock.showing.jobs import run_file_found
    from interlock.showing.json import plain_data

    async with opened_to_keep(store) as interlock:
        with _shown(as_json=as_json) as progress:
            imported = await interlock.run_files.import_run(file, by=who(by), trust=trust, progress=progress)
    if as_json:
        added = imported.events_added
        found = run_file_found(imported.verified, trusted=imported.trusted, kept=True, events_added=added)
        print_json(plain_data(found))
        return 0
    out = console()
    out.print(_kept_told(imported), markup=False, soft_wrap=True)
    _tell_signers(out, imported.verified, imported.trusted)
    return 0


async def _signer(store: str | None, *, is_pem: bool, as_json: bool) -> int:
    from interlock.audit.signing_key import ALGORITHM, public_pem
    from interlock.cli.opening import opened_to_keep
    from interlock.cli.output import console, print_json
    from interlock.showing.json import plain_data
    from interlock.wire.jobs import Signer

    async with opened_to_keep(store) as interlock:
        key = await interlock.run_files.signing_key()
    pem = public_pem(key.public)
    if as_json:
        print_json(plain_data(Signer(algorithm=ALGORITHM, fingerprint=key.fingerprint, public_key=pem)))
    elif is_pem:
        console().print(pem, end="", markup=False, soft_wrap=True)
    else:
        console().print(key.fingerprint, markup=False, soft_wrap=True)
    return 0


# --- what is told ----------------------------------------------------------------------------------------------------


def import_as_json(record: ImportRecord) -> dict[str, Any]:
    """How a run came here, for programs."""
    signers = [one.fingerprint for one in record.signatures]
    told = {"tenant": record.tenant, "at": record.at, "by": record.by}
    return {"imported": told | {"signers": signers, "trusted": list(record.trusted)}}


def tell_import(out: Console, record: ImportRecord) -> None:
    """How a run came here, and that nothing moves it on."""
    from interlock.cli.output import plain
    from interlock.engine.telling.events_in_words import instant

    signers = ", ".join(record.trusted or [one.fingerprint for one in record.signatures])
    trusted = "which was trusted" if record.trusted else "and nobody had said whose key that is"
    when = f"{instant(record.at)} by {record.by}" if record.by else instant(record.at)
    told = f"imported at {when} from tenant {record.tenant} of another installation: nothing moves it on here"
    out.print(f"  {plain(told)}", style="yellow", markup=False, soft_wrap=True)
    out.print(f"  its file was signed by {signers}, {trusted}", style="dim", markup=False, soft_wrap=True)


def _as_json(manifest: Manifest) -> dict[str, Any]:
    summary = manifest.summary
    return {
        "run": manifest.run,
        "tenant": manifest.tenant,
        "graph": summary.graph,
        "status": summary.status,
        "events": manifest.events,
        "erased": manifest.erased,
        "blobs": _blobs(manifest),
        "head": manifest.head,
    }


def _told(manifest: Manifest) -> str:
    blobs = _blobs(manifest)
    values = f"{blobs:,} large value{'s' * (blobs != 1)}"
    status = manifest.summary.status.replace("_", " ")
    return (
        f"run {manifest.run} of graph {manifest.summary.graph}, {status}, with {_events(manifest.events)} and {values}"
    )


def _events(count: int) -> str:
    return f"{count:,} event{'s' * (count != 1)}"


def _kept_told(imported: ImportedRun) -> str:
    manifest = imported.verified.manifest
    if not imported.events_added:
        return f"run {manifest.run} is here already, with its {_events(manifest.events)}: nothing was changed"
    if imported.events_added < manifest.events:
        return f"added {_events(imported.events_added)} to run {manifest.run}: now it is {_told(manifest)}"
    return f"kept {_told(manifest)}, all as it was signed"


def _tell_erased(out: Console, manifest: Manifest) -> None:
    if manifest.is_erased:
        told = "what its events said was erased: it shows that and when they happened, and what of is gone"
        out.print(f"  {told}", style="yellow", markup=False, soft_wrap=True)


def _tell_signers(out: Console, verified: VerifiedFile, trusted: Sequence[str]) -> None:
    for signer in verified.signers:
        is_trusted = signer in trusted
        told = ", which is trusted" if is_trusted else ""
        out.print(f"  signed by {signer}{told}", style="green" if is_trusted else "", markup=False, soft_wrap=True)
    if not trusted:
        told = "that says nothing of who it is: compare the fingerprint with theirs, then give it as --trust"
        out.print(f"  {told}", style="yellow", markup=False, soft_wrap=True)


def _blobs(manifest: Manifest) -> int:
    return sum(part.name.startswith("blobs/") for part in manifest.parts)


@contextmanager
def _shown(*, as_json: bool) -> Generator[Progress]:
    """On a terminal, how far it is."""
    from rich.progress import Progress as Bar

    from interlock.cli.output import error_console

    out = error_console()
    with Bar(console=out, transient=True, disable=as_json or not out.is_terminal) as bar:
        task = bar.add_task("")

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield show
