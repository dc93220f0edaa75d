"""What one call of a default tool needs, read from its arguments: what policy is asked about before the call is made.

Arguments may hold anything here. What cannot be read is asked for as it stands: the tool itself refuses it later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from interlock.core.plan import Permissions
from interlock.core.values import Value, is_list, is_map
from interlock.tools.workspace.errors import PathRefused
from interlock.tools.workspace.names import parse_folder

Needs: TypeAlias = Callable[[Value], Permissions]

EVERYTHING: Final = "*"
"""All files of the workspace, as permissions and policies write it."""


def reads_file(name: str) -> Needs:
    """It reads the file that an argument names."""
    return lambda arguments: Permissions(reads=tuple(map(as_it_leads, texts(arguments, name))))


def reads_folder(name: str) -> Needs:
    """It reads all that lies below the folder that an argument names, and without one everything."""
    return lambda arguments: Permissions(reads=tuple(map(below, texts(arguments, name))) or (EVERYTHING,))


def writes_file(name: str) -> Needs:
    """It writes the file that an argument names."""
    return lambda arguments: Permissions(writes=tuple(map(as_it_leads, texts(arguments, name))))


def as_it_leads(path: str) -> str:
    """A path as the tools take it, so that `./a//b` and `a/b` are judged alike."""
    try:
        return str(parse_folder(path))
    except PathRefused:
        return path


def below(folder: str) -> str:
    """Everything below a folder."""
    path = as_it_leads(folder)
    return f"{path}/*" if path else EVERYTHING


def texts(arguments: Value, name: str) -> list[str]:
    """The text that an argument is, or the texts in its list."""
    given = arguments.get(name) if is_map(arguments) else None
    return [text for text in (given if is_list(given) else [given]) if isinstance(text, str)]
