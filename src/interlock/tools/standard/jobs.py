"""Running a program on a copy of a run's workspace, in the sandbox of this machine or not at all."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, structs

from interlock.tools.errors import ToolFailed
from interlock.tools.sandbox.job import NoSandbox, Sandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.standard.environment import ToolEnvironment
from interlock.tools.workspace.errors import FileMissing
from interlock.tools.workspace.names import ROOT, parse_folder
from interlock.tools.workspace.workspace import Copy, Workspace

Language = Literal["python", "javascript", "bash"]
SECOND: Final = 1_000_000
_OPEN_TO_ALL: Final = (Path("/usr"), Path("/bin"))


class Interpreter(Struct, frozen=True):
    """A program that runs programs: how it is started, and what of the machine it must be able to read."""

    argv: tuple[str, ...]
    read_only_paths: tuple[Path, ...] = ()


class SandboxedRun(Struct, frozen=True):
    """A job that came to an end of its own, and the copy of the workspace in which it ran."""

    result: SandboxResult
    copy: Copy


def interpreter_of(language: Language) -> Interpreter:
    """What takes a program of the language as its next word, on this machine; a refusal where there is none."""
    match language:
        case "python":
            plain = python()
            return structs.replace(plain, argv=(*plain.argv, "-c"))
        case "javascript":
            return _program("node", "-e")
        case "bash":
            return _program("bash", "-c")


def python(*, module: str | None = None) -> Interpreter:
    """The Python that this process runs on, with what is installed beside it; perhaps with a package that it needs."""
    if module is not None and importlib.util.find_spec(module) is None:
        raise refused(f"{module} is not installed beside Interlock: pip install {module}")
    paths = (Path(sys.prefix), Path(sys.base_prefix).resolve())
    return Interpreter((sys.executable, "-B"), tuple(dict.fromkeys(paths)))


def _program(name: str, *flags: str) -> Interpreter:
    found = shutil.which(name)
    if found is None:
        raise refused(f"{name} is not installed on this machine, so such code is not run: install it, or use python")
    path = Path(found).resolve()
    is_open = any(path.is_relative_to(folder) for folder in _OPEN_TO_ALL)
    return Interpreter((str(path), *flags), () if is_open else (path.parent.parent,))


async def sandbox_of(environment: ToolEnvironment) -> Sandbox:
    """The sandbox of this machine; a refusal where there is none, since nothing is ever run outside of one."""
    found = await environment.sandbox()
    if isinstance(found, NoSandbox):
        raise refused(str(found))
    return found


@asynccontextmanager
async def ran_on_copy(
    environment: ToolEnvironment,
    workspace: Workspace,
    interpreter: Interpreter,
    arguments: Sequence[str],
    *,
    seconds: int,
    keeps: bool,
    stdin: bytes = b"",
    output_bytes: int | None = None,
) -> AsyncGenerator[SandboxedRun]:
    """The end of a program that was run on a copy of the workspace, which is thrown away afterwards."""
    sandbox = await sandbox_of(environment)
    async with _copied(workspace) as copy:
        job = SandboxJob(
            argv=(*interpreter.argv, *arguments),
            workspace=copy.folder,
            stdin=stdin,
            limits=_limits(environment.sandbox_limits, seconds, output_bytes),
            keeps=keeps,
            read_only_paths=interpreter.read_only_paths,
        )
        result = await sandbox.run(job)
        if result.ended == "stopped":
            raise ToolFailed(f"the sandbox ({result.tier}) could not run the program to its end: {result.note}")
        yield SandboxedRun(result, copy)


@asynccontextmanager
async def _copied(workspace: Workspace) -> AsyncGenerator[Copy]:
    """A copy of the files, made and thrown away in threads; also one that is made while the call is cancelled goes."""
    copying = workspace.copied()
    entering = asyncio.ensure_future(asyncio.to_thread(copying.__enter__))
    try:
        yield await asyncio.shield(entering)
    finally:
        await entering
        await asyncio.to_thread(copying.__exit__, None, None, None)


def names_given(workspace: Workspace, paths: Sequence[str]) -> list[str]:
    """Paths as a program in the sandbox is told them; what is not there is refused, so that nothing is passed over."""
    there = {entry.path for entry in workspace.entries()} | {ROOT}
    named = [parse_folder(path) for path in paths]
    missing = next((path for path in named if path not in there), None)
    if missing is not None:
        raise FileMissing(str(missing), advice="list_files shows what is there")
    return [f"./{path}" for path in named]


def text_of(output: bytes, *, characters_max: int) -> str:
    """What a program wrote, as text. Of much, the beginning and the end are kept."""
    text = output.decode(errors="replace")
    if len(text) <= characters_max:
        return text
    half = characters_max // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half:,} characters) …\n{text[-half:]}"


def refused(message: str) -> ToolFailed:
    """What this machine will not do, now or later."""
    return ToolFailed(message, kind="refused", retryable=False)


def _limits(limits: SandboxLimits, seconds: int, output_bytes: int | None) -> SandboxLimits:
    wall = min(limits.wall, seconds * SECOND)
    return structs.replace(limits, wall=wall, output_bytes=output_bytes or limits.output_bytes)
