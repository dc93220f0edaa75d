"""What a graph is as bytes: one hash for one meaning, and bundles that compile to the same plan anywhere."""

from __future__ import annotations

import pytest

from interlock.core.bundle import BundleProblem, read_bundle
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph, open_bundle
from interlock.core.compiling.canonical_document import canonical_document
from interlock.core.compiling.documents import read_document
from interlock.core.plan import HumanWork, Plan
from interlock.core.values import encode
from tests.core.compiling import TOOLS, compiling, data_of, planned
from tests.core.every_kind import EVERY_KIND, SMALL


def graph_hash(text: str) -> str:
    """The hash of a graph that may name the small one."""
    return planned(text, graphs={"small": SMALL}).graph_hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("after: a", "after: [a]"),
        ("after: a", "after: {a: {}}"),
        ("after: a", "after: {a: null}"),
        ("timeout: 10m", "timeout: 600s"),
        ("timeout: 1h30m", "timeout: 90m"),
        ("timeout: 1.5s", "timeout: 1500ms"),
        ("join: all", "after: []"),
        ("after: a, join: first", "after: a, join: {quorum: 1}"),
        ("after: {a: {on: [failed, skipped]}}", "after: {a: {on: [skipped, failed]}}"),
        ("after: {a: {on: failed}}", "after: {a: {on: [failed]}}"),
        ("retry: {attempts: 2}", "retry: {attempts: 2, backoff: 1s, max_backoff: 60s}"),
        ("retry: {attempts: 2, on: [timeout, failed]}", "retry: {on: [failed, timeout], attempts: 2}"),
        ("cancels: a", "cancels: [a]"),
        ("input: {x: 1, y: 2}", "input: {y: 2, x: 1}"),
        ("on_error: fail, cancel_rest: false", "labels: []"),
        ("description: this", "description: that"),
    ],
)
def test_one_meaning_has_one_hash_however_it_is_written(one: str, other: str) -> None:
    """YAML, the builder and the formatter may each choose a spelling; a run is pinned to what was meant."""
    written = f"nodes: {{a: {{tool: look}}, b: {{tool: look, {one}}}}}"
    otherwise = f"nodes: {{a: {{tool: look}}, b: {{tool: look, {other}}}}}"

    assert graph_hash(written) == graph_hash(otherwise)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("graph: every-kind", "graph: other"),
        ('note: "string?"', 'note: "integer?"'),
        ("budget: {calls: 100, wall: 15m}", "budget: {calls: 101, wall: 15m}"),
        ("wall: 15m", "wall: 16m"),
        ("timeout: 48h", "timeout: 47h"),
        ("on_failure: rollback", "on_failure: stop"),
        ("secrets: [token]", "secrets: [token, other]"),
        ("[1, 2.5", "[2.5, 1"),
        ("attempts: 3", "attempts: 4"),
        ("on: [timeout, unavailable]", "on: [timeout]"),
        ("budget: {calls: 5}", "budget: {calls: 6}"),
        ("undo: {tool: write, input", "undo: {tool: pay, input"),
        ("labels: [reads]", "labels: [writes]"),
        ("on_error: {fallback: cheap}", "on_error: continue"),
        ("on: succeeded, when", "on: failed, when"),
        ("fetch.size > 3}", "fetch.size > 4}"),
        ("otherwise: reject", "otherwise: release"),
        ("choices: [release, reject]", "choices: [reject, release]"),
        ("timeout: 24h", "timeout: 25h"),
        ("need: 2", "need: 1"),
        ("weights: {first: 2", "weights: {first: 3"),
        ("conflict: first", "conflict: fail"),
        ("parallel: 4", "parallel: 5"),
        ("quorum: 2\n    do", "quorum: 1\n    do"),
        ('of: "${total.sum}"', 'of: "${total}"'),
        ("max: 3", "max: 4"),
        ("at_max: accept", "at_max: fail"),
        ("early: drop", "early: keep"),
        ("emit: done", "emit: over"),
        ("label: small}]", 'label: small, when: "${true}"}]'),
        ("cancels: [pause, merged]", "cancels: [pause]"),
        ("join: first, cancel_rest: true", "join: first"),
        ("outputs: {version:", "outputs: {edition:"),
        ('size: "${nodes.size.outcome}"', 'size: "${nodes.total.outcome}"'),
    ],
)
def test_another_meaning_has_another_hash(was: str, becomes: str) -> None:
    """A run must never be continued with a graph that means something else."""
    assert EVERY_KIND.count(was) >= 1

    changed = EVERY_KIND.replace(was, becomes)

    assert graph_hash(changed) != graph_hash(EVERY_KIND)


