"""Files are carried between artifacts and a run's workspace, whichever machine the run is driven on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from interlock.artifacts import Artifact, ArtifactInUseError, ArtifactShelf
from interlock.core.plan import Permissions
from interlock.store.memory.store import MemoryEventStore
from interlock.tools.standard.artifacts import artifact_tools
from interlock.tools.tool import Tool
from interlock.tools.workspace import Workspaces
from tests.contracts.test_artifacts import pieces_of, whole
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON
from tests.tools.doorstep import lived
from tests.tools.standard.bench import RUN, Bench

SAID = "d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26"


class Office:
    """Artifacts, and a bench whose tools know them."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryEventStore(clock=lambda: NOON)
        self.bench = Bench(folder, self._tools)

    def shelf(self, tenant: str = "local") -> ArtifactShelf:
        """The artifacts of a tenant."""
        return ArtifactShelf(self.store, tenant, now=lambda: NOON)

    def kept(self, data: bytes, *, tenant: str = "local") -> Artifact:
        """An artifact of these bytes."""
        made, _ = lived(lambda: self.shelf(tenant).keep(pieces_of(data), type="text/plain", bytes_max=2**30))
        return made

    def _tools(self, workspaces: Workspaces) -> Sequence[Tool]:
        return artifact_tools(workspaces, self.shelf)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An empty workspace, and no artifacts."""
    return Office(tmp_path)


def test_an_uploaded_file_is_put_into_the_workspace(office: Office) -> None:
    """Where every other tool reads it."""
    kept = office.kept(b"drawn")
    office.bench.holds({"in/a.txt": "before"})

    new = office.bench.call("fetch_artifact", artifact=kept.digest, path="in/b.txt")
    over = office.bench.call("fetch_artifact", artifact=kept.digest, path="in/a.txt")

    assert new == {"path": "in/b.txt", "bytes": 5, "digest": kept.digest, "created": True}
    assert over["created"] is False
    assert office.bench.files == {"in/a.txt": "drawn", "in/b.txt": "drawn"}


def test_fetching_is_done_once_for_its_effect(office: Office) -> None:
    """A repeat after a crash leaves what was written since."""
    kept = office.kept(b"drawn")
    first = office.bench.call("fetch_artifact", effect="e1", artifact=kept.digest, path="a.txt")
    office.bench.call("fetch_artifact", artifact=office.kept(b"other").digest, path="a.txt")

    assert office.bench.call("fetch_artifact", effect="e1", artifact=kept.digest, path="a.txt") == first
    assert office.bench.files == {"a.txt": "other"}


def test_what_cannot_be_fetched_is_told_as_it_is(office: Office) -> None:
    """Nothing of another tenant, nothing beyond the workspace, nothing that is too large for it."""
    theirs, large = office.kept(b"theirs", tenant="other"), office.kept(bytes(16 * 1024 * 1024 + 1))
    ours = office.kept(b"ours")

    refusals = [
        office.bench.refusal("fetch_artifact", artifact=theirs.digest, path="a.txt"),
        office.bench.refusal("fetch_artifact", artifact=large.digest, path="a.txt"),
        office.bench.refusal("fetch_artifact", artifact=ours.digest, path="../a.txt"),
        office.bench.refusal("fetch_artifact", artifact="nonsense", path="a.txt"),
    ]

    assert [kind for kind, _ in refusals] == ["invalid", "exhausted", "invalid", "invalid"]
    assert office.bench.files == {}


def test_a_file_of_the_workspace_is_kept_for_others(office: Office) -> None:
    """A workspace goes with its machine; what is kept stays as long as the run is on record."""
    office.bench.holds({"out/said.md": "said"})

    made = office.bench.call("keep_artifact", path="out/said.md")
    again = office.bench.call("keep_artifact", path="out/said.md", type="text/html")

    assert made == {"artifact": again["artifact"], "bytes": 4, "type": "text/markdown"}
    assert again == made

    @in_event_loop
    async def look() -> None:
        shelf = office.shelf()
        assert (await shelf.get(made["artifact"])).by == f"run {RUN}"
        assert await whole(shelf.read(made["artifact"])) == b"said"
        with pytest.raises(ArtifactInUseError, match=RUN):
            await shelf.drop(made["artifact"])

    look()


def test_what_a_call_reads_and_writes_is_known_before_it_is_made(office: Office) -> None:
    """Policy is asked about the very file."""
    fetch, keep = office.bench.tools["fetch_artifact"], office.bench.tools["keep_artifact"]

    assert fetch.permissions({"artifact": SAID, "path": "./a//b"}) == Permissions(writes=("a/b",))
    assert keep.permissions({"path": "a/b"}) == Permissions(reads=("a/b",))


def test_where_there_are_no_artifacts_that_is_said(tmp_path: Path) -> None:
    """As in a simulation."""
    bench = Bench(tmp_path, lambda workspaces: artifact_tools(workspaces, None))

    assert bench.refusal("keep_artifact", path="a.txt")[0] == "refused"
