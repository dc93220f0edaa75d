"""Importing people's Python files of agents, and telling what is wrong with them in their words.

A file is run anew each time it is loaded, under a name of its own, with its folder importable. Looks for no agents.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from interlock.agents.errors import AgentsNotLoaded
from interlock.authoring.imported_code import import_problem
from interlock.authoring.places import shown

_MODULE_PREFIX: Final = "interlock_agents_"


def load_file(file: Path) -> ModuleType:
    """The module of a Python file; `AgentsNotLoaded` says what is wrong in it, and where."""
    file = file.resolve()
    name = f"{_MODULE_PREFIX}{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AgentsNotLoaded([f"{shown(str(file))}: this is not a Python file"])
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        raise _not_loaded(error, shown(str(file))) from error
    return module


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
