"""A folder of graphs: files by the names of the graphs in them, read when the first is asked for. Compiles none."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from interlock.authoring.dialects.recognising import graph_name_in
from interlock.authoring.limits import Limits as DocumentLimits
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.values import Value, is_map
from interlock.embedded.errors import TwoGraphsError, UnreadableFolderError, UnreadableGraphError
from interlock.embedded.source_files import read_source

GRAPH_SUFFIXES: Final = (".yaml", ".yml", ".json")


class KnownGraph(Struct, frozen=True, kw_only=True):
    """A graph as lists show it, whether or not it can be run."""

    name: str
    description: str = ""
    place: str
    """Its file; `code` for one that was given as a document or built in Python."""
    is_packaged: bool = False
    """Whether it comes along with Interlock."""
    is_readable: bool = True
    """Whether there is a graph in it, be it wrong or not."""


class GraphFolder(Mapping[str, Mapping[str, Any]]):
    """The graphs of a folder by their names, read when the first is asked for.

    A file that cannot be read is known by its own name, and is an error only for who asks for it.
    """

    def __init__(self, folder: Path | None, limits: DocumentLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._read: dict[str, Document] | None = None
        self._unreadable: dict[str, UnreadableGraphError] = {}

    def find(self, name: str) -> Document | None:
        """The document of that name; one that is no graph is found by the name of its file."""
        found = self._documents().get(name)
        if found is None and name in self._unreadable:
            raise self._unreadable[name]
        return found

    def known(self, *, is_packaged: bool = False) -> list[KnownGraph]:
        """All of them by their names, those that cannot be read as well."""
        read = [
            KnownGraph(
                name=name,
                description=described(document.data),
                place=document.source,
                is_packaged=is_packaged,
                is_readable=not any(problem.severity == "error" for problem in document.problems),
            )
            for name, document in self._documents().items()
        ]
        unread = [
            KnownGraph(name=name, place=str(error.path), is_packaged=is_packaged, is_readable=False)
            for name, error in self._unreadable.items()
            if name not in self._documents()
        ]
        return sorted([*read, *unread], key=lambda each: each.name)

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        document = self.find(name)
        if document is None or not is_map(document.data):
            raise KeyError(name)
        return document.data

    def __iter__(self) -> Iterator[str]:
        return iter({**self._documents(), **self._unreadable})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _documents(self) -> dict[str, Document]:
        if self._read is None:
            self._read = {}
            for file in _graph_files(self._folder) if self._folder is not None else ():
                try:
                    document = read_graph_file(file, self._limits)
                except UnreadableGraphError as error:
                    self._unreadable[file.stem] = error
                    continue
                known = self._read.setdefault(_name_in(document, file), document)
                if known is not document:
                    raise TwoGraphsError(_name_in(document, file), known.source, document.source)
        return self._read


def described(document: Value) -> str:
    """What a graph says that it is for, on one line."""
    text = document.get("description") if is_map(document) else None
    return " ".join(text.split()) if isinstance(text, str) else ""


class GraphsBehind(Mapping[str, Mapping[str, Any]]):
    """Graphs by their names, and others behind them: of two with one name, the one in front is meant."""

    def __init__(self, front: Mapping[str, Mapping[str, Any]], behind: Mapping[str, Mapping[str, Any]]) -> None:
        self._front = front
        self._behind = behind

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        # By what it lists: a file in front that holds no graph is found by its name, and is an error of its own.
        return self._front[name] if name in list(self._front) else self._behind[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._front), **dict.fromkeys(self._behind)})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_graph_file(path: Path, limits: DocumentLimits) -> Document:
    """The document in a file. One that is far too large is not read to its end."""
    try:
        text = read_source(path, bytes_max=limits.document_bytes)
    except OSError as error:
        raise UnreadableGraphError(path, error.strerror or str(error)) from error
    return read_document(text, source=str(path), limits=limits)


def _graph_files(folder: Path) -> list[Path]:
    """The files of a folder that are meant to be graphs; without the folder there are none."""
    try:
        return sorted(filter(_is_meant_as_graph, folder.iterdir()))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnreadableFolderError(folder, error.strerror or str(error)) from error


def _is_meant_as_graph(file: Path) -> bool:
    """An editor's own files beside it are not; one that is there and cannot even be looked at is."""
    if file.suffix not in GRAPH_SUFFIXES or file.name.startswith("."):
        return False
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _name_in(document: Document, file: Path) -> str:
    name = graph_name_in(document.data) if is_map(document.data) else None
    return file.stem if name is None else name
