"""Files: those that are kept under their digests, those in workspaces of runs, and runs as files, all held whole."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from interlock.client.errands import Flow, Telling, made
from interlock.client.paging import listed
from interlock.client.requests import RunLike, fetch, id_of, remove, upload
from interlock.wire.artifacts import Artifact, ArtifactPage, RunFile, RunFilePage
from interlock.wire.jobs import RunFileFound

BYTES = "application/octet-stream"


def list_artifacts() -> Telling[Artifact]:
    """What is kept, in the order of digests."""
    return listed("artifacts", shape=ArtifactPage, rows_of=lambda page: page.artifacts)


def upload_artifact(content: bytes, *, type: str = BYTES) -> Flow[Artifact]:
    """Keep a file under the SHA-256 of its bytes: inputs of runs name it by that."""
    return made(upload("artifacts", shape=Artifact, content=content, kind=type))


def download_artifact(digest: str) -> Flow[bytes]:
    """The bytes of an artifact."""
    return made(fetch("artifacts", digest))


def give_up_artifact(digest: str) -> Flow[None]:
    """Give an artifact up. One that a run on record was started with stays."""
    yield from made(structs.replace(remove("artifacts", digest, shape=bytes), is_file=True))


def files_of(run: RunLike) -> Telling[RunFile]:
    """The files that a run has in its workspace."""
    return listed("runs", id_of(run), "artifacts", shape=RunFilePage, rows_of=lambda page: page.files)


def file_of(run: RunLike, path: str) -> Flow[bytes]:
    """One file of a run's workspace."""
    return made(fetch("runs", id_of(run), "artifacts", *path.split("/")))


def export(run: RunLike) -> Flow[bytes]:
    """All that is on record of a run, in one signed file that can be verified anywhere."""
    return made(fetch("runs", id_of(run), "export"))


def import_run(content: bytes, *, trust: Iterable[str] = (), keep: bool = True) -> Flow[RunFileFound]:
    """Verify a run's file, and keep the run to be looked at. `trust` names the keys of which one has to have signed."""
    query = {"trust": list(trust), "keep": "true" if keep else "false"}
    return made(upload("runs", "imports", shape=RunFileFound, content=content, kind="application/x-tar", query=query))
