"""Paths as people and models write them, made into ones that lead nowhere but down; and names that pass for others.

Pure: looks at no disk. What a path leads to, links above all, is found out while it is opened (see `folders`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from msgspec import Struct

from interlock.tools.workspace.errors import PathRefused

PATH_BYTES_MAX: Final = 1_024
NAME_BYTES_MAX: Final = 255
DEPTH_MAX: Final = 32

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_REPOSITORY_NAMES: Final = frozenset({".git", "git~1"})
"""How a repository's own folder is called, also by a file system that shortens names."""


class WorkspacePath(Struct, frozen=True):
    """A path below a workspace's folder: names, none of which leads anywhere but down. No names: the folder itself."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.names)

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def folder(self) -> WorkspacePath:
        """What it lies in."""
        return WorkspacePath(self.names[:-1])

    def below(self, name: str) -> WorkspacePath:
        """A path one deeper."""
        return WorkspacePath((*self.names, name))


ROOT: Final = WorkspacePath(())


def parse_path(text: str) -> WorkspacePath:
    """The path of a file; `PathRefused` if it could lead anywhere but into the workspace."""
    path = parse_folder(text)
    if not path.names or text.endswith("/"):
        raise PathRefused(text, "is the name of a folder: name a file")
    return path


def parse_folder(text: str) -> WorkspacePath:
    """The path of a folder, of which the workspace's own is `.` or nothing."""
    _check_text(text)
    names = tuple(name for name in text.split("/") if name not in {"", "."})
    if ".." in names:
        raise PathRefused(text, "has `..` in it: write the path from the workspace's folder on")
    if len(names) > DEPTH_MAX:
        raise PathRefused(text, f"lies {len(names)} folders deep, and {DEPTH_MAX} are the most")
    for name in names:
        _check_name(text, name)
    return WorkspacePath(names)


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise PathRefused(text, "holds half a character: write it in full") from None
    if size > PATH_BYTES_MAX:
        raise PathRefused(text, f"is {size:,} bytes long, and {PATH_BYTES_MAX:,} are the most")
    if any(unicodedata.category(symbol) == "Cc" for symbol in text):
        raise PathRefused(text, "holds a control character: no file has such a name")
    if text.startswith("/") or _DRIVE.match(text):
        raise PathRefused(text, "is absolute: write the path from the workspace's folder on, as `src/main.py`")
    if "\\" in text:
        raise PathRefused(text, "has a backslash in it: write `/` between folders")


def _check_name(text: str, name: str) -> None:
    if len(name.encode()) > NAME_BYTES_MAX:
        raise PathRefused(text, f"has a name longer than {NAME_BYTES_MAX} bytes in it")
    if is_repository_name(name):
        raise PathRefused(text, "is a repository's own folder, which only the git tools work on")


def is_repository_name(name: str) -> bool:
    """Whether some file system takes the name for `.git`."""
    return twin_key(name).partition(":")[0] in _REPOSITORY_NAMES


def twin_key(name: str) -> str:
    """The same for all names that some file system, or a person who looks at them, takes for one.

    It knows case, composed and compatible characters, invisible ones, and what Windows drops at the end. Letters of
    different scripts that only look alike stay different.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(symbol for symbol in folded if unicodedata.category(symbol) != "Cf")
    return seen.rstrip(". ") or seen


def check_new_name(path: WorkspacePath, name: str, others: list[str]) -> None:
    """Refuse to make a name that hides what it is, or that passes for one which is there already."""
    if any(unicodedata.category(symbol) in {"Cf", "Zl", "Zp", "Co", "Cn"} for symbol in name):
        raise PathRefused(str(path), "holds a character that cannot be seen: choose a name that shows what it is")
    if name != name.strip() or name.endswith("."):
        raise PathRefused(str(path), "has a name that begins or ends with a space or ends with a dot")
    key = twin_key(name)
    twin = next((other for other in others if other != name and twin_key(other) == key), None)
    if twin is not None:
        raise PathRefused(
            str(path), f"would stand beside `{twin}`, which other systems take for the same name: use that"
        )
