"""The workspace's repository is worked on as one would expect, and nothing in the files steers git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools.standard.files import file_tools
from interlock.tools.standard.git import git_tools
from interlock.tools.standard.patching import patch_tools
from interlock.tools.tool import Tool
from interlock.tools.workspace import Repository, Workspaces
from tests.tools.standard.bench import Bench


def made(workspaces: Workspaces) -> Sequence[Tool]:
    """The tools of this story."""
    return [*git_tools(workspaces), *file_tools(workspaces), *patch_tools(workspaces)]


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """A workspace with one commit."""
    bench = Bench(tmp_path, made)
    bench.holds({"a.txt": "one\n", "src/b.txt": "two\n"})
    bench.call("git_commit", message="First")
    return bench


def subjects(bench: Bench) -> list[str]:
    """What was committed, newest first."""
    return [commit["subject"] for commit in bench.call("git_log")["commits"]]


def test_before_the_first_commit_there_is_a_branch_and_no_history(tmp_path: Path) -> None:
    """A workspace that nobody seeded has a repository all the same."""
    bench = Bench(tmp_path, made)
    bench.holds({"a.txt": "one\n"})

    assert bench.call("git_log") == {"commits": []}
    assert bench.call("git_status") == {
        "branch": "main",
        "head": "",
        "clean": False,
        "files": [{"path": "a.txt", "state": "added"}],
        "cut": False,
    }
    assert "+one" in bench.call("git_diff")["diff"]


def test_the_status_names_what_differs_from_the_last_commit(bench: Bench) -> None:
    """Whatever the files are called."""
    bench.call("write_file", path="a.txt", text="changed\n")
    bench.call("write_file", path="new é -> x.txt", text="new\n")
    (bench.workspace.files / "src" / "b.txt").unlink()

    status = bench.call("git_status")

    states = {each["path"]: each["state"] for each in status["files"]}
    assert states == {"a.txt": "changed", "new é -> x.txt": "added", "src/b.txt": "deleted"}
    assert status["clean"] is False


def test_a_difference_holds_new_files_too_and_can_be_taken_back(bench: Bench) -> None:
    """What an agent has done so far is one patch, for a person to look at or for the next node."""
    bench.call("write_file", path="a.txt", text="changed\n")
    bench.call("write_file", path="new.txt", text="new\n")

    diff = bench.call("git_diff")["diff"]
    bench.call("revert_patch", patch=diff)

    assert bench.files == {"a.txt": "one\n", "src/b.txt": "two\n"}
    assert bench.call("git_status")["clean"] is True
    bench.call("apply_patch", patch=diff)
    assert bench.call("git_diff", paths=["new.txt"])["diff"].count("diff --git") == 1


def test_a_commit_is_made_once_for_its_effect(bench: Bench) -> None:
    """The repeat after a crash finds the commit, also when more was changed meanwhile."""
    bench.call("write_file", path="a.txt", text="two\n")
    first = bench.call("git_commit", effect="e", message="Second")
    bench.call("write_file", path="a.txt", text="three\n")

    assert bench.call("git_commit", effect="e", message="Second") == first
    assert subjects(bench) == ["Second", "First"]


def test_only_some_paths_are_committed_if_that_is_asked_for(bench: Bench) -> None:
    """And the rest stays as it is."""
    bench.call("write_file", path="a.txt", text="two\n")
    bench.call("write_file", path="src/b.txt", text="three\n")

    bench.call("git_commit", message="Second", paths=["src"])

    assert [each["path"] for each in bench.call("git_status")["files"]] == ["a.txt"]


def test_a_commit_is_taken_back_by_another_once(bench: Bench) -> None:
    """The undo of a commit leaves both in the history."""
    bench.call("write_file", path="a.txt", text="two\n")
    commit = bench.call("git_commit", message="Second")["commit"]

    first = bench.call("git_revert", effect="e", commit=commit)

    assert bench.call("git_revert", effect="e", commit=commit) == first
    assert subjects(bench) == [f"Revert {commit[:12]}", "Second", "First"]
    assert bench.files["a.txt"] == "one\n"
    assert bench.tools["git_commit"].terms.undo == "git_revert"


def test_a_commit_whose_lines_were_changed_again_is_not_taken_back(bench: Bench) -> None:
    """And everything stays as it was."""
    commit = commit_of(bench, "two\n")
    commit_of(bench, "three\n")

    kind, message = bench.refusal("git_revert", commit=commit)

    assert (kind, message.partition(" cannot")[0]) == ("invalid", commit)
    assert (bench.files["a.txt"], bench.call("git_status")["clean"]) == ("three\n", True)


def test_what_a_killed_git_has_left_holds_nobody_up(bench: Bench) -> None:
    """The repeat after a crash finds locks and half a revert, and does what was asked for all the same."""
    commit = commit_of(bench, "two\n")
    Repository(bench.workspace).text("revert", "--no-commit", commit)
    (bench.workspace.repository / "index.lock").touch()
    (bench.workspace.repository / "refs" / "heads" / "main.lock").touch()

    bench.call("git_revert", commit=commit)

    assert (bench.files["a.txt"], bench.call("git_status")["clean"]) == ("one\n", True)


def commit_of(bench: Bench, text: str) -> str:
    """A commit that makes `a.txt` that text."""
    bench.call("write_file", path="a.txt", text=text)
    return bench.call("git_commit", message=text)["commit"]


def test_work_goes_on_on_a_branch(bench: Bench) -> None:
    """Made where it is not there, gone back to where it is."""
    assert bench.call("git_branch", name="fix/41") == {"branch": "fix/41", "created": True}
    commit_of(bench, "two\n")
    assert bench.call("git_branch", name="main") == {"branch": "main", "created": False}

    assert bench.files["a.txt"] == "one\n"
    assert "-two\n+one\n" in bench.call("git_diff", since="fix/41")["diff"]


@pytest.mark.parametrize(
    ("tool", "input", "told"),
    [
        ("git_commit", {"message": "Nothing"}, "there is nothing to commit"),
        ("git_commit", {"message": "a\0b"}, "code 0"),
        ("git_commit", {"message": "x", "paths": ["../outside"]}, "has `..` in it"),
        ("git_commit", {"message": "x", "paths": ["nowhere"]}, "did not match any files"),
        ("git_commit", {"message": "x", "paths": [":(top)"]}, "did not match any files"),
        ("git_diff", {"since": "--output=/tmp/mark"}, "names no commit"),
        ("git_diff", {"since": "nowhere"}, "there is no commit `nowhere`"),
        ("git_diff", {"since": "@{upstream}"}, "names no commit"),
        ("git_revert", {"commit": "-n"}, "names no commit"),
        ("git_branch", {"name": "-f"}, "breaks its contract"),
        ("git_branch", {"name": "a..b"}, "is not a valid branch name"),
        ("git_branch", {"name": "a\nb"}, "breaks its contract"),
    ],
)
def test_what_cannot_be_is_refused_and_no_word_passes_for_an_option(
    tool: str, input: dict[str, Value], told: str, bench: Bench
) -> None:
    """And the message holds no path of the machine."""
    kind, message = bench.refusal(tool, **input)

    assert kind == "invalid"
    assert told in message
    assert str(bench.workspaces.folder) not in message


def test_nothing_in_the_files_steers_git(bench: Bench, tmp_path: Path) -> None:
    """Attributes, settings, hooks, modules and nested repositories: each would run a program of its author's."""
    mark = f"touch {tmp_path}/mark; cat"
    nested = bench.workspace.files / "nested"
    subprocess.run(["git", "init", "--quiet", nested], check=True)
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", "-C", nested, *identity, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    write(nested / ".git" / "config", f"[core]\nfsmonitor = {mark}\nhooksPath = hooks\n[diff]\nexternal = {mark}\n")
    write(nested / "a.txt", "nested\n")
    write(bench.workspace.files / ".git" / "config", f"[core]\nfsmonitor = {mark}\npager = {mark}\n")
    write(bench.workspace.files / ".git" / "hooks" / "pre-commit", f"#!/bin/sh\n{mark}\n")
    write(bench.workspace.files / ".gitattributes", "* filter=evil diff=evil merge=evil textconv=evil\n")
    write(bench.workspace.files / ".gitconfig", f"[alias]\nlog = !{mark}\n")
    write(
        bench.workspace.files / ".gitmodules",
        f'[submodule "x"]\npath = x\nurl = ext::sh -c "{mark}"\nupdate = !{mark}\n',
    )
    bench.call("write_file", path="a.txt", text="two\n")

    bench.call("git_status")
    bench.call("git_diff")
    commit = bench.call("git_commit", message="All")["commit"]
    bench.call("git_branch", name="other")
    bench.call("git_revert", commit=commit)
    bench.call("git_log")

    assert not (tmp_path / "mark").exists()


