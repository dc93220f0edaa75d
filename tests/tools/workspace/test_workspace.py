"""A run's workspace keeps what is put into it, changes as one, and lets nobody out."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interlock.tools.workspace import (
    ChangedMeanwhile,
    FileChange,
    FileMissing,
    PathRefused,
    Workspace,
    WorkspaceError,
    WorkspaceFull,
    WorkspaceLimits,
    Workspaces,
    parse_path,
)
from interlock.tools.workspace.folders import FileContent


@pytest.fixture(name="workspace")
def a_workspace(tmp_path: Path) -> Workspace:
    """An empty one."""
    return Workspaces(tmp_path / "workspaces").of("run-1")


def text(written: str) -> FileContent:
    """A file's content."""
    return FileContent(written.encode())


def put(path: str, written: str, *, over: str | None = None) -> FileChange:
    """A file that is to hold this, where it held that or was not there."""
    return FileChange(parse_path(path), None if over is None else text(over).stamp, text(written))


def files_of(workspace: Workspace) -> dict[str, str]:
    """Everything in it."""
    paths = [entry.path for entry in workspace.entries() if entry.size is not None]
    return {str(path): workspace.read(path).data.decode() for path in paths}


# --- who has which ---------------------------------------------------------------------------------------------------


def test_each_run_has_a_workspace_of_its_own(tmp_path: Path) -> None:
    """What one run leaves behind must not reach another."""
    workspaces = Workspaces(tmp_path)
    workspaces.of("run-1").change("e", [put("a.txt", "one")])

    assert files_of(workspaces.of("run-1")) == {"a.txt": "one"}
    assert files_of(workspaces.of("run-2")) == {}
    assert workspaces.find("run-3") is None


@pytest.mark.parametrize("run", ["../../escape", "/etc", "", ".", "..", "a\0b", "x" * 5_000, "\ud800"])
def test_no_id_of_a_run_leads_out_of_the_folder(run: str, tmp_path: Path) -> None:
    """Ids may come from outside."""
    workspaces = Workspaces(tmp_path / "workspaces")

    home = workspaces.of(run).home

    assert home.parent == tmp_path / "workspaces"
    assert home.name.startswith("run.")


def test_a_workspace_that_is_discarded_is_gone(tmp_path: Path) -> None:
    """A prune gives up what a run has left."""
    workspaces = Workspaces(tmp_path)
    workspaces.of("run-1").change("e", [put("a.txt", "one")])

    assert (workspaces.discard("run-1"), workspaces.discard("run-1")) == (True, False)
    assert workspaces.find("run-1") is None


