"""Drafts: kept with their mistakes, never lost to somebody else's, and never run by their name alone."""

from __future__ import annotations

from tests.api.running_server import RunningServer

GOOD = "graph: NAME  # ours\nnodes: {a: {value: 1}}\n"
WRONG = "graph: NAME\nnodes: {a: {tool: maek}}\n"
FIRST = {"if-none-match": "*"}


def saved(server: RunningServer, name: str, text: str = GOOD, headers: dict[str, str] = FIRST) -> str:
    """The ETag of a draft that was saved."""
    answer = server.http.put(
        f"/v1/graphs/{name}/draft", json={"text": text.replace("NAME", name)}, headers=headers
    )  # fmt: skip
    assert answer.is_success, answer.text
    return answer.headers["etag"]


def test_a_draft_is_kept_with_everything_that_is_wrong_with_it(server: RunningServer) -> None:
    """Nobody loses an evening's work because a name is misspelt."""
    saved(server, "evening", WRONG)

    draft = server.get("/graphs/evening/draft")

    assert (draft["text"], draft["row"]["errors"]) == (WRONG.replace("NAME", "evening"), 1)
    assert [each["advice"] for each in draft["check"]["problems"]] == ["did you mean `make`?"]
    assert draft["actions"]["publish"] == {"allowed": False, "reason": "it has errors: 1"}
    assert draft["row"]["by"] == "local"


def test_whoever_saves_over_what_they_have_not_seen_is_refused(server: RunningServer) -> None:
    """Of two who write at once the second one notices, and merges."""
    first = saved(server, "shared")
    saved(server, "shared", GOOD + "# Ada\n", {"if-match": first})
    body = {"text": "graph: shared\n"}

    late = server.refused("PUT", "/graphs/shared/draft", json=body, headers={"if-match": first})
    as_first = server.refused("PUT", "/graphs/shared/draft", json=body, headers=FIRST)
    blind = server.refused("PUT", "/graphs/shared/draft", json=body)

    assert [late["code"], as_first["code"], blind["code"]] == [
        "changed_meanwhile", "changed_meanwhile", "precondition_required",
    ]  # fmt: skip
    assert server.get("/graphs/shared/draft")["text"].endswith("# Ada\n")


def test_a_draft_that_was_dropped_and_begun_anew_is_another_one(server: RunningServer) -> None:
    """The same number of changes is not the same text."""
    first = saved(server, "anew")
    dropped = server.http.delete("/v1/graphs/anew/draft", headers={"if-match": first})
    saved(server, "anew")

    late = server.refused("PUT", "/graphs/anew/draft", json={"text": ""}, headers={"if-match": first})

    assert (dropped.status_code, late["code"]) == (204, "changed_meanwhile")


def test_a_draft_that_is_not_there_is_told_as_such(server: RunningServer) -> None:
    """A page begins one then."""
    missing = server.refused("GET", "/graphs/nobody/draft")
    late = server.refused("PUT", "/graphs/nobody/draft", json={"text": ""}, headers={"if-match": '"1"'})

    assert (missing["code"], late["code"]) == ("draft_not_found", "changed_meanwhile")


def test_a_draft_of_another_name_says_so(server: RunningServer) -> None:
    """Published, it would stand under a name at which nobody looks for it."""
    saved(server, "mine", GOOD.replace("NAME", "yours"))

    [problem] = server.get("/graphs/mine/draft")["check"]["problems"]

    assert (problem["field"], problem["line"], problem["column"], problem["end_column"]) == ("graph", 1, 8, 13)
    assert "`yours`" in problem["message"]


def test_a_name_that_no_graph_can_have_is_refused(server: RunningServer) -> None:
    """It could never be published."""
    told = server.refused("PUT", "/graphs/No Name/draft", json={"text": ""}, headers=FIRST)

    assert (told["status"], told["code"], told["field"]) == (422, "invalid_request", "graph")


def test_half_a_character_is_refused(server: RunningServer) -> None:
    """It is no text: what was kept of it could not be given back."""
    told = server.http.put(
        "/v1/graphs/half/draft", content=b'{"text": "\\ud800"}', headers={**FIRST, "content-type": "application/json"}
    ).json()

    assert (told["code"], told["field"]) == ("invalid_request", "text")
    assert "surrogate" in told["detail"]


def test_a_name_means_no_draft_until_one_is_asked_for(server: RunningServer) -> None:
    """What somebody is writing on is never what somebody else runs."""
    saved(server, "sketch")

    by_name = server.refused("POST", "/runs", json={"graph": "sketch"})
    run = server.started("sketch", draft=True)

    assert by_name["code"] == "graph_not_found"
    assert server.get(f"/runs/{run}")["outputs"] == {"a": 1}