def test_the_order_of_nodes_is_part_of_what_a_graph_means() -> None:
    """It decides who starts first, so a replay with another order would diverge."""
    assert graph_hash("nodes: {a: {tool: look}, b: {tool: look}}") != graph_hash(
        "nodes: {b: {tool: look}, a: {tool: look}}"
    )


def test_the_hash_covers_the_graphs_that_are_named() -> None:
    """A sub-graph runs inside the run: if it changes, the run means something else."""
    doubled = SMALL.replace("* 2", "* 3")
    graph = "nodes: {s: {graph: small, input: {n: 1}}}"

    assert planned(graph, graphs={"small": SMALL}).graph_hash != planned(graph, graphs={"small": doubled}).graph_hash


def test_a_bundle_compiles_to_the_very_same_plan() -> None:
    """Another process continues a run from the bundle alone, without the project it came from."""
    compiled = compiling(EVERY_KIND, graphs={"small": SMALL})
    assert compiled.bundle is not None

    assert open_bundle(compiled.bundle.bytes) == compiled.plan


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {a: {human: Go?, form: {type: object, properties: {b: {type: string}, a: {type: integer}}}}}",
        "inputs: {b: integer, a: string}\nnodes: {t: {tool: look}}",
        "inputs: {type: object, properties: {b: {}, a: {}}}\nnodes: {t: {tool: look}}",
    ],
    ids=["form", "inputs", "schema of inputs"],
)
def test_schemas_are_in_one_order_whether_they_come_from_a_document_or_a_bundle(text: str) -> None:
    """A question is recorded with its form, and a replay from the bundle must come to the very same bytes."""
    compiled = compiling(text)
    assert compiled.bundle is not None
    assert compiled.plan is not None

    reopened = open_bundle(compiled.bundle.bytes)

    assert encode([plan_part(reopened)]) == encode([plan_part(compiled.plan)])


def plan_part(plan: Plan) -> object:
    """The schemas of a plan."""
    forms = [node.work.form for scope in plan.scopes for node in scope.nodes if isinstance(node.work, HumanWork)]
    return [plan.root.inputs, forms]


def test_a_bundle_holds_the_tools_that_are_used_and_no_others() -> None:
    """A tool that the graph never calls may change without making the run another."""
    compiled = compiling("nodes: {a: {tool: look, undo: {tool: write}}}")
    assert compiled.bundle is not None

    assert sorted(read_bundle(compiled.bundle.bytes).tools) == ["look", "write"]


def test_the_canonical_document_is_a_document_of_the_same_meaning() -> None:
    """So a stored graph can be read, shown and compiled like any other."""
    model = read_document(data_of(EVERY_KIND)).graph
    assert model is not None
    catalogue = Catalogue({tool.name: tool for tool in TOOLS}, {"small": data_of(SMALL)})

    canonical = canonical_document(model)
    again = compile_graph(canonical, catalogue)

    assert again.plan == planned(EVERY_KIND, graphs={"small": SMALL})


@pytest.mark.parametrize("data", [b"", b"not a bundle", b"\x80", b"\x93\x01\x02\x03"])
def test_bytes_that_are_no_bundle_are_refused_with_a_reason(data: bytes) -> None:
    """A damaged store must be told apart from a graph that does not compile."""
    with pytest.raises(BundleProblem, match="no bundle"):
        open_bundle(data)
