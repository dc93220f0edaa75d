"""What is known by name: lists that compile nothing, what a name means, and its picture."""

from __future__ import annotations

from tests.api.running_server import RunningServer


def test_every_graph_with_a_name_is_listed_with_where_it_is(server: RunningServer) -> None:
    """Released, drafted, in the project: one list, by name."""
    server.post("/graphs", {"text": "graph: listed-1\ndescription: For lists.\nnodes: {a: {value: 1}}\n"})
    first = {"if-none-match": "*"}
    for name in ("listed-1", "listed-2"):
        server.http.put(f"/v1/graphs/{name}/draft", json={"text": "graph: ["}, headers=first)

    rows = {each["graph"]: each for each in server.get("/graphs", params={"limit": 500})["graphs"]}

    told = [(rows[name]["sources"], rows[name]["version"], rows[name]["valid"]) for name in ("listed-1", "listed-2")]
    assert told == [(["released", "draft"], 1, True), (["draft"], None, False)]
    assert (rows["listed-1"]["description"], rows["listed-2"]["draft"]["errors"]) == ("For lists.", 1)
    assert (rows["make"]["sources"], rows["make"]["valid"]) == (["project"], None)


def test_a_list_goes_on_where_the_page_before_ended(server: RunningServer) -> None:
    """Each name stands on one page, wherever a graph of that name is."""
    whole = [each["graph"] for each in server.get("/graphs", params={"limit": 500})["graphs"]]

    first = server.get("/graphs", params={"limit": 3})
    second = server.get("/graphs", params={"limit": 3, "cursor": first["next"]})

    assert [each["graph"] for each in (*first["graphs"], *second["graphs"])] == whole[:6] == sorted(whole)[:6]


def test_a_name_tells_what_a_run_of_it_would_be(server: RunningServer) -> None:
    """A page makes the form to start it of this, and draws it."""
    told = server.get("/graphs/ask")

    nodes = [(each["node"], each["kind"]) for each in told["drawing"]["nodes"]]
    [warning] = told["problems"]
    assert (told["row"]["sources"], nodes) == (["project"], [("a", "tool"), ("ask", "human")])
    assert (warning["severity"], warning["field"]) == ("warning", "nodes.a")
    assert (told["tools"], told["agents"], told["outputs"]) == (["make"], [], ["ask"])
    assert {name: each["allowed"] for name, each in told["actions"].items()} == {
        "draft": True, "publish": True, "back": False, "run": True,
    }  # fmt: skip


def test_what_starts_a_graph_by_itself_is_told(server: RunningServer) -> None:
    """Whoever publishes it sees that it will run at night."""
    triggers = "triggers: {nightly: {cron: '0 3 * * *', zone: UTC}, merged: {event: pr.merged}}\n"
    server.post("/graphs", {"text": f"graph: nightly-work\n{triggers}nodes: {{a: {{value: 1}}}}\n"})

    told = server.get("/graphs/nightly-work")["triggers"]

    assert told == [
        {"name": "merged", "kind": "event", "what": "pr.merged"},
        {"name": "nightly", "kind": "cron", "what": "0 3 * * *"},
    ]


def test_a_tool_by_itself_is_a_graph(server: RunningServer) -> None:
    """It is tried without anybody writing one."""
    assert server.get("/graphs/tool:make")["tools"] == ["make"]


def test_a_name_that_is_nearly_known_says_which_is_meant(server: RunningServer) -> None:
    """A slip is the ordinary reason."""
    told = server.refused("GET", "/graphs/undoble")

    assert (told["status"], told["code"]) == (404, "graph_not_found")
    assert "undoable" in told["detail"]


def test_a_graph_is_drawn_as_a_picture_that_needs_nothing_else(server: RunningServer) -> None:
    """It is put into a page or a document as it is."""
    drawn = server.http.get("/v1/graphs/ask/picture")

    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text.startswith("<svg ")
    assert "script" not in drawn.text


def test_a_draft_is_compared_with_the_version_in_force(server: RunningServer) -> None:
    """Who publishes reads the difference, by node and by line; a comment is no difference of meaning."""
    text = "graph: compared\n# Two values.\nnodes:\n  a: {value: 1}\n  b: {value: 2}\n"
    server.post("/graphs", {"text": text})
    changed = text.replace("# Two values.\n", "").replace("b: {value: 2}", "c: {value: 2}").replace("1}", "7}")
    server.http.put("/v1/graphs/compared/draft", json={"text": changed}, headers={"if-none-match": "*"})

    told = server.get("/graphs/compared/diff")

    assert (told["before"], told["after"], told["same"], told["keys"]) == ("version 1", "draft", False, [])
    assert [(each["node"], each["how"], each["keys"]) for each in told["nodes"]] == [
        ("a", "changed", ["value"]), ("c", "new", ["value"]), ("b", "gone", ["value"]),
    ]  # fmt: skip
    assert told["text"] == [
        {
            "before": 1,
            "after": 1,
            "lines": [
                " graph: compared", "-# Two values.", " nodes:",
                "-  a: {value: 1}", "-  b: {value: 2}", "+  a: {value: 7}", "+  c: {value: 2}",
            ],
        }
    ]  # fmt: skip


def test_a_draft_with_errors_is_compared_by_its_text(server: RunningServer) -> None:
    """While it is half written, the lines can be told and the meaning cannot."""
    server.post("/graphs", {"text": "graph: half-written\nnodes: {a: {value: 1}}\n"})
    broken = {"text": "graph: half-written\nnodes: {a: {value: 1}\n"}
    server.http.put("/v1/graphs/half-written/draft", json=broken, headers={"if-none-match": "*"})

    told = server.get("/graphs/half-written/diff", params={"from": "1", "to": "draft"})

    assert (told["same"], told["nodes"], len(told["text"])) == (None, [], 1)


def test_a_name_that_only_a_draft_has_is_looked_at_and_not_run(server: RunningServer) -> None:
    """Also not by a detour: what a run goes on on has to be published."""
    text = "graph: only-drafted\nnodes: {a: {value: 1}}\n"
    server.http.put("/v1/graphs/only-drafted/draft", json={"text": text}, headers={"if-none-match": "*"})
    run = server.started("make")

    told = server.get("/graphs/only-drafted")
    forked = server.refused("POST", f"/runs/{run}/fork/plan", json={"start": "a", "graph": "only-drafted"})

    assert (told["row"]["sources"], told["outputs"], forked["code"]) == (["draft"], ["a"], "graph_not_found")
    assert told["actions"]["run"] == {"allowed": False, "reason": "only a draft of it is kept: publish it first"}
