"""The default tools as a whole: their names, what a repeat of each would do, and that making them touches nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools import collect_tools
from interlock.tools.sandbox import NoSandbox, Sandbox
from interlock.tools.standard import SandboxFoundOnce
from interlock.tools.tool import Tool
from tests.tools.doorstep import lived
from tests.tools.standard.bench import Bench
from tests.tools.standard.sandboxes import bench_with

EFFECTS = {
    "api_call": "once",
    "apply_patch": "idempotent",
    "complete_task": "read",
    "execute_code": "idempotent",
    "fetch_artifact": "idempotent",
    "git_branch": "idempotent",
    "git_commit": "idempotent",
    "git_diff": "read",
    "git_log": "read",
    "git_revert": "idempotent",
    "git_status": "read",
    "keep_artifact": "idempotent",
    "list_files": "read",
    "read_file": "read",
    "request_human_input": "read",
    "revert_patch": "idempotent",
    "run_tests": "read",
    "search_files": "read",
    "security_scan": "read",
    "web_search": "read",
    "work_apart": "read",
    "write_file": "idempotent",
}


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """All tools, without a sandbox."""
    return bench_with(tmp_path, NoSandbox(reasons=()))


def test_each_tool_says_what_a_repeat_would_do(bench: Bench) -> None:
    """The engine repeats, asks or gives up by this word alone."""
    assert {made.name: made.contract.effect for made in collect_tools(bench.tools.values())} == EFFECTS


def test_what_runs_code_says_that_it_needs_a_sandbox(bench: Bench) -> None:
    """And nothing else does."""
    sandboxed = {made.name for made in bench.tools.values() if made.terms.sandbox}

    assert sandboxed == {"execute_code", "run_tests", "security_scan"}


def test_each_tool_is_described_for_a_model_and_has_schemas_both_ways(bench: Bench) -> None:
    """A model knows of a tool what stands there, and a graph is checked against it."""
    undescribed = [made.name for made in bench.tools.values() if len(made.contract.description) < 40]
    unchecked = [made.name for made in bench.tools.values() if not made.contract.input or not made.contract.output]

    assert (undescribed, unchecked) == ([], [])


def test_every_undo_is_a_tool_that_is_there(bench: Bench) -> None:
    """A rollback must not find that its tool is called otherwise."""
    undos = {made.terms.undo for made in bench.tools.values()} - {""}

    assert undos == {"apply_patch", "git_revert", "revert_patch"}


@pytest.mark.parametrize(
    "arguments", [None, 5, [], "x", {}, {"path": [1]}, {"patch": 1}, {"url": {}}, {"paths": {"a": 1}}]
)
def test_what_a_call_needs_is_told_whatever_its_arguments_are(arguments: Value, bench: Bench) -> None:
    """Policy is asked before the arguments are checked, and an error there would be no verdict."""
    needed = [made.permissions(arguments) for made in bench.tools.values()]

    assert {type(each) for each in needed} == {Permissions}


WORDS = st.sampled_from(
    ["path", "paths", "folder", "patch", "url", "method", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "http://x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(name="tools", scope="module")
def all_tools(tmp_path_factory: pytest.TempPathFactory) -> list[Tool]:
    """Once for all examples."""
    return list(bench_with(tmp_path_factory.mktemp("workspaces"), NoSandbox(reasons=())).tools.values())


@given(arguments=JSON)
def test_there_is_an_answer_to_any_arguments_at_all(arguments: Value, tools: list[Tool]) -> None:
    """What a model writes has no bounds."""
    needed = [made.permissions(arguments) for made in tools]

    assert {type(each) for each in needed} == {Permissions}


def test_a_sandbox_is_looked_for_once_and_not_before_it_is_needed() -> None:
    """Looking takes a part of a second and runs a hostile program."""
    looked: list[int] = []

    async def find() -> NoSandbox:
        looked.append(1)
        return NoSandbox(reasons=())

    source = SandboxFoundOnce(find)
    before = len(looked)
    lived(source)
    lived(source)

    assert (before, len(looked)) == (0, 1)


def test_calls_that_need_a_sandbox_at_once_wait_for_one_look() -> None:
    """Of ten agents that begin to test together each would start the hostile program of each tier."""
    looked: list[int] = []

    async def find() -> NoSandbox:
        looked.append(1)
        await asyncio.sleep(0)
        return NoSandbox(reasons=())

    source = SandboxFoundOnce(find)

    async def at_once() -> list[Sandbox | NoSandbox]:
        return await asyncio.gather(*(source() for _ in range(3)))

    assert (lived(at_once), len(looked)) == ([NoSandbox(reasons=())] * 3, 1)
