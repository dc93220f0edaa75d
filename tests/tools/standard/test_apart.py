"""Agents that work side by side, each in a copy of the workspace that nobody else sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.tools.standard.apart import apart_tools
from interlock.tools.standard.files import file_tools
from interlock.tools.standard.git import git_tools
from interlock.tools.standard.patching import patch_tools
from interlock.tools.workspace.apart import callers_of
from interlock.tools.workspace.seeding import seed_from_folder
from tests.tools.standard.bench import RUN, Bench


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """A workspace that was seeded with one file."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "sums.py").write_text("TOTAL = 41\n")
    bench = Bench(
        tmp_path / "runs",
        lambda spaces: [*file_tools(spaces), *git_tools(spaces), *patch_tools(spaces), *apart_tools(spaces)],
    )
    seed_from_folder(bench.workspace, source)
    return bench


def text_at(bench: Bench, step: str) -> str:
    """What a call at that step reads."""
    text: str = bench.call("read_file", at=step, path="sums.py")["text"]
    return text


def test_what_an_agent_changes_apart_is_seen_by_itself_alone(bench: Bench) -> None:
    """Two who mend the same line side by side would break each other's tests."""
    bench.call("work_apart", at="one.1")
    bench.call("work_apart", at="two.1")

    bench.call("write_file", at="one.2", path="sums.py", text="TOTAL = 42\n")

    assert [text_at(bench, step) for step in ("one.3", "two.2", "three.1", "node")] == [
        "TOTAL = 42\n",
        "TOTAL = 41\n",
        "TOTAL = 41\n",
        "TOTAL = 41\n",
    ]


def test_the_difference_that_is_handed_in_fits_the_workspace_of_the_run(bench: Bench) -> None:
    """The copy has the repository's history, so that its difference is against what everybody began with."""
    bench.call("work_apart", at="one.1")
    bench.call("write_file", at="one.2", path="sums.py", text="TOTAL = 42\n")

    assert bench.call("git_diff", at="node") == {"diff": "", "cut": False}
    assert bench.call("git_diff", at="one.3")["diff"].endswith("@@ -1 +1 @@\n-TOTAL = 41\n+TOTAL = 42\n")


def test_a_call_that_is_repeated_after_a_crash_keeps_the_work_that_was_done(bench: Bench) -> None:
    """Whoever takes the agent up finds the copy as it was left; another call, as in a new attempt, begins anew."""
    bench.call("work_apart", at="one.1", effect="copy")
    bench.call("write_file", at="one.2", path="sums.py", text="TOTAL = 42\n")

    bench.call("work_apart", at="one.1", effect="copy")
    kept = text_at(bench, "one.3")
    bench.call("work_apart", at="one.1", effect="copy of the next attempt")

    assert (kept, text_at(bench, "one.3")) == ("TOTAL = 42\n", "TOTAL = 41\n")


def test_whom_an_agent_calls_works_in_its_copy(bench: Bench) -> None:
    """A part of its task is done where the rest of it is; who goes apart from there takes what is there."""
    bench.call("work_apart", at="one.1")
    bench.call("write_file", at="one.2", path="sums.py", text="TOTAL = 42\n")

    bench.call("work_apart", at="one.3.1")
    bench.call("write_file", at="one.3.2", path="sums.py", text="TOTAL = 43\n")

    assert [text_at(bench, step) for step in ("one.3.3", "one.4", "one.5/node")] == [
        "TOTAL = 43\n",
        "TOTAL = 42\n",
        "TOTAL = 42\n",
    ]


def test_what_an_agent_did_in_its_copy_is_taken_back_there(bench: Bench) -> None:
    """A rolled-back run takes back each step of its agents, and the workspace of the run never had them."""
    bench.call("work_apart", at="one.1")
    patch = "--- a/sums.py\n+++ b/sums.py\n@@ -1 +1 @@\n-TOTAL = 41\n+TOTAL = 42\n"
    bench.call("apply_patch", at="one.2", patch=patch)

    bench.call("revert_patch", at="one.2!undo", patch=patch)

    assert (text_at(bench, "one.3"), text_at(bench, "node")) == ("TOTAL = 41\n", "TOTAL = 41\n")


def test_only_an_agent_works_apart(bench: Bench) -> None:
    """A node of a graph has no later call that could find its copy."""
    kind, message = bench.refusal("work_apart")

    assert (kind, message.partition(":")[0]) == ("refused", "only an agent works apart")


def test_copies_go_with_the_workspace_of_their_run(bench: Bench) -> None:
    """Nothing of a run that is given up stays on the disk."""
    bench.call("work_apart", at="one.1")

    assert bench.workspaces.discard(RUN)
    assert list(bench.workspaces.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "callers"),
    [
        ("fix", []),
        ("fix.3", ["fix"]),
        ("fix.3.1", ["fix.3", "fix"]),
        ("fix:2.1", ["fix:2"]),
        ("outer/fix.3", ["outer/fix"]),
        ("fix.3/build", ["fix"]),
        ("fix.3/mend.1", ["fix.3/mend", "fix"]),
        ("fix.3!undo", ["fix"]),
        ("fix!undo", []),
    ],
)
def test_a_path_tells_whose_step_a_call_is(path: str, callers: list[str]) -> None:
    """From the nearest agent on; a sub-graph is nobody who calls."""
    assert list(callers_of(path)) == callers