def test_a_workspace_that_cannot_be_made_is_told_with_its_place(tmp_path: Path) -> None:
    """Whoever set the folder has to find it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(WorkspaceError, match=r"file/run-1 cannot be made: Not a directory"):
        Workspaces(tmp_path / "file").of("run-1")


# --- nothing leads out -----------------------------------------------------------------------------------------------


@pytest.fixture(name="secret")
def a_secret(tmp_path: Path) -> Path:
    """A file outside, which no call may read or change."""
    secret = tmp_path / "outside" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("secret")
    return secret


def link_to_file(files: Path, secret: Path) -> str:
    """A link in the place of a file."""
    (files / "link").symlink_to(secret)
    return "link"


def link_to_folder(files: Path, secret: Path) -> str:
    """A link in the place of a folder."""
    (files / "link").symlink_to(secret.parent)
    return "link/secret.txt"


def hard_link(files: Path, secret: Path) -> str:
    """Another name of the file outside."""
    (files / "twin").hardlink_to(secret)
    return "twin"


def fifo(files: Path, _secret: Path) -> str:
    """A pipe, at which a reader would wait for ever."""
    os.mkfifo(files / "pipe")
    return "pipe"


@pytest.mark.parametrize("trap", [link_to_file, link_to_folder, hard_link, fifo])
def test_what_is_no_plain_file_is_neither_read_nor_written(
    trap: Callable[[Path, Path], str], workspace: Workspace, secret: Path
) -> None:
    """However it came to lie there, a trap must not open."""
    path = trap(workspace.files, secret)

    with pytest.raises(PathRefused):
        workspace.read(parse_path(path))
    with pytest.raises(PathRefused):
        workspace.change("e", [put(path, "mine", over="secret")])

    assert secret.read_text() == "secret"


def test_links_and_pipes_are_not_listed_and_not_copied(workspace: Workspace, secret: Path) -> None:
    """What a sandbox is given holds plain files alone."""
    workspace.change("e", [put("a.txt", "one")])
    link_to_folder(workspace.files, secret)
    fifo(workspace.files, secret)

    with workspace.copied() as copy:
        copied = sorted(path.name for path in copy.folder.iterdir())

    assert ([str(entry.path) for entry in workspace.entries()], copied) == (["a.txt"], ["a.txt"])


def test_a_link_that_is_swapped_in_between_check_and_use_is_never_followed(workspace: Workspace, secret: Path) -> None:
    """A program that goes on running may change a folder into a link at any instant: the secret must never be seen."""
    (workspace.files / "folder").mkdir()
    (workspace.files / "folder/secret.txt").write_text("harmless")

    with swapped_with_a_link(workspace.files / "folder", secret.parent):
        seen = all_that_is_seen(workspace, "folder/secret.txt")

    assert seen == {"harmless", None}


def test_a_link_that_is_swapped_in_never_leads_a_change_out(workspace: Workspace, secret: Path) -> None:
    """The same for writing, to a new file and over one that lies there."""
    (workspace.files / "folder").mkdir()
    (workspace.files / "folder/secret.txt").write_text("harmless")

    with swapped_with_a_link(workspace.files / "folder", secret.parent):
        made = all_that_becomes_of_changes(workspace)

    assert made == {True, False}
    assert [path.name for path in secret.parent.iterdir()] == ["secret.txt"]
    assert secret.read_text() == "secret"


@contextmanager
def swapped_with_a_link(folder: Path, elsewhere: Path) -> Generator[None]:
    """A folder in whose place a link to another one stands every now and then."""
    link, is_over = folder.with_name("link"), threading.Event()
    link.symlink_to(elsewhere)

    def swap() -> None:
        # An odd number at a time, and then a breath: at times the folder stays for long enough, at times the link.
        while not is_over.wait(0.002):
            for _ in range(51):
                exchange(folder, link)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        yield
    finally:
        is_over.set()
        swapping.join()


def exchange(one: Path, other: Path) -> None:
    """Each takes the other's name at the same instant."""
    answer = ctypes.CDLL(None).renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2)
    assert answer == 0


def all_that_becomes_of_changes(workspace: Workspace) -> set[bool]:
    """Whether they are made, at many instants, among them such at which they can be and such at which they cannot."""
    made: set[bool] = set()
    number = 0
    while number < 400 or len(made) < 2:
        made.add(is_made(workspace, number))
        number += 1
    return made


def is_made(workspace: Workspace, number: int) -> bool:
    """Whether a change of two files is made."""
    changes = [put(f"folder/new-{number}.txt", "mine"), FileChange(parse_path("folder/secret.txt"), None, text("mine"))]
    try:
        workspace.change(f"e{number}", changes[number % 2 :][:1])
    except WorkspaceError:
        return False
    return True


def all_that_is_seen(workspace: Workspace, path: str) -> set[str | None]:
    """What a file holds at many instants, among them such at which it can be read and such at which it cannot."""
    seen: set[str | None] = set()
    reads = 0
    while reads < 300 or len(seen) < 2:
        seen.add(read_or_none(workspace, path))
        reads += 1
    return seen


def read_or_none(workspace: Workspace, path: str) -> str | None:
    """What a file holds, if it can be read just now."""
    try:
        return workspace.read(parse_path(path)).data.decode()
    except WorkspaceError:
        return None


@pytest.mark.parametrize(
    "twin", ["SRC/b.txt", "src/A.txt", "src/a\u200b.txt", "src/b\u202etxt", "src/ a.txt", "src/a.txt."]
)
def test_a_name_that_passes_for_another_is_not_made(twin: str, workspace: Workspace) -> None:
    """On another system the two are one file, and on a screen nobody can tell them apart."""
    workspace.change("e1", [put("src/a.txt", "one")])

    with pytest.raises(PathRefused):
        workspace.change("e2", [put(twin, "two")])

    assert files_of(workspace) == {"src/a.txt": "one"}


