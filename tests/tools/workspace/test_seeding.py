"""A workspace begins with somebody's files, and with nothing of what could steer it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from interlock.tools.workspace import (
    Repository,
    Workspace,
    WorkspaceError,
    WorkspaceFull,
    WorkspaceLimits,
    Workspaces,
    seed_from_folder,
    seed_from_repository,
)
from tests.tools.workspace.test_workspace import files_of, put


@pytest.fixture(name="workspace")
def a_workspace(tmp_path: Path) -> Workspace:
    """An empty one."""
    return Workspaces(tmp_path / "workspaces").of("run-1")


@pytest.fixture(name="source")
def a_source(tmp_path: Path) -> Path:
    """A repository with one commit, and a hook, a filter and settings that would all leave a mark."""
    source = tmp_path / "source"
    (source / "src").mkdir(parents=True)
    (source / "src" / "main.py").write_text("print(1)\n")
    (source / "run.sh").write_text("echo\n")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("/etc/passwd")
    (source / ".gitattributes").write_text("*.py filter=mark diff=mark\n")
    git(source, "init", "--quiet", "--initial-branch=trunk")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message=First")
    for name in ("filter.mark.clean", "filter.mark.smudge", "core.fsmonitor", "diff.mark.command", "core.pager"):
        git(source, "config", name, f"touch {tmp_path}/mark; cat")
    hook = source / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/mark\n")
    hook.chmod(0o755)
    return source


def git(folder: Path, *words: str) -> None:
    """What a person does in a repository of theirs."""
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_folder_comes_in_without_links_repositories_and_what_can_be_made_again(
    workspace: Workspace, source: Path
) -> None:
    """Its settings stay outside with its `.git`, and what stayed outside is told."""
    (source / "node_modules").mkdir()
    (source / "node_modules" / "big.js").write_text("0")
    os.mkfifo(source / "pipe")

    seeded = seed_from_folder(workspace, source)

    assert sorted(files_of(workspace)) == [".gitattributes", "run.sh", "src/main.py"]
    assert (seeded.files, seeded.left_out) == (3, (".git", "link", "node_modules", "pipe"))
    assert Repository(workspace).text("log", "--format=%s") == "The files of source\n"


def test_a_repository_comes_in_with_its_history_and_none_of_its_settings(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    """A hook or a filter of a repository that somebody handed over would run with all that we may do."""
    seeded = seed_from_repository(workspace, source)

    repository = Repository(workspace)
    assert (repository.text("log", "--format=%s"), repository.text("status", "--porcelain")) == ("First\n", "")
    assert files_of(workspace)["link"] == "/etc/passwd"
    assert (workspace.files / "link").is_symlink() is False
    assert os.access(workspace.files / "run.sh", os.X_OK)
    assert seeded.files == 4
    assert repository.text("remote") == ""
    assert not (tmp_path / "mark").exists()


def test_an_earlier_revision_can_be_asked_for(workspace: Workspace, source: Path) -> None:
    """A run may begin where a bug was found."""
    (source / "src" / "main.py").write_text("print(2)\n")
    git(
        source,
        "-c",
        "core.fsmonitor=false",
        "-c",
        "filter.mark.clean=cat",
        "commit",
        "--quiet",
        "--all",
        "-m",
        "Second",
    )

    seed_from_repository(workspace, source, revision="trunk~1")

    assert files_of(workspace)["src/main.py"] == "print(1)\n"


@pytest.mark.parametrize("revision", ["nowhere", "--help", "trunk:src", ""])
def test_a_revision_that_is_not_there_leaves_the_workspace_empty(
    revision: str, workspace: Workspace, source: Path
) -> None:
    """It can then be seeded with the right one."""
    with pytest.raises(WorkspaceError):
        seed_from_repository(workspace, source, revision=revision)

    assert (files_of(workspace), workspace.repository.exists()) == ({}, False)


def test_a_source_that_is_too_large_is_refused_before_it_comes_in(tmp_path: Path, source: Path) -> None:
    """The disk is not filled to find out."""
    workspaces = Workspaces(tmp_path / "small", WorkspaceLimits(bytes_max=10))

    with pytest.raises(WorkspaceFull, match="and a workspace 10,000 and 10 at most"):
        seed_from_folder(workspaces.of("run-1"), source)
    with pytest.raises(WorkspaceFull, match="10 bytes of a workspace"):
        seed_from_repository(workspaces.of("run-2"), source)

    assert (files_of(workspaces.of("run-1")), files_of(workspaces.of("run-2"))) == ({}, {})


def test_a_workspace_in_use_is_not_seeded_over(workspace: Workspace, source: Path) -> None:
    """What a run has made would be lost."""
    workspace.change("e", [put("a.txt", "one")])

    with pytest.raises(WorkspaceError, match="only an empty one can be seeded"):
        seed_from_folder(workspace, source)


def test_what_is_no_folder_seeds_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """A misspelt name is told as such."""
    with pytest.raises(WorkspaceError, match="is no folder"):
        seed_from_folder(workspace, tmp_path / "nowhere")
    with pytest.raises(WorkspaceError, match="cannot be cloned"):
        seed_from_repository(workspace, tmp_path)
