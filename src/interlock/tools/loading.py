"""Importing people's files and modules of tools, and telling what is wrong with them in their words.

A file is imported once per process, with its folder importable: it may import its neighbours, and is the same module to
them. Where its own name is taken (a `json.py`, or the `pay.py` of another project) it gets a name of its own. Looks for
no tools.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from interlock.authoring.imported_code import import_problem, make_importable, own_module_name, run_as_module
from interlock.authoring.places import shown
from interlock.tools.errors import ToolsNotLoaded

FILE_MODULE_PREFIX: Final = "interlock_tools_"


def load_file(file: Path) -> ModuleType:
    """The module of a Python file; `ToolsNotLoaded` says what is wrong in it, and where."""
    file = file.resolve()
    if not file.is_file():
        raise ToolsNotLoaded([f"{shown(str(file))}: there is no such file"])
    make_importable(file.parent)
    if _is_found_by_its_name(file):
        return load_module(file.stem)
    return _load_under_own_name(file)


def _load_under_own_name(file: Path) -> ModuleType:
    name = own_module_name(FILE_MODULE_PREFIX, file)
    if name in sys.modules:
        return sys.modules[name]
    try:
        return run_as_module(file, name)
    except BaseException as error:
        raise _not_loaded(error, shown(str(file))) from error


def load_module(name: str) -> ModuleType:
    """An importable module, also of the working directory."""
    make_importable(Path.cwd())
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except BaseException as error:
        raise _not_loaded(error, f"module {name}") from error


def file_behind(module: str) -> str | None:
    """The file of a module that has a name of its own; None for a module that is importable by its name."""
    return sys.modules[module].__file__ if module.startswith(FILE_MODULE_PREFIX) else None


def _is_found_by_its_name(file: Path) -> bool:
    """Whether importing the file's name would import this file, and nothing else of that name."""
    if not file.stem.isidentifier():
        return False
    importlib.invalidate_caches()
    try:
        spec = importlib.util.find_spec(file.stem)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == file


def _not_loaded(error: BaseException, source: str) -> ToolsNotLoaded:
    if isinstance(error, ToolsNotLoaded):
        return error
    return ToolsNotLoaded([import_problem(error, source, loader=__file__)])
