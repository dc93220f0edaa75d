"""Files over HTTP: kept by their content, downloaded whole or in part, and those of runs."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from interlock.artifacts.parts import PART_BYTES
from interlock.settings import ServerSettings
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph, Workshop, making

PNG = {"content-type": "image/png"}
GRAPHS: dict[str, Graph] = {
    "look": {"inputs": {"file": {"type": "object"}}, "nodes": {"a": making("${inputs.file.artifact}")}},
    "write": {
        "nodes": {
            "a": {"tool": "write_file", "input": {"path": "reports/summary.md", "text": "# All is well\n"}},
            "b": {"tool": "write_file", "input": {"path": "a.txt", "text": "a"}, "after": "a"},
        }
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def files(project: Path) -> Generator[RunningServer]:
    """A server of the project, which takes files of some size."""
    settings = ServerSettings(upload_bytes=3 * PART_BYTES, body_bytes=10_000)
    with running_server(GRAPHS, Workshop().tools, settings=settings, folder=project) as running:
        yield running


def uploaded(server: RunningServer, data: bytes) -> str:
    """The digest of what was uploaded."""
    digest: str = server.http.post("/v1/artifacts", content=data, headers=PNG).json()["artifact"]
    return digest


def test_a_file_is_kept_under_its_digest(files: RunningServer) -> None:
    """`sha256sum` says on any machine whether it is there already."""
    data = os.urandom(PART_BYTES + 10)
    digest = hashlib.sha256(data).hexdigest()

    first = files.http.post("/v1/artifacts", content=data, headers=PNG)
    again = files.http.put("/v1/artifacts", content=data)

    kept = first.json()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == f"/v1/artifacts/{digest}"
    assert (kept["artifact"], kept["bytes"], kept["type"], kept["by"]) == (digest, len(data), "image/png", "local")
    assert again.json() == kept


def test_a_file_comes_back_as_it_was_and_never_as_a_page(files: RunningServer) -> None:
    """A script in an uploaded page must not run with the rights of whoever looks at it."""
    data = b"<script>alert(1)</script>"
    kept = files.http.post("/v1/artifacts", content=data, headers={"content-type": "text/html"}).json()

    answer = files.http.get(f"/v1/artifacts/{kept['artifact']}")

    proof = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert (answer.content, answer.headers["content-type"]) == (data, "text/html")
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["repr-digest"] == f"sha-256=:{proof}:"


@pytest.mark.parametrize(
    ("asked", "first", "after"),
    [("bytes=0-0", 0, 1), ("bytes=5-", 5, 20), ("bytes=-3", 17, 20), ("bytes=2-999", 2, 20), ("bytes=-999", 0, 20)],
)
def test_a_download_goes_on_where_it_broke_off(files: RunningServer, asked: str, first: int, after: int) -> None:
    """A gigabyte over a bad line arrives in the end."""
    data = bytes(range(20))
    digest = uploaded(files, data)

    answer = files.http.get(f"/v1/artifacts/{digest}", headers={"range": asked})

    assert (answer.status_code, answer.content) == (206, data[first:after])
    assert answer.headers["content-range"] == f"bytes {first}-{after - 1}/20"
    assert answer.headers["content-length"] == str(after - first)


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=-", "nonsense"])
def test_what_is_no_single_range_gets_the_whole(files: RunningServer, asked: str) -> None:
    """As RFC 9110 lets a server do."""
    digest = uploaded(files, bytes(range(20)))

    answer = files.http.get(f"/v1/artifacts/{digest}", headers={"range": asked})

    assert (answer.status_code, answer.content) == (200, bytes(range(20)))


@pytest.mark.parametrize("asked", ["bytes=20-", "bytes=999-1000", "bytes=-0"])
def test_bytes_that_are_not_there_are_told_as_such(files: RunningServer, asked: str) -> None:
    """A client that believes the file to be longer learns how long it is."""
    digest = uploaded(files, bytes(range(20)))

    answer = files.http.get(f"/v1/artifacts/{digest}", headers={"range": asked})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == "bytes */20"


def test_a_range_of_another_file_is_answered_with_the_whole(files: RunningServer) -> None:
    """Two halves of different files put together are neither."""
    digest = uploaded(files, bytes(range(20)))
    asked = {"range": "bytes=5-"}

    same = files.http.get(f"/v1/artifacts/{digest}", headers={**asked, "if-range": f'"{digest}"'})
    other = files.http.get(f"/v1/artifacts/{digest}", headers={**asked, "if-range": '"another"'})

    assert (same.status_code, other.status_code) == (206, 200)


def test_what_a_client_has_already_is_not_sent_again(files: RunningServer) -> None:
    """What is named by its content never changes."""
    digest = uploaded(files, b"some")

    answer = files.http.get(f"/v1/artifacts/{digest}", headers={"if-none-match": f'"{digest}"'})

    assert (answer.status_code, answer.content) == (304, b"")
    assert "immutable" in answer.headers["cache-control"]


def test_size_and_type_can_be_asked_for_alone(files: RunningServer) -> None:
    """Before a gigabyte is fetched."""
    digest = uploaded(files, bytes(20))

    answer = files.http.head(f"/v1/artifacts/{digest}")

    told = (answer.status_code, answer.headers["content-length"], answer.headers["content-type"], answer.content)
    assert told == (200, "20", "image/png", b"")


def streamed(data: bytes) -> Iterator[bytes]:
    """A body whose length nobody says before."""
    yield data


def test_a_file_that_is_too_large_is_refused(files: RunningServer) -> None:
    """Whether the client says so at first or not."""
    data = bytes(3 * PART_BYTES + 1)

    said = files.refused("POST", "/artifacts", content=data)
    unsaid = files.refused("PUT", "/artifacts", content=streamed(data))

    assert [said["code"], unsaid["code"]] == ["body_too_large", "body_too_large"]


def test_a_type_that_is_none_is_refused(files: RunningServer) -> None:
    """It would be sent back in a header to whoever downloads."""
    told = files.refused("POST", "/artifacts", content=b"some", headers={"content-type": "not a type"})

    assert (told["code"], told["field"]) == ("invalid_request", "content-type")


def test_artifacts_are_listed_page_by_page(files: RunningServer) -> None:
    """There may be very many."""
    digests = {uploaded(files, f"page {number}".encode()) for number in range(3)}
    whole = files.get("/artifacts", params={"limit": 500})["artifacts"]

    first = files.get("/artifacts", params={"limit": 2})
    second = files.get("/artifacts", params={"limit": 498, "cursor": first["next"]})

    assert [*first["artifacts"], *second["artifacts"]] == whole
    assert digests <= {each["artifact"] for each in whole}
    assert whole[0]["actions"]["give_up"] == {"allowed": True, "reason": ""}


def test_a_run_names_a_file_in_its_inputs(files: RunningServer) -> None:
    """A value has no room for a file, and a digest is enough."""
    digest = uploaded(files, b"a drawing")

    run = files.started("look", {"file": {"artifact": digest, "type": "image/png", "bytes": 9}})

    assert files.get(f"/runs/{run}")["outputs"] == {"a": digest}


def test_a_run_cannot_name_what_is_not_there(files: RunningServer) -> None:
    """It would fail later, far from who wrote the digest."""
    told = files.refused("POST", "/runs", json={"graph": "look", "inputs": {"file": {"artifact": "a" * 64}}})

    assert (told["status"], told["code"]) == (404, "artifact_not_found")


def test_what_no_run_names_can_be_given_up(files: RunningServer) -> None:
    """And what one was started with stays, or its record would name nothing."""
    free, used = uploaded(files, b"free"), uploaded(files, b"used")
    files.started("look", {"file": {"artifact": used}})

    gone = files.http.delete(f"/v1/artifacts/{free}")
    kept = files.refused("DELETE", f"/artifacts/{used}")

    assert gone.status_code == 204
    assert files.refused("GET", f"/artifacts/{free}")["code"] == "artifact_not_found"
    assert (kept["status"], kept["code"]) == (409, "artifact_in_use")


def test_files_of_a_run_are_listed_and_downloaded(files: RunningServer) -> None:
    """What a run has made is what it was started for."""
    run = files.started("write")

    listed = files.get(f"/runs/{run}/artifacts")
    report = files.http.get(f"/v1/runs/{run}/artifacts/reports/summary.md", headers={"range": "bytes=2-4"})

    digest = hashlib.sha256(b"# All is well\n").hexdigest()
    assert [each["path"] for each in listed["files"]] == ["a.txt", "reports/summary.md"]
    assert listed["files"][1] == {
        "path": "reports/summary.md",
        "bytes": 14,
        "type": "text/markdown",
        "sha256": digest,
    }
    assert (report.status_code, report.content, report.headers["etag"]) == (206, b"All", f'"{digest}"')


def test_files_of_a_run_are_listed_page_by_page(files: RunningServer) -> None:
    """A build makes thousands."""
    run = files.started("write")

    first = files.get(f"/runs/{run}/artifacts", params={"limit": 1})
    second = files.get(f"/runs/{run}/artifacts", params={"limit": 1, "cursor": first["next"]})

    assert [page["files"][0]["path"] for page in (first, second)] == ["a.txt", "reports/summary.md"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("%2e%2e/%2e%2e/secrets.toml", "path_refused"),
        ("..%2f..%2fsecrets.toml", "path_refused"),
        ("%2fetc%2fpasswd", "path_refused"),
        ("reports%5csummary.md", "path_refused"),
        ("a%00.txt", "path_refused"),
        (".git/config", "path_refused"),
        ("reports", "path_refused"),
        ("link.txt", "path_refused"),
        ("linked/hosts", "path_refused"),
        ("nowhere.txt", "artifact_not_found"),
    ],
)
def test_nothing_outside_the_workspace_is_reached(files: RunningServer, project: Path, path: str, code: str) -> None:
    """Neither by a path that leads upwards nor through a link that a program of the run has made."""
    run = files.started("write")
    made = project / ".interlock" / "workspaces" / run / "files"
    (made / "link.txt").symlink_to("/etc/hosts")
    (made / "linked").symlink_to("/etc")

    told = files.refused("GET", f"/runs/{run}/artifacts/{path}")

    assert told["code"] == code
    assert [each["path"] for each in files.get(f"/runs/{run}/artifacts")["files"]] == ["a.txt", "reports/summary.md"]


def test_a_run_without_files_has_none(server: RunningServer) -> None:
    """Most runs make no files."""
    run = server.started("make")

    assert server.get(f"/runs/{run}/artifacts")["files"] == []
    assert server.refused("GET", f"/runs/{run}/artifacts/a.txt")["code"] == "artifact_not_found"


def test_another_tenant_sees_neither_and_a_viewer_uploads_nothing(tmp_path: Path) -> None:
    """Whoever knows a digest or the id of a run knows nothing else."""
    settings = ServerSettings(require_key=True)
    with running_server(GRAPHS, Workshop().tools, settings=settings, folder=tmp_path) as guarded:
        acme, other = guarded.as_key(key_of(guarded, tenant="acme")), guarded.as_key(key_of(guarded, tenant="other"))
        viewer = guarded.as_key(key_of(guarded, tenant="acme", role="viewer"))
        with acme, other, viewer:
            digest = acme.post("/v1/artifacts", content=b"ours").json()["artifact"]
            run = acme.post("/v1/runs", json={"graph": "write"}).json()["run"]

            codes = [
                other.get(f"/v1/artifacts/{digest}").json()["code"],
                other.get(f"/v1/runs/{run}/artifacts").json()["code"],
                viewer.post("/v1/artifacts", content=b"mine").json()["code"],
                acme.delete(f"/v1/artifacts/{digest}").json()["code"],
            ]
            seen = viewer.get(f"/v1/artifacts/{digest}").content

    assert codes == ["artifact_not_found", "run_not_found", "not_allowed", "not_allowed"]
    assert seen == b"ours"
