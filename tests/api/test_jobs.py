"""Long work over HTTP: begun, looked at, stopped, begun again; and runs carried as files."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from interlock.embedded.jobs import ExportJob, Job, VerifyJob
from interlock.embedded.jobs.records import JOB, KEPT_MAX
from interlock.settings import ServerSettings
from tests.api.conftest import GRAPHS
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


@pytest.fixture
def elsewhere(tmp_path: Path) -> Generator[RunningServer]:
    """Another installation, with a store and a key of its own."""
    with running_server({}, settings=ServerSettings(upload_bytes=1_000_000), folder=tmp_path) as running:
        yield running


def ended(server: RunningServer, body: dict[str, object]) -> dict[str, object]:
    """A job once it has ended."""
    begun = server.post("/jobs", body)
    told: dict[str, object] = server.get(f"/jobs/{begun['id']}", params={"wait": 20})
    return told


def put_on_record(server: RunningServer, job: Job) -> None:
    """A job of a process that is not there any more."""
    served = server.served[0]
    server.soon(served.store.records.put("local", JOB, job.id, msgspec.json.encode(job)))


def test_a_run_is_exported_as_an_artifact(server: RunningServer) -> None:
    """A long run takes long to be put into a file, and longer than a request may."""
    run = server.started("make")

    begun = server.http.post("/v1/jobs", json={"job": "export", "run": run})
    told = server.get(f"/jobs/{begun.json()['id']}", params={"wait": 20})

    assert (begun.status_code, begun.headers["location"]) == (202, f"/v1/jobs/{told['id']}")
    assert (told["status"], told["job"], told["given"], told["by"]) == ("succeeded", "export", {"run": run}, "local")
    assert told["progress"] == {"what": "events", "done": 4, "total": 4}
    file = server.http.get(f"/v1/artifacts/{told['result']['artifact']}")
    assert (len(file.content), file.headers["content-type"]) == (told["result"]["bytes"], "application/x-tar")
    assert told["result"]["signer"] == server.get("/signer")["fingerprint"]


def test_the_file_of_a_run_is_the_same_whichever_way_it_is_fetched(server: RunningServer) -> None:
    """Two files that differ would have to be explained to an auditor."""
    run = server.started("make")
    result = ended(server, {"job": "export", "run": run})["result"]

    direct = server.http.get(f"/v1/runs/{run}/export")

    assert isinstance(result, dict)
    assert direct.content == server.http.get(f"/v1/artifacts/{result['artifact']}").content
    assert direct.headers["content-disposition"] == f'attachment; filename="{run}.run.tar"'


def test_a_run_is_kept_elsewhere_by_its_file(server: RunningServer, elsewhere: RunningServer) -> None:
    """As a record that can be shown and replayed there; the same file again changes nothing."""
    run = server.started("make")
    file = server.http.get(f"/v1/runs/{run}/export").content
    signer = server.get("/signer")["fingerprint"]

    first = elsewhere.http.post("/v1/runs/imports", params={"trust": signer}, content=file)
    again = elsewhere.http.post("/v1/runs/imports", content=file)

    told = first.json()
    assert (first.status_code, first.headers["location"], again.status_code) == (201, f"/v1/runs/{run}", 200)
    assert (told["run"], told["status"], told["events"], told["trusted"]) == (run, "succeeded", 4, [signer])
    assert (told["kept"], told["events_added"], again.json()["events_added"]) == (True, 4, 0)
    assert elsewhere.post(f"/runs/{run}/replay")["verdict"] == "same"


def test_a_file_can_be_verified_without_being_kept(server: RunningServer, elsewhere: RunningServer) -> None:
    """An auditor wants to know, and not to have."""
    run = server.started("make")
    file = server.http.get(f"/v1/runs/{run}/export").content

    told = elsewhere.http.post("/v1/runs/imports", params={"keep": "false"}, content=file).json()

    assert (told["kept"], told["run"], told["signers"]) == (False, run, [server.get("/signer")["fingerprint"]])
    assert elsewhere.refused("GET", f"/runs/{run}")["code"] == "run_not_found"


def test_a_file_that_is_none_or_of_a_stranger_is_refused(server: RunningServer, elsewhere: RunningServer) -> None:
    """Nothing of it is kept, and the reason is told by a code."""
    run = server.started("make")
    file = server.http.get(f"/v1/runs/{run}/export").content

    refusals = [
        elsewhere.refused("POST", "/runs/imports", content=file[:-2_000]),
        elsewhere.refused("POST", "/runs/imports", content=b"no file at all"),
        elsewhere.refused("POST", "/runs/imports", params={"trust": "a" * 64}, content=file),
        elsewhere.refused("POST", "/runs/imports", content=bytes(1_000_001)),
    ]

    codes = [told["code"] for told in refusals]
    assert codes == ["run_file_invalid", "run_file_invalid", "signer_untrusted", "body_too_large"]
    assert elsewhere.refused("GET", f"/runs/{run}")["code"] == "run_not_found"


def test_a_file_that_was_uploaded_is_imported_as_a_job(server: RunningServer, elsewhere: RunningServer) -> None:
    """A large file takes its time to be verified."""
    run = server.started("make")
    digest = elsewhere.http.post("/v1/artifacts", content=server.http.get(f"/v1/runs/{run}/export").content).json()

    told = ended(elsewhere, {"job": "import", "artifact": digest["artifact"]})

    assert (told["status"], told["result"]) == (
        "succeeded",
        {
            "run": run,
            "events": 4,
            "events_added": 4,
            "signers": [server.get("/signer")["fingerprint"]],
            "trusted": [],
        },
    )


def test_why_a_job_failed_is_told_as_any_problem(server: RunningServer) -> None:
    """The code is the same that the request would have been refused with."""
    digest = server.http.post("/v1/artifacts", content=b"no run file").json()["artifact"]

    told = ended(server, {"job": "import", "artifact": digest})

    problem = told["problem"]
    assert isinstance(problem, dict)
    assert (told["status"], problem["code"], problem["status"]) == ("failed", "run_file_invalid", 422)


def test_the_records_of_many_runs_are_verified(server: RunningServer) -> None:
    """Whether all of last month holds is one question."""
    runs = [server.started("make", labels={"of": "verify"}) for _ in range(3)]

    many = ended(server, {"job": "verify", "graph": "make", "labels": {"of": "verify"}})
    one = ended(server, {"job": "verify", "run": runs[0]})

    assert many["result"] == {"runs": 3, "same": 3, "verdicts": {"same": 3}, "faults": []}
    assert one["result"] == {"runs": 1, "same": 1, "verdicts": {"same": 1}, "faults": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"job": "export", "run": "nowhere"}, "run_not_found"),
        ({"job": "import", "artifact": "a" * 64}, "artifact_not_found"),
        ({"job": "verify", "run": "nowhere"}, "run_not_found"),
        ({"job": "verify", "status": ["well"]}, "invalid_request"),
        ({"job": "verify", "run": "r", "graph": "g"}, "invalid_request"),
        ({"job": "import", "artifact": "a" * 64, "trust": ["/etc/passwd"]}, "invalid_request"),
        ({"job": "paint"}, "invalid_request"),
        ({"run": "r"}, "invalid_request"),
    ],
)
def test_what_cannot_be_begun_is_refused_at_once(server: RunningServer, body: dict[str, object], code: str) -> None:
    """And not found out later by whoever asks how far it is."""
    assert server.refused("POST", "/jobs", json=body)["code"] == code


def test_a_job_whose_process_died_can_be_begun_again(server: RunningServer) -> None:
    """Nobody works on it any more, and whoever waits for it has to do something about that."""
    wanted = ExportJob(run=server.started("make"))
    put_on_record(server, Job(id="1" * 32, wanted=wanted, by="ada", at=1, status="lost", ended_at=2))

    lost = server.get(f"/jobs/{'1' * 32}")
    begun = server.http.post(f"/v1/jobs/{'1' * 32}/again")
    again = server.get(f"/jobs/{'1' * 32}", params={"wait": 20})

    assert (lost["status"], lost["actions"]["again"]["allowed"]) == ("lost", True)
    assert (begun.status_code, again["status"], again["attempt"], again["by"]) == (202, "succeeded", 2, "local")


def test_a_job_that_somebody_else_works_on_is_asked_to_stop(server: RunningServer) -> None:
    """Whoever works on it hears that with the next word it gives."""
    put_on_record(server, Job(id="2" * 32, wanted=VerifyJob(), by="ada", at=1))

    asked = server.http.post(f"/v1/jobs/{'2' * 32}/cancel")
    kept = server.soon(server.served[0].store.records.find("local", JOB, "2" * 32))

    assert asked.status_code == 202
    assert kept is not None
    assert msgspec.json.decode(kept.data, type=Job).cancel_asked


def test_what_has_ended_is_neither_stopped_nor_begun_again(server: RunningServer) -> None:
    """Its result stands."""
    job = ended(server, {"job": "verify", "run": server.started("make")})

    stop = server.refused("POST", f"/jobs/{job['id']}/cancel")
    again = server.refused("POST", f"/jobs/{job['id']}/again")

    assert [stop["code"], again["code"]] == ["refused", "refused"]
    assert job["actions"] == {
        "cancel": {"allowed": False, "reason": "the job is succeeded"},
        "again": {"allowed": False, "reason": "the job is succeeded"},
    }


def test_jobs_are_listed_the_newest_first_and_not_for_ever(server: RunningServer) -> None:
    """What was asked for last is looked for first."""
    first = ended(server, {"job": "verify", "run": server.started("make")})
    old = Job(id="f" * 32, wanted=VerifyJob(), by="ada", at=1, status="failed")
    for number in range(KEPT_MAX):
        put_on_record(server, replace(old, id=f"f{number:031x}"))

    second = ended(server, {"job": "verify", "run": server.started("make")})
    page = server.get("/jobs", params={"limit": 500})

    listed = [job["id"] for job in page["jobs"]]
    assert listed.index(second["id"]) + 1 == listed.index(first["id"])
    assert len(listed) == KEPT_MAX


def test_another_tenant_sees_no_job_and_a_viewer_begins_none() -> None:
    """What is exported of others is nobody's business."""
    settings = ServerSettings(require_key=True)
    with running_server(GRAPHS, Workshop().tools, settings=settings) as guarded:
        acme, other = guarded.as_key(key_of(guarded, tenant="acme")), guarded.as_key(key_of(guarded, tenant="other"))
        viewer = guarded.as_key(key_of(guarded, tenant="acme", role="viewer"))
        with acme, other, viewer:
            run = acme.post("/v1/runs", json={"graph": "make"}).json()["run"]
            job = acme.post("/v1/jobs", json={"job": "verify", "run": run}).json()["id"]

            codes = [
                other.get(f"/v1/jobs/{job}").json()["code"],
                other.post("/v1/jobs", json={"job": "export", "run": run}).json()["code"],
                other.get(f"/v1/runs/{run}/export").json()["code"],
                viewer.post("/v1/jobs", json={"job": "verify", "run": run}).json()["code"],
                viewer.post("/v1/runs/imports", content=b"x").json()["code"],
            ]
            seen = viewer.get(f"/v1/jobs/{job}").status_code

    assert codes == ["job_not_found", "run_not_found", "run_not_found", "not_allowed", "not_allowed"]
    assert seen == 200