def test_the_environment_does_not_steer_git_either(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person's shell says of git is not meant for an agent's work."""
    mark = f"touch {tmp_path}/mark"
    settings = tmp_path / "gitconfig"
    write(settings, f"[core]\nfsmonitor = {mark}\n[user]\nname = Somebody\n")
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_SSH_COMMAND", "GIT_ASKPASS"):
        monkeypatch.setenv(name, mark)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    bench.call("write_file", path="a.txt", text="two\n")

    bench.call("git_diff")
    commit = bench.call("git_commit", message="Second")

    assert commit["author"] == "Interlock"
    assert [(tmp_path / name).exists() for name in ("mark", "objects", "elsewhere")] == [False, False, False]


def write(file: Path, text: str) -> None:
    """A file that no tool would write."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("tool", "arguments", "needed"),
    [
        ("git_diff", {}, Permissions(reads=("*",))),
        ("git_diff", {"paths": ["src"]}, Permissions(reads=("src", "src/*"))),
        ("git_commit", {"message": "x"}, Permissions(reads=("*",), writes=(".git/*",))),
        ("git_revert", {"commit": "x"}, Permissions(writes=("*", ".git/*"))),
    ],
)
def test_policy_is_asked_about_files_and_repository(
    tool: str, arguments: Value, needed: Permissions, bench: Bench
) -> None:
    """A rule can let an agent write files and keep the repository for people."""
    assert bench.tools[tool].permissions(arguments) == needed
