"""Importing people's Python files of agents, and telling what is wrong with them in their words.

A file is run anew each time it is loaded, under a name of its own, with its folder importable. Looks for no agents.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

from interlock.agents.errors import AgentError, AgentsNotLoaded

_MODULE_PREFIX: Final = "interlock_agents_"


def load_file(file: Path) -> ModuleType:
    """The module of a Python file; `AgentsNotLoaded` says what is wrong in it, and where."""
    file = file.resolve()
    name = f"{_MODULE_PREFIX}{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AgentsNotLoaded([f"{file}: this is not a Python file"])
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        raise _for_people(error, str(file)) from error
    return module


def load_module(name: str) -> ModuleType:
    """An importable module."""
    try:
        return importlib.import_module(name)
    except BaseException as error:
        raise _for_people(error, f"module {name}") from error


def _for_people(error: BaseException, source: str) -> AgentsNotLoaded:
    """What went wrong while importing, without the machinery of importing."""
    match error:
        case AgentsNotLoaded():
            return error
        case KeyboardInterrupt():
            raise error
        case AgentError():
            return AgentsNotLoaded([str(error)])
        case SyntaxError(filename=str(file), lineno=int(line)):
            return AgentsNotLoaded([f"{file}:{line}: {type(error).__name__}: {error.msg}"])
        case _:
            told = traceback.format_exception_only(error)[-1].strip()
            return AgentsNotLoaded([f"{_place(error, source)}: {told}"])


def _place(error: BaseException, source: str) -> str:
    """The innermost line that is neither ours nor the import system's."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else source
