"""A path leads down into the workspace or is refused, with what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.tools.workspace import PathRefused, WorkspacePath, parse_folder, parse_path
from interlock.tools.workspace.names import ROOT, twin_key


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("src/main.py", "src/main.py"),
        ("./src//main.py", "src/main.py"),
        ("...", "..."),
        ("a b/ü.txt", "a b/ü.txt"),
        ("-rf", "-rf"),
        (".gitignore", ".gitignore"),
    ],
)
def test_a_plain_path_is_taken_in_one_form(written: str, meant: str) -> None:
    """Models write the same path in several ways, and policies must see one."""
    assert str(parse_path(written)) == meant


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("../secret", "has `..` in it"),
        ("a/../../secret", "has `..` in it"),
        ("a/..", "has `..` in it"),
        ("/etc/passwd", "is absolute"),
        ("//etc/passwd", "is absolute"),
        ("C:/boot.ini", "is absolute"),
        ("..\\secret", "has a backslash in it"),
        ("a\0.txt", "holds a control character"),
        ("a\n.txt", "holds a control character"),
        ("\ud800.txt", "holds half a character"),
        ("a" * 300, "has a name longer than 255 bytes in it"),
        ("ü" * 200, "has a name longer than 255 bytes in it"),
        ("a/" * 40 + "b", "lies 41 folders deep"),
        ("abc/" * 400 + "b", "is 1,601 bytes long"),
        ("", "is the name of a folder"),
        (".", "is the name of a folder"),
        ("src/", "is the name of a folder"),
        (".git/config", "is a repository's own folder"),
        ("sub/.GIT/hooks/post-commit", "is a repository's own folder"),
        ("git~1/config", "is a repository's own folder"),
        (".g\u200cit/config", "is a repository's own folder"),
        (".git. /config", "is a repository's own folder"),
        (".git::$INDEX_ALLOCATION/config", "is a repository's own folder"),
        ("\uff0egit/config", "is a repository's own folder"),
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(written: str, told: str) -> None:
    """Every form in which a path has been smuggled past a check."""
    with pytest.raises(PathRefused, match=f"(?s)` {told}"):
        parse_path(written)


@pytest.mark.parametrize(
    ("one", "other"),
    [("README", "readme"), ("straße", "STRASSE"), ("é", "e\u0301"), ("ﬁle", "file"), ("a.", "a"), ("a\u200db", "ab")],
)
def test_names_that_some_system_takes_for_one_are_twins(one: str, other: str) -> None:
    """Of two such files one would overwrite the other there, or pass for it here."""
    assert twin_key(one) == twin_key(other)


@given(st.text(max_size=80))
def test_whatever_is_written_stays_below_the_folder_or_is_refused(written: str) -> None:
    """No name of a path that was taken leads upwards, and taking it again changes nothing."""
    path = taken(written)

    assert not {"", ".", ".."} & set(path.names)
    assert parse_folder(str(path)) == path


def taken(written: str) -> WorkspacePath:
    """The path, or the workspace's folder in the place of one that is refused."""
    try:
        return parse_folder(written)
    except PathRefused:
        return ROOT
