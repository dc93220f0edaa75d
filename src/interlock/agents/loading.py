"""Importing people's Python files of agents, and telling what is wrong with them in their words.

A file is run anew each time it is loaded, under a name of its own, with its folder importable. Looks for no agents.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Final

from interlock.agents.errors import AgentsNotLoaded
from interlock.authoring.imported_code import import_problem, make_importable, own_module_name, run_as_module
from interlock.authoring.places import shown

_MODULE_PREFIX: Final = "interlock_agents_"


def load_file(file: Path) -> ModuleType:
    """The module of a Python file; `AgentsNotLoaded` says what is wrong in it, and where."""
    file = file.resolve()
    make_importable(file.parent)
    try:
        return run_as_module(file, own_module_name(_MODULE_PREFIX, file))
    except BaseException as error:
        raise _not_loaded(error, shown(str(file))) from error


def load_module(name: str) -> ModuleType:
    """An importable module."""
    try:
        return importlib.import_module(name)
    except BaseException as error:
        raise _not_loaded(error, f"module {name}") from error


def _not_loaded(error: BaseException, source: str) -> AgentsNotLoaded:
    if isinstance(error, AgentsNotLoaded):
        return error
    return AgentsNotLoaded([import_problem(error, source, loader=__file__)])
