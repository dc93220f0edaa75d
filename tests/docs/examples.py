"""Runs the examples of a page as its reader would: from the top, in one folder that starts empty.

    ```yaml file=graphs/hello.yaml   saved there; a word `file=` saves a block of any language
    ```yaml                          a graph (its first key is `graph`) is checked; other YAML is prose
    ```yaml invalid                  a graph that `interlock graph check` must refuse
    ```python                        run, unless it is saved
    ```ts                            checked with strict types and run by Node, unless it is saved
    ```console                       each `$ interlock …`, `$ python …`, `$ curl …` and `$ cd …` is run; what stands
                                     below a command must be what it prints; … stands for anything, alone on a line
                                     for any lines. `$ interlock up &` serves until the page ends, as if on port 8000
    ```… fragment                    part of something larger: neither saved nor run

A command with nothing below it must succeed. Commands of other programs are for the reader alone. How what is shown and
what is printed are compared, and what becomes of ids, is told in `showing`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.docs.page import Block, Page
from tests.docs.server import STARTED, PageServer, start_server
from tests.docs.showing import ids_in, with_real_ids
from tests.docs.typescript import command_to_run
from tests.docs.warm_program import folder_of_warm_program
from tests.programs import PATH

SECONDS_MAX = 60
RUNNABLE = ("interlock ", "python ", "curl ", "cd ")


@dataclass
class Reader:
    """Who follows the page: the folder in which they are, which a `cd` changes, and what the page's ids are here."""

    folder: Path
    ids: dict[str, str] = field(default_factory=dict[str, str])
    unchecked: dict[str, int] = field(default_factory=dict[str, int])
    """Graphs that were read and not yet checked, with their lines: many are checked as quickly as one."""
    server: PageServer | None = None
    path: str = PATH
    """Where programs are found."""


@dataclass(frozen=True)
class Command:
    """A line typed at the prompt and what the page says it prints: nothing if the page does not say."""

    typed: str
    printed: str
    line: int


def failures_on(page: Page, *, folder: Path, warm: bool = False) -> list[str]:
    """One sentence for each example that does not do what the page says; `warm`: with the program loaded already."""
    reader = Reader(folder, path=f"{folder_of_warm_program()}:{PATH}" if warm else PATH)
    try:
        problems = [f"line {problem}" for block in page.blocks for problem in _problems_with(block, reader)]
        return [*problems, *(f"line {problem}" for problem in _check_graphs(reader))]
    finally:
        if reader.server is not None:
            reader.server.stop()


def commands_in(block: Block) -> list[Command]:
    """The commands of a console block; a trailing backslash continues a command on the next line."""
    joined = block.text.replace("\\\n", "")
    prompts = list(re.finditer(r"^\$ (.*)$", joined, re.MULTILINE))
    ends = [*(prompt.start() for prompt in prompts[1:]), len(joined)]
    return [
        Command(prompt[1].strip(), joined[prompt.end() : end].strip("\n"), block.line)
        for prompt, end in zip(prompts, ends, strict=True)
    ]


def _problems_with(block: Block, reader: Reader) -> Iterator[str]:
    if "fragment" in block.words:
        return
    if block.language != "yaml" or block.file in reader.unchecked:
        yield from _check_graphs(reader)
    if block.file is not None:
        _save(block, block.file, reader)
    if run := _RUN.get(block.language):
        yield from run(block, reader)


def _read_graph(block: Block, reader: Reader) -> Iterator[str]:
    if not block.text.startswith("graph:"):
        return
    file = block.file or _save(block, f"graph-at-line-{block.line}.yaml", reader)
    if "invalid" not in block.words:
        reader.unchecked[file] = block.line
    elif _run(f"interlock graph check {file}", reader).returncode == 0:
        yield f"{block.line}: the page calls this graph invalid, and `interlock graph check` accepts it"


def _check_graphs(reader: Reader) -> Iterator[str]:
    unchecked, reader.unchecked = reader.unchecked, {}
    if not unchecked or _run(f"interlock graph check {' '.join(unchecked)}", reader).returncode == 0:
        return
    for file, line in unchecked.items():
        checked = _run(f"interlock graph check {file}", reader)
        if checked.returncode != 0:
            yield f"{line}: this graph is refused:\n{checked.stdout}"


def _run_python(block: Block, reader: Reader) -> Iterator[str]:
    if block.file is not None:
        return
    ran = _run(f"python {_save(block, f'example-at-line-{block.line}.py', reader)}", reader)
    if ran.returncode != 0:
        yield f"{block.line}: this program fails:\n{ran.stdout}"


def _run_typescript(block: Block, reader: Reader) -> Iterator[str]:
    if block.file is not None:
        return
    program = _save(block, f"example-at-line-{block.line}.ts", reader)
    ran = _run(command_to_run(program, folder=reader.folder), reader)
    if ran.returncode != 0:
        yield f"{block.line}: this program fails:\n{ran.stdout}"


def _run_console(block: Block, reader: Reader) -> Iterator[str]:
    for command in commands_in(block):
        if command.typed.startswith("cd "):
            reader.folder = reader.folder / command.typed.removeprefix("cd ")
        elif (started := STARTED.fullmatch(command.typed)) is not None:
            yield from _serve(command, started, reader)
        elif command.typed.startswith(RUNNABLE):
            yield from _compare(command, _run(with_real_ids(command.typed, reader.ids), reader), reader)


def _serve(command: Command, typed: re.Match[str], reader: Reader) -> Iterator[str]:
    reader.server = start_server(typed, folder=reader.folder, environment=_environment(reader))
    told = subprocess.CompletedProcess(command.typed, 0, reader.server.told)
    yield from _compare(command, told, reader)


def _compare(command: Command, ran: subprocess.CompletedProcess[str], reader: Reader) -> Iterator[str]:
    if not command.printed:
        if ran.returncode != 0:
            yield f"{command.line}: $ {command.typed}\nends with {ran.returncode}:\n{ran.stdout}"
        return
    ids = ids_in(ran.stdout, command.printed, reader.ids)
    if ids is None:
        yield f"{command.line}: $ {command.typed}\nthe page shows:\n{command.printed}\nit prints:\n{ran.stdout}"
    else:
        reader.ids = ids


_RUN: Mapping[str, Callable[[Block, Reader], Iterator[str]]] = MappingProxyType(
    {"yaml": _read_graph, "python": _run_python, "ts": _run_typescript, "console": _run_console}
)


def _save(block: Block, name: str, reader: Reader) -> str:
    path = reader.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return name


def _run(command: str, reader: Reader) -> subprocess.CompletedProcess[str]:
    if (killed := _KILLED.fullmatch(command)) is not None:
        return _run_and_kill(killed["command"], reader)
    return subprocess.run(
        ["bash", "-c", command],
        cwd=reader.folder,
        env=_environment(reader),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


_KILLED: Final = re.compile(r"(?P<command>.+) & sleep \d+; kill -9 \$!")
"""A reader gives a run some seconds before the kill; here it is killed as soon as it says that it waits."""


def _run_and_kill(command: str, reader: Reader) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        shlex.split(command),
        cwd=reader.folder,
        env=_environment(reader),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if " waits " in line:
                process.kill()
        return subprocess.CompletedProcess(command, process.wait(SECONDS_MAX), told)


def _environment(reader: Reader) -> dict[str, str]:
    """A terminal of a known width without colours, and none of the developer's own settings."""
    own = {"PATH": reader.path, "HOME": str(reader.folder), "COLUMNS": "100", "NO_COLOR": "1"}
    return own if reader.server is None else own | reader.server.environment(reader.folder)