def test_two_new_names_in_one_change_may_not_be_twins_either(workspace: Workspace) -> None:
    """The one would stand beside the other as soon as both are there."""
    with pytest.raises(PathRefused, match="are one name on other systems"):
        workspace.change("e", [put("new/a.txt", "one"), put("NEW/b.txt", "two")])

    assert files_of(workspace) == {}


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([put("a.txt", "x" * 60)], "`a.txt` would be 60 bytes long, and 50 are the most"),
        ([put("a.txt", "x" * 50), put("b.txt", "x" * 40)], "the workspace would hold 101 bytes, and 100 are the most"),
        ([put("a/b/c.txt", ""), put("d.txt", "")], "the workspace would hold 5 files, and 4 are the most"),
    ],
)
def test_a_change_that_would_pass_a_limit_is_refused_as_a_whole(
    changes: list[FileChange], told: str, tmp_path: Path
) -> None:
    """A loop that writes must not fill the disk of whoever runs it."""
    limits = WorkspaceLimits(bytes_max=100, files_max=4, file_bytes_max=50)
    workspace = Workspaces(tmp_path, limits).of("run-1")
    workspace.change("first", [put("there.txt", "x" * 11)])

    with pytest.raises(WorkspaceFull, match=told):
        workspace.change("second", changes)

    assert files_of(workspace) == {"there.txt": "x" * 11}


# --- changing as one -------------------------------------------------------------------------------------------------


def test_a_change_is_made_once_for_its_effect(workspace: Workspace) -> None:
    """A repeat after a crash must not undo what was done since, and gets the answer of the first time."""
    first = workspace.change("e1", [put("a.txt", "one")], {"made": 1})
    workspace.change("e2", [put("a.txt", "two", over="one")])

    again = workspace.change("e1", [put("a.txt", "one")], {"made": 2})

    assert (first, again) == ({"made": 1}, {"made": 1})
    assert files_of(workspace) == {"a.txt": "two"}


def test_a_file_that_somebody_else_changed_is_not_overwritten(workspace: Workspace) -> None:
    """Two nodes that work side by side must not lose each other's work; and nothing of the change is made."""
    workspace.change("e1", [put("a.txt", "theirs")])

    with pytest.raises(ChangedMeanwhile, match=r"`a\.txt` was changed by another call meanwhile: read it again"):
        workspace.change("e2", [put("b.txt", "mine"), put("a.txt", "mine", over="what I saw")])

    assert files_of(workspace) == {"a.txt": "theirs"}


def test_files_are_made_moved_and_taken_away_together(workspace: Workspace) -> None:
    """A folder in which nothing is left goes with its last file."""
    workspace.change("e1", [put("old/a.txt", "one"), put("b.txt", "two")])
    gone = FileChange(parse_path("old/a.txt"), text("one").stamp, None)

    workspace.change("e2", [gone, put("new/a.txt", "one"), put("b.txt", "three", over="two")])

    assert [str(entry.path) for entry in workspace.entries()] == ["b.txt", "new", "new/a.txt"]
    assert files_of(workspace) == {"b.txt": "three", "new/a.txt": "one"}


KILLED_AT_A_RENAME = """
import os, sys
from pathlib import Path
from interlock.tools.workspace import Workspaces
from tests.tools.workspace.test_workspace import CHANGES

workspace, left = Workspaces(Path(sys.argv[1])).of("run-1"), [int(sys.argv[2])]

def die(event, _):
    if event == "os.rename":
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)

sys.addaudithook(die)
workspace.change("e2", CHANGES)
"""
BEFORE = {"a.txt": "one", "b.txt": "one", "c.txt": "one"}
AFTER = {"a.txt": "two", "b.txt": "two", "d.txt": "two"}
CHANGES = [
    put("a.txt", "two", over="one"),
    put("b.txt", "two", over="one"),
    FileChange(parse_path("c.txt"), text("one").stamp, None),
    put("d.txt", "two"),
]


@pytest.mark.parametrize(("renames", "left"), [(0, BEFORE), (1, AFTER), (2, AFTER), (3, AFTER), (4, AFTER)])
def test_a_change_that_is_killed_halfway_is_there_as_a_whole_or_not_at_all(
    renames: int, left: dict[str, str], tmp_path: Path
) -> None:
    """Whoever comes next finds it so, and repeating the effect makes it whole."""
    workspace = Workspaces(tmp_path).of("run-1")
    workspace.change("e1", [put(path, written) for path, written in BEFORE.items()])

    killed = subprocess.run([sys.executable, "-c", KILLED_AT_A_RENAME, tmp_path, str(renames)], check=False)

    assert killed.returncode == 9
    workspace.find_done("another")
    assert files_of(workspace) == left
    workspace.change("e2", CHANGES)
    assert files_of(workspace) == AFTER


def test_a_missing_file_is_told_with_the_nearest_one(workspace: Workspace) -> None:
    """A model that misspelt a name can go on at once."""
    workspace.change("e", [put("src/main.py", "pass")])

    with pytest.raises(
        FileMissing, match=r"there is no file `src/mian\.py` in the workspace: did you mean `main\.py`\?"
    ):
        workspace.read(parse_path("src/mian.py"))
