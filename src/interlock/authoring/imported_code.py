"""People's Python files as modules, and what is wrong with one that cannot be imported, in their own words."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from interlock.authoring.errors import AuthoringError
from interlock.authoring.places import shown
from interlock.core.errors import InterlockError


def own_module_name(prefix: str, file: Path) -> str:
    """A name that meets no other module's: two projects may both have a `tools/pay.py`."""
    return f"{prefix}{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"


def run_as_module(file: Path, name: str) -> ModuleType:
    """The module of that name, made by running a file. Whatever the file raises is raised, and then there is none."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AuthoringError(f"{shown(str(file))}: this is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def make_importable(folder: Path) -> None:
    """Let what lies in a folder be imported by its name, unless a library has that name."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def import_problem(error: BaseException, source: str, *, loader: str) -> str:
    """What went wrong while importing, without the machinery of importing: neither ours (`loader`) nor Python's.

    An interruption by the person is no problem of the code: it is raised again.
    """
    match error:
        case KeyboardInterrupt():
            raise error
        case InterlockError():
            return str(error)
        case SyntaxError(filename=str(file), lineno=int(line)):
            return f"{shown(file)}:{line}: {type(error).__name__}: {error.msg}"
        case SystemExit():
            return f"{_place(error, source, loader)}: it exits while it is imported"
        case _:
            told = traceback.format_exception_only(error)[-1].strip()
            return f"{_place(error, source, loader)}: {told}"


def _place(error: BaseException, source: str, loader: str) -> str:
    """The innermost line that is the person's own."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = (loader, __file__)
    theirs = [frame for frame in frames if frame.filename not in ours and "importlib" not in frame.filename]
    return f"{shown(theirs[-1].filename)}:{theirs[-1].lineno}" if theirs else source
