"""Runs over HTTP: started once, listed, looked at, asked, continued."""

from __future__ import annotations

import io
import tarfile

from tests.api.running_server import RunningServer


def test_a_started_run_is_on_record_when_it_is_answered(server: RunningServer) -> None:
    """202 is a promise: whatever becomes of the server, the run will be driven."""
    answer = server.http.post("/v1/runs", json={"graph": "make", "inputs": {"thing": "bowl"}, "labels": {"team": "a"}})

    run = answer.json()["run"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/runs/{run}")
    whole = server.get(f"/runs/{run}", params={"wait": 20})
    assert (whole["status"], whole["outputs"], whole["labels"]) == ("succeeded", {"a": "bowl"}, {"team": "a"})
    assert whole["started_by"] == "local"


def test_starting_again_under_a_key_starts_nothing_new(server: RunningServer) -> None:
    """Whoever never heard the answer may ask again."""
    first = server.http.post("/v1/runs", json={"graph": "make"}, headers={"idempotency-key": "once"})

    again = server.http.post("/v1/runs", json={"graph": "make"}, headers={"idempotency-key": "once"})

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["run"] == first.json()["run"]


def test_a_key_that_names_another_run_is_refused(server: RunningServer) -> None:
    """Two orders under one number are a mistake, and no repetition: silence would lose one of them."""
    first = server.post("/runs", {"graph": "make", "inputs": {"thing": "jug"}, "key": "order-1"})["run"]

    other_inputs = server.refused("POST", "/runs", json={"graph": "make", "inputs": {"thing": "pan"}, "key": "order-1"})
    other_graph = server.refused("POST", "/runs", json={"graph": "ask", "key": "order-1"})

    assert (other_inputs["code"], other_inputs["run"], other_inputs["field"]) == ("key_taken", first, "key")
    assert other_graph["code"] == "key_taken"


def test_inputs_that_do_not_fit_are_refused_by_name(server: RunningServer) -> None:
    """What a graph asks for is judged before anything is on record: the request is wrong, not the moment it came at."""
    told = server.refused("POST", "/runs", json={"graph": "make", "inputs": {"thing": 7}})

    assert (told["status"], told["code"], told["field"]) == (422, "invalid_request", "inputs")
    assert told["detail"] == "the inputs are not what graph make takes: inputs.thing is 7, not text"
    assert ([each["field"] for each in told["problems"]], "run" in told) == (["inputs"], False)


def test_a_graph_is_never_a_file_of_the_server(server: RunningServer) -> None:
    """A name from outside that were read as a path would show files to strangers."""
    told = server.refused("POST", "/runs", json={"graph": "pyproject.toml"})

    assert (told["status"], told["code"]) == (404, "graph_not_found")


def test_lists_go_on_where_the_page_before_ended(server: RunningServer) -> None:
    """Every run is on one page and on no second one, also while others are started."""
    runs = [server.started("make", labels={"of": "pages"}) for _ in range(5)]

    first = server.get("/runs", params={"label": "of:pages", "limit": 2})
    server.started("make", labels={"of": "pages"})
    second = server.get("/runs", params={"label": "of:pages", "limit": 2, "cursor": first["next"]})
    third = server.get("/runs", params={"label": "of:pages", "limit": 2, "cursor": second["next"]})

    pages = [row["run"] for page in (first, second, third) for row in page["runs"]]
    assert (pages, third["next"]) == (runs[::-1], None)


def test_a_workspace_begins_with_the_files_of_an_archive(server: RunningServer) -> None:
    """A program far away has no folder here: it sends one along."""
    sent = server.http.put("/v1/artifacts", content=archive_of({"notes/today.txt": b"rain"})).json()

    run = server.started("reads", workspace=sent["artifact"])

    assert "rain" in server.get(f"/runs/{run}")["nodes"]["a"]["output"]["text"]


def test_a_workspace_that_is_no_archive_is_refused(server: RunningServer) -> None:
    """Before the run is on record: a run without its files would fail at the first of them."""
    sent = server.http.put("/v1/artifacts", content=b"no archive").json()

    wrong = server.refused("POST", "/runs", json={"graph": "reads", "workspace": sent["artifact"]})
    gone = server.refused("POST", "/runs", json={"graph": "reads", "workspace": "0" * 64})

    assert (wrong["code"], "no tar archive" in wrong["detail"]) == ("value_invalid", True)
    assert gone["status"] == 404


def archive_of(files: dict[str, bytes]) -> bytes:
    """A tar archive of some files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return made.getvalue()


def test_a_cursor_of_another_list_is_refused(server: RunningServer) -> None:
    """It would skip runs, and nobody would know."""
    for _ in range(2):
        server.started("make", labels={"of": "cursors"})
    page = server.get("/runs", params={"label": "of:cursors", "limit": 1})

    other = server.refused("GET", "/runs", params={"graph": "make", "cursor": page["next"]})
    none = server.refused("GET", "/runs", params={"cursor": "nonsense"})

    assert [other["code"], none["code"]] == ["invalid_cursor", "invalid_cursor"]


def test_runs_are_found_by_status_and_time(server: RunningServer) -> None:
    """What failed since this morning is asked every morning."""
    run = server.started("failing", labels={"of": "times"})
    began = server.get(f"/runs/{run}")["started_at"]

    found = server.get("/runs", params={"status": ["failed", "cancelled"], "label": "of:times", "started_from": began})
    before = server.get("/runs", params={"label": "of:times", "started_to": began - 1})

    assert [row["run"] for row in found["runs"]] == [run]
    assert before["runs"] == []


def test_a_run_is_told_as_it_was_after_any_of_its_events(server: RunningServer) -> None:
    """Time travel is the same fold as everywhere."""
    run = server.started("ask")

    now, then = server.get(f"/runs/{run}"), server.get(f"/runs/{run}", params={"at": 2})

    assert (now["status"], now["nodes"]["a"]["status"]) == ("waiting", "succeeded")
    assert (then["seq"], then["nodes"]["a"]["status"]) == (2, "running")


def test_what_has_not_changed_is_not_sent_again(server: RunningServer) -> None:
    """Pages that look every second cost nothing while nothing happens."""
    run = server.started("make")
    first = server.http.get(f"/v1/runs/{run}")

    again = server.http.get(f"/v1/runs/{run}", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_a_summary_counts_what_a_node_was_executed(server: RunningServer) -> None:
    """A run of a thousand items is one line for each node of its graph."""
    run = server.started("items", {"things": ["a", "b", "broken"]})

    told = server.get(f"/runs/{run}/summary")

    assert told["status"] == "failed"
    assert told["progress"] == {"succeeded": 2, "failed": 1}
    [node] = told["nodes"]
    assert (node["node"], node["statuses"], node["costs"]["calls"]) == ("each", {"succeeded": 2, "failed": 1}, 3)


def test_events_are_found_by_number_type_and_node(server: RunningServer) -> None:
    """Among ten thousand events one looks for three."""
    run = server.started("ask")

    ended = server.get(f"/runs/{run}/events", params={"type": ["node.result", "node.waiting"]})
    of_node = server.get(f"/runs/{run}/events", params={"path": "ask", "after": 1, "to": 100})
    first = server.get(f"/runs/{run}/events", params={"limit": 2})

    assert [event["path"] for event in ended["events"]] == ["a", "ask"]
    assert {event["path"] for event in of_node["events"]} == {"ask"}
    assert ([event["seq"] for event in first["events"]], first["next"]) == ([1, 2], 2)


def test_all_events_are_given_as_lines(server: RunningServer) -> None:
    """What is piped into another program is read line by line, however long it is."""
    run = server.started("make")

    lines = server.http.get(f"/v1/runs/{run}/events", headers={"accept": "application/x-ndjson"})

    assert lines.headers["content-type"] == "application/x-ndjson"
    assert len(lines.text.splitlines()) == server.get(f"/runs/{run}/row")["seq"]


def test_a_large_value_stands_as_a_reference_and_is_fetched_apart(server: RunningServer) -> None:
    """A page that shows a run must not load megabytes that nobody looks at."""
    thing = "x" * 40_000
    run = server.started("make", {"thing": thing})

    told = server.get(f"/runs/{run}")["nodes"]["a"]["output"]

    assert (set(told), told["type"]) == ({"kept_elsewhere", "bytes", "type"}, "application/json")
    assert server.get(f"/values/{told['kept_elsewhere']}") == thing
    assert server.refused("GET", f"/values/{'0' * 64}")["code"] == "value_not_found"


def test_a_question_is_answered_and_the_run_goes_on(server: RunningServer) -> None:
    """A person's word moves it on, and stands on record with their name."""
    run = server.started("ask")
    [asked] = server.get("/questions", params={"run": run})["questions"]

    server.post(f"/runs/{run}/answers", {"path": asked["path"], "choice": "release", "why": "looks good"})

    whole = server.get(f"/runs/{run}", params={"wait": 20})
    assert (asked["text"], asked["choices"], asked["actions"]["answer"]["allowed"]) == (
        "Release?", ["release", "reject"], True,
    )  # fmt: skip
    assert whole["outputs"]["ask"] == {"by": ["local"], "choice": "release", "form": None, "why": "looks good"}
    assert server.get("/questions", params={"run": run})["questions"] == []


def test_an_answer_that_cannot_be_is_refused_with_what_can(server: RunningServer) -> None:
    """The page may be old, or somebody was quicker."""
    run = server.started("ask")

    wrong = server.refused("POST", f"/runs/{run}/answers", json={"path": "ask", "choice": "perhaps"})
    nobody = server.refused("POST", f"/runs/{run}/answers", json={"path": "a", "choice": "release"})

    assert (wrong["code"], "release" in wrong["detail"]) == ("refused", True)
    assert nobody["code"] == "refused"


def test_a_held_gate_is_given_its_verdict(server: RunningServer) -> None:
    """What a rule holds, a person may let pass."""
    run = server.started("held")

    server.post(f"/runs/{run}/verdicts", {"path": "check", "verdict": "promote"})

    assert server.get(f"/runs/{run}", params={"wait": 20})["status"] == "succeeded"


def test_an_event_reaches_the_run_that_waits_for_it_once(server: RunningServer) -> None:
    """Webhooks come twice; what they say counts once."""
    run = server.started("waits")

    server.post(f"/runs/{run}/signals", {"name": "go", "data": {"n": 1}, "id": "delivery-1"})

    whole = server.get(f"/runs/{run}", params={"wait": 20})
    assert (whole["status"], whole["outputs"]) == ("succeeded", {"w": {"n": 1}})


def test_a_run_is_paused_resumed_and_cancelled(server: RunningServer) -> None:
    """Each is told back with how the run stands then."""
    run = server.started("ask")

    paused = server.post(f"/runs/{run}/pause", {"why": "lunch"})
    resumed = server.post(f"/runs/{run}/resume")
    server.post(f"/runs/{run}/cancel")

    assert (paused["run"]["status"], resumed["run"]["status"]) == ("paused", "waiting")
    assert server.get(f"/runs/{run}", params={"wait": 20})["status"] == "cancelled"


def test_an_act_that_has_nothing_to_say_needs_no_body(server: RunningServer) -> None:
    """`curl -X POST` is what everybody types first."""
    run = server.started("ask")

    answers = [server.http.post(f"/v1/runs/{run}/{act}") for act in ("pause", "resume", "cancel")]

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert server.get(f"/runs/{run}", params={"wait": 20})["status"] == "cancelled"


def test_what_can_be_done_is_told_with_the_reason_why_not(server: RunningServer) -> None:
    """A button that is grey says why, before anybody presses it."""
    run = server.started("make")

    actions = server.get(f"/runs/{run}")["actions"]

    assert actions["pause"] == {"allowed": False, "reason": "the run has ended: it succeeded"}
    assert actions["fork"] == {"allowed": True, "reason": ""}


def test_a_failed_run_is_retried_and_an_ended_one_rolled_back(server: RunningServer) -> None:
    """Neither changes the old run: the new ones name it."""
    failed, done = server.started("failing"), server.started("undoable")

    retried = server.post(f"/runs/{failed}/retry", {"why": "try again"})
    rolled_back = server.post(f"/runs/{done}/rollback")

    assert (retried["kind"], retried["parent"]) == ("retry", failed)
    whole = server.get(f"/runs/{rolled_back['run']}", params={"wait": 20})
    assert (whole["status"], whole["parent"]) == ("rolled_back", done)


def test_a_fork_is_made_as_it_was_planned(server: RunningServer) -> None:
    """Nobody does again what costs without having seen what that is."""
    run = server.started("make")
    body = {"start": "a", "set": {"inputs.thing": "vase"}}
    plan = server.post(f"/runs/{run}/fork/plan", body)

    forked = server.post(f"/runs/{run}/fork", {**body, "token": plan["token"]})

    assert (plan["runs_again"], [each["path"] for each in plan["done_again"]]) == (["a"], ["a"])
    whole = server.get(f"/runs/{forked['run']}", params={"wait": 20})
    assert (whole["kind"], whole["parent"], whole["outputs"]) == ("fork", run, {"a": "vase"})


def test_a_fork_without_its_plan_or_with_another_is_refused(server: RunningServer) -> None:
    """The token is of what was shown: anything else has to be shown first."""
    run = server.started("make")
    plan = server.post(f"/runs/{run}/fork/plan", {"start": "a"})

    unplanned = server.refused("POST", f"/runs/{run}/fork", json={"start": "a"})
    other = {"start": "a", "set": {"inputs.thing": "vase"}, "token": plan["token"]}
    outdated = server.refused("POST", f"/runs/{run}/fork", json=other)

    assert (unplanned["status"], unplanned["code"]) == (428, "plan_required")
    assert (outdated["status"], outdated["code"]) == (409, "plan_outdated")


def test_a_record_is_verified_and_two_runs_are_compared(server: RunningServer) -> None:
    """Evidence is asked for where the runs are looked at."""
    one, other = server.started("make", {"thing": "cup"}), server.started("make", {"thing": "pot"})

    verified = server.post(f"/runs/{one}/replay")
    differs = server.get(f"/runs/{one}/diff/{other}")
    redecided = server.post(f"/runs/{one}/redecide", {"graph": "make"})

    assert (verified["verdict"], verified["run"]) == ("same", one)
    assert (differs["same"], [node["path"] for node in differs["nodes"]]) == (False, ["a"])
    assert (redecided["same"], redecided["would_do"]) == (True, [])
