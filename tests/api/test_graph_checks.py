"""Graphs are checked while they are written: every problem at once, with the characters it is about."""

from __future__ import annotations

from tests.api.running_server import RunningServer

TWO_MISTAKES = """\
graph: fixing
nodes:
  plan: {tool: make, input: {thing: "a ${plam}"}}
  check: {gate: ["${1 > 2}"], otherwise: perhaps}
"""


def test_every_problem_is_told_with_the_characters_it_is_about(server: RunningServer) -> None:
    """An editor draws a line under each, and nobody has to mend one to see the next."""
    told = server.post("/graphs/validate", {"text": TWO_MISTAKES})

    places = [
        (each["field"], each["line"], each["column"], each["end_line"], each["end_column"])
        for each in told["problems"]
    ]  # fmt: skip
    assert (told["valid"], told["graph"], "drawing" in told) == (False, "fixing", False)
    assert places == [("nodes.plan.input.thing", 3, 42, 3, 46), ("nodes.check.otherwise", 4, 42, 4, 49)]
    assert {each["severity"] for each in told["problems"]} == {"error"}
    assert "plan" in told["problems"][0]["advice"]


def test_a_text_that_cannot_be_read_says_where_it_breaks(server: RunningServer) -> None:
    """What is half written is the ordinary case while somebody types."""
    told = server.post("/graphs/validate", {"text": "graph: half\nnodes:\n  a: {tool: make"})

    assert (told["valid"], told["graph"]) == (False, "")
    assert [each["line"] for each in told["problems"]] == [3]


def test_a_graph_without_a_mistake_is_drawn_with_what_it_takes_and_gives(server: RunningServer) -> None:
    """A page shows the picture and the form to start it, before anything is published."""
    text = """\
graph: baking
inputs: {things: {type: array, items: {type: string}}}
nodes:
  each_thing: {each: "${inputs.things}", as: thing, do: {tool: make, input: {thing: "${thing}"}}}
  refine: {loop: {draft: {tool: make, input: {thing: cup}}}, until: "${round.index > 1}", max: 3, after: each_thing}
outputs: {all: "${each_thing}"}
"""

    told = server.post("/graphs/validate", {"text": text})

    nodes = [(each["node"], each["kind"], each["what"], each["inside"]) for each in told["drawing"]["nodes"]]
    assert nodes == [
        ("each_thing", "each", "each, 10 at a time: tool make", ""),
        ("refine", "loop", "loop, at most 3 rounds", ""),
        ("refine/draft", "tool", "tool make", "refine"),
    ]
    assert told["drawing"]["edges"] == [{"source": "each_thing", "target": "refine", "label": ""}]
    assert (list(told["inputs"]["properties"]), told["outputs"], len(told["hash"])) == (["things"], ["all"], 64)


def test_a_document_is_checked_like_its_text(server: RunningServer) -> None:
    """Programs put graphs together as data: what is wrong has a field, and no line."""
    told = server.post("/graphs/validate", {"document": {"graph": "fixing", "nodes": {"a": {"tool": "maek"}}}})

    [problem] = told["problems"]
    assert (problem["field"], "line" in problem, "make" in problem["advice"]) == ("nodes.a.tool", False, True)


def test_a_graph_of_another_system_is_checked_where_it_was_written(server: RunningServer) -> None:
    """Whoever brings one along mends their own text, and sees what it means here."""
    steps = "name: Two Things\nsteps:\n  - {agent_type: make, name: first}\n  - {agent_type: NAME, name: again}\n"

    right = server.post("/graphs/validate", {"text": steps.replace("NAME", "make")})
    wrong = server.post("/graphs/validate", {"text": steps.replace("NAME", "maek")})

    assert (right["valid"], right["graph"], right["ours"]["graph"]) == (True, "two-things", "two-things")
    places = [(each["line"], each["column"], each["end_column"]) for each in wrong["problems"]]
    assert (wrong["valid"], places) == (False, [(4, 18, 22)])


def test_a_graph_names_those_that_the_project_has(server: RunningServer) -> None:
    """A text is checked as it would be run: beside everything that is known by name."""
    known = server.post("/graphs/validate", {"text": "graph: outer\nnodes: {a: {graph: make}}\n"})
    unknown = server.post("/graphs/validate", {"text": "graph: outer\nnodes: {a: {graph: maek}}\n"})

    assert (known["valid"], [each["node"] for each in known["drawing"]["nodes"]]) == (True, ["a", "a/a"])
    assert [(each["field"], each["advice"]) for each in unknown["problems"]] == [
        ("nodes.a.graph", "did you mean `make`?")
    ]


def test_a_text_and_a_document_at_once_are_refused(server: RunningServer) -> None:
    """Of two graphs nobody would know which was checked."""
    both = server.refused("POST", "/graphs/validate", json={"text": "graph: a", "document": {"graph": "a"}})
    neither = server.refused("POST", "/graphs/validate", json={})

    assert [both["code"], neither["code"]] == ["invalid_request", "invalid_request"]


def test_half_a_character_in_a_document_is_a_problem_of_it(server: RunningServer) -> None:
    """JSON can write what no text holds; whoever sent it is told where."""
    body = b'{"document": {"graph": "\\ud800", "nodes": {}}}'

    answer = server.http.post("/v1/graphs/validate", content=body, headers={"content-type": "application/json"})

    [problem] = answer.json()["problems"]
    assert (problem["field"], "half a character" in problem["message"]) == ("graph", True)


def test_nodes_are_drawn_at_the_paths_that_runs_have(server: RunningServer) -> None:
    """A page that shows a run finds each of its nodes in the picture, however deep."""
    text = """\
graph: deep
inputs: {things: {type: array, items: {type: string}}}
nodes:
  all:
    each: "${inputs.things}"
    as: thing
    do: {loop: {draft: {value: "${thing}"}}, max: 1, at_max: accept}
  inner: {graph: {nodes: {one: {value: 1}}}, after: all}
finally:
  tidy: {value: done}
"""
    server.post("/graphs", {"text": text})
    run = server.started("deep", {"things": ["a", "b"]})

    drawn = {each["node"] for each in server.get("/graphs/deep")["drawing"]["nodes"]}
    executed = {each["node"] for each in server.get(f"/runs/{run}/summary")["nodes"]}

    assert drawn == executed == {"all", "all/draft", "inner", "inner/one", "finally/tidy"}


def test_what_is_no_map_of_nodes_is_a_problem_and_no_fault(server: RunningServer) -> None:
    """Programs make mistakes of every kind."""
    told = server.post("/graphs/validate", {"document": {"graph": "g", "nodes": 5}})

    assert [each["field"] for each in told["problems"]] == ["nodes"]
