"""A graph built in Python is the graph that YAML would have said: the same document, and so the same hash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock import GraphBuilder, Node, Scope, graph
from interlock.authoring.building import node_keys
from interlock.authoring.yaml_document import read_document as read_yaml
from interlock.core.bundle import Meaning, graph_hash
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.compiling.canonical_document import canonical_document
from interlock.core.compiling.documents import read_document
from interlock.core.compiling.json_data import JsonMap
from interlock.core.graph import NODE_MODELS, Graph
from tests.authoring.every_kind_built import every_kind
from tests.core.compiling import TOOLS, data_of
from tests.core.every_kind import EVERY_KIND, SMALL

GIT_TO_PROD = Path(__file__).parents[2] / "examples/git-to-prod/graphs/git-to-prod.yaml"


def canonical(document: Mapping[str, Any] | None) -> JsonMap:
    """A document in its one canonical spelling."""
    read = read_document(document)
    assert read.graph is not None, read.problems
    assert not read.problems
    return canonical_document(read.graph)


def hash_of(document: Mapping[str, Any] | None) -> str:
    """The graph hash of a document that names no other graph."""
    return graph_hash(Meaning(canonical(document), {}))


def git_to_prod() -> GraphBuilder:
    """The example of the repository."""
    g = graph(
        "git-to-prod",
        inputs={
            "pr_number": "integer",
            "hurry": {"type": "boolean", "default": False},
            "execute": {"type": "boolean", "default": True},
        },
        budget={"usd": "2.00", "tokens": 400000, "wall": "15m"},
        timeout="48h",
        on_failure="rollback",
    )
    pr, execute = g.inputs.pr_number, g.inputs.execute
    request = g.tool("request", "read_file", input={"path": f"pull_requests/{pr}.md"})
    plan = g.agent("plan", "planner", input={"request": request.text})
    clear = g.gate("clear", "${size(plan.files) > 0}")
    candidates = [
        g.agent(
            name,
            fixer,
            input={"plan": plan, "hurry": g.inputs.hurry},
            after=clear,
            retry={"attempts": 3, "backoff": "2s"},
        )
        for name, fixer in (("fix_python", "py_fixer"), ("fix_frontend", "fe_fixer"), ("write_tests", "test_writer"))
    ]
    pick = g.fuse("pick", "best_of", of=candidates, by="${candidate.score}")
    apply = g.tool("apply", "apply_patch", input={"patch": pick.patch}, undo={"tool": "revert_patch"})
    test = g.tool("test", "run_tests", after=apply, when=execute, timeout="2m")
    scan = g.tool("scan", "security_scan", input={"paths": ["receipts"]}, after=apply, when=execute, timeout="2m")
    quality = g.gate(
        "quality",
        [
            "${test.?succeeded.orValue(!inputs.execute)}",
            "${scan.?high.orValue(0) + scan.?medium.orValue(0) == 0}",
        ],
        after=[test.on("succeeded", "skipped"), scan.on("succeeded", "skipped")],
        otherwise="rollback",
    )
    untested = "${inputs.execute ? '' : ' (Nothing was tested.)'}"
    approve = g.human(
        "approve",
        f"Release the fix of PR {pr}? {pick.summary}{untested}",
        after=quality,
        choices=["release", "reject"],
        timeout="24h",
        otherwise="reject",
    )
    changelog = g.tool("changelog", "read_file", input={"path": "CHANGELOG.md"}, after=approve.on("release"))
    told = f"{pick.summary} (PR {pr})"
    entry = g.tool("entry", "changelog_entry", input={"changelog": changelog.text, "text": told})
    g.tool("release", "apply_patch", input={"patch": entry.patch}, undo={"tool": "revert_patch"})
    g.outputs(version=entry.version.or_else(""), fix=pick.summary)
    return g


def test_the_example_has_the_same_hash_in_python_as_in_its_file() -> None:
    """Whoever moves a graph from one to the other keeps its runs, its recordings and its approvals."""
    written = read_yaml(GIT_TO_PROD.read_bytes(), source="git-to-prod.yaml").data

    assert hash_of(git_to_prod().document()) == hash_of(written)


def test_every_kind_and_key_can_be_built_and_comes_to_the_same_document() -> None:
    """Python is no second language: there is nothing that only one of the two can say."""
    built, written = every_kind().document(), data_of(EVERY_KIND)
    catalogue = Catalogue({tool.name: tool for tool in TOOLS}, {"small": data_of(SMALL)})

    plans = [compile_graph(document, catalogue).plan for document in (built, written)]

    assert canonical(built) == canonical(written)
    assert [plan.graph_hash for plan in plans if plan] == [plans[0].graph_hash if plans[0] else ""] * 2


@pytest.mark.parametrize(
    ("kind", "arguments", "keys"),
    [
        ("tool", {"tool"}, node_keys.ToolKeys),
        ("value", {"value"}, node_keys.NodeKeys),
        ("gate", {"gate"}, node_keys.GateKeys),
        ("human", {"human"}, node_keys.HumanKeys),
        ("fuse", {"fuse", "from"}, node_keys.FuseKeys),
        ("each", {"each", "as", "do", "nodes", "outputs"}, node_keys.EachKeys),
        ("loop", {"loop", "as", "max", "outputs"}, node_keys.LoopKeys),
        ("graph", {"graph"}, node_keys.GraphNodeKeys),
        ("wait", {"wait"}, node_keys.WaitKeys),
        ("emit", {"emit"}, node_keys.EmitKeys),
        ("choose", {"choose"}, node_keys.NodeKeys),
    ],
)
def test_each_kind_takes_the_keys_that_the_language_gives_it(kind: str, arguments: set[str], keys: type) -> None:
    """A key that is added to the language is missed here before anybody misses it in Python."""
    of_the_language = {field.alias or name for name, field in NODE_MODELS[kind].model_fields.items()}

    assert arguments | set(keys.__annotations__) == of_the_language


def test_a_graph_takes_the_keys_that_the_language_gives_it() -> None:
    """The rest of a graph is added to it: its nodes, its outputs and what runs at its end."""
    of_the_language = {field.alias or name for name, field in Graph.model_fields.items()}

    assert {"graph", "nodes", "finally", "outputs"} | set(node_keys.GraphKeys.__annotations__) == of_the_language


# --- spellings -------------------------------------------------------------------------------------------------------


def edges_by_name(g: GraphBuilder, a: Node, b: Node) -> None:
    """Nodes may be named by text as well, so that a graph can be put together from data."""
    g.tool("c", "look", after=["a", "b"], on_error={"fallback": "d"}, cancels="a")
    g.tool("d", "look")


def edges_as_a_map(g: GraphBuilder, a: Node, b: Node) -> None:
    """As in YAML."""
    g.tool("c", "look", after={"a": {"on": ["failed", "skipped"]}, "b": {"when": b.ok}})


def edges_by_handle(g: GraphBuilder, a: Node, b: Node) -> None:
    """Some with conditions, some without."""
    g.tool("c", "look", after=[a, b.on("failed", "skipped", when=b.x == "y")])


def one_check(g: GraphBuilder, a: Node, b: Node) -> None:
    """A gate of one check needs no list."""
    g.gate("c", a.ok & ~b.ok)


def a_body_in_a_body(g: GraphBuilder, a: Node, b: Node) -> None:
    """The indentation is that of YAML; the one node of `do` may have a body too."""
    with g.each("c", a.files) as each, each.do.loop(max=2, until="${done.yes}") as loop:
        loop.tool("done", "look", input={"n": [each.index, loop.index]})
    with g.loop("d", max=2, as_="attempt") as loop, loop.block("e") as block:
        block.value("f", loop.last)


def every_kind_in_a_do(g: GraphBuilder, a: Node, b: Node) -> None:
    """What is done for an item may be of any kind that makes sense alone."""
    bodies = [g.each(f"c{number}", a.list).__enter__() for number in range(11)]
    bodies[0].do.value(bodies[0].item)
    bodies[1].do.gate(bodies[1].item.ok)
    bodies[2].do.human(f"Is {bodies[2].item} good?", choices=["yes", "no"])
    bodies[3].do.choose(["all"])
    bodies[4].do.wait("1s")
    bodies[5].do.wait_until(bodies[5].item.at)
    bodies[6].do.wait_for("merged", match={"pr": bodies[6].item}, early="drop")
    bodies[7].do.emit("seen", data=bodies[7].item)
    bodies[8].do.graph("small", input={"n": bodies[8].item})
    with bodies[9].do.block() as block:
        block.value("x", bodies[9].item)
    with bodies[10].do.each(bodies[10].item.pages, as_="page") as each:
        each.value("y", each.item)


def a_list_that_grows(g: GraphBuilder, a: Node, b: Node) -> None:
    """The two functions for lists that are kept by reference."""
    with g.loop("c", max=9) as loop:
        loop.value("log", loop.last.log.append({"n": loop.index}))
        loop.value("recent", loop.last.log.tail(20))


def parts_of_one_graph(g: GraphBuilder, a: Node, b: Node) -> None:
    """A function may add nodes to a graph or to any body alike."""

    def reviewed(scope: Scope, text: Node) -> Node:
        return scope.tool("review", "look", input={"text": text})

    reviewed(g, a)
    with g.block("c") as block:
        reviewed(block, b)


IN_YAML: dict[Callable[[GraphBuilder, Node, Node], None], str] = {
    edges_by_name: """
        c: {tool: look, after: [a, b], on_error: {fallback: d}, cancels: a},
        d: {tool: look}""",
    edges_as_a_map: """
        c: {tool: look, after: {a: {on: [failed, skipped]}, b: {when: "${b.ok}"}}}""",
    edges_by_handle: """
        c: {tool: look, after: {a: {}, b: {on: [failed, skipped], when: '${b.x == "y"}'}}}""",
    one_check: """
        c: {gate: "${a.ok && !b.ok}"}""",
    a_body_in_a_body: """
        c:
          {each: "${a.files}",
           do: {loop: {done: {tool: look, input: {n: ["${item_index}", "${round.index}"]}}},
                until: "${done.yes}", max: 2}},
        d: {loop: {e: {graph: {nodes: {f: {value: "${attempt.last}"}}}}}, as: attempt, max: 2}""",
    every_kind_in_a_do: """
        c0: {each: "${a.list}", do: {value: "${item}"}},
        c1: {each: "${a.list}", do: {gate: "${item.ok}"}},
        c2: {each: "${a.list}", do: {human: "Is ${item} good?", choices: ["yes", "no"]}},
        c3: {each: "${a.list}", do: {choose: [{label: all}]}},
        c4: {each: "${a.list}", do: {wait: 1s}},
        c5: {each: "${a.list}", do: {wait: {at: "${item.at}"}}},
        c6: {each: "${a.list}", do: {wait: {event: merged, match: {pr: "${item}"}, early: drop}}},
        c7: {each: "${a.list}", do: {emit: seen, data: "${item}"}},
        c8: {each: "${a.list}", do: {graph: small, input: {n: "${item}"}}},
        c9: {each: "${a.list}", do: {graph: {nodes: {x: {value: "${item}"}}}}},
        c10: {each: "${a.list}", do: {each: "${item.pages}", as: page, nodes: {y: {value: "${page}"}}}}""",
    a_list_that_grows: """
        c: {loop: {log: {value: '${append(round.last.log, {"n": round.index})}'},
                   recent: {value: "${tail(round.last.log, 20)}"}},
            max: 9}""",
    parts_of_one_graph: """
        review: {tool: look, input: {text: "${a}"}},
        c: {graph: {nodes: {review: {tool: look, input: {text: "${b}"}}}}}""",
}


@pytest.mark.parametrize("build", IN_YAML)
def test_what_is_built_is_what_yaml_would_say(build: Callable[[GraphBuilder, Node, Node], None]) -> None:
    """What reads well in Python and what reads well in YAML differ; what is meant does not."""
    g = graph("test")

    build(g, g.tool("a", "look"), g.tool("b", "look"))

    written = data_of(f"nodes: {{a: {{tool: look}}, b: {{tool: look}}, {IN_YAML[build]}}}")
    assert canonical(g.document()) == canonical(written)
    assert hash_of(g.document()) == hash_of(written)


def test_a_document_is_a_copy() -> None:
    """A graph that was given away stays as it was, whatever is added to it afterwards."""
    g = graph("test")
    g.value("a", 1)

    before = g.document()
    g.value("b", 2)

    assert before == {"graph": "test", "nodes": {"a": {"value": 1}}}


def test_data_that_was_put_into_a_graph_may_change_afterwards() -> None:
    """A graph says what it said at the line where it was said."""
    g, files = graph("test"), ["a"]
    g.value("files", files)

    files.append("b")

    assert g.document()["nodes"] == {"files": {"value": ["a"]}}
