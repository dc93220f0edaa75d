"""The commands of `interlock` with their arguments and options, read from the commands themselves."""

from __future__ import annotations

import inspect
from typing import Any

from typer.main import get_command

from interlock.cli.app import app


def command_names() -> list[str]:
    """Every command, in the order of `--help`: `run`, `graph check`."""
    root: Any = get_command(app)
    return [name for word, command in root.commands.items() for name in _names(word, command)]


def command_section(name: str) -> str:
    """How a command is called, what it does, and a table of what it takes."""
    command: Any = get_command(app)
    for word in name.split():
        command = command.commands[word]
    arguments = [each for each in command.params if each.param_type_name == "argument" and _metavar(each)]
    usage = " ".join(["interlock", name, *map(_metavar, arguments)])
    rows = [_row(each) for each in command.params if _metavar(each) or each.param_type_name == "option"]
    told = inspect.cleandoc(command.help or "")
    return "\n".join([f"`{usage}`", "", told, "", "| takes | what |", "|---|---|", *rows])


def _names(word: str, command: Any) -> list[str]:  # noqa: ANN401 - typer's own types are private
    inner = getattr(command, "commands", None)
    if inner is None:
        return [word]
    alone = [word] if command.invoke_without_command else []
    return alone + [f"{word} {each}" for each in inner]


def _metavar(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.metavar is not None:
        return str(parameter.metavar)
    return "" if parameter.param_type_name == "option" else f"[{parameter.name.upper()}]"


def _row(parameter: Any) -> str:  # noqa: ANN401 - as above
    told = (parameter.help or "").replace("|", "\\|")
    metavar = _metavar(parameter).replace("|", "\\|")
    if parameter.param_type_name == "argument":
        return f"| `{metavar}` | {told} |"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    value = "" if parameter.is_flag else f" `{metavar or parameter.name.upper()}`"
    needed = " Needed." if parameter.required else ""
    again = " May be given again." if parameter.multiple and "again" not in told else ""
    default = f" Left out: {parameter.default}." if isinstance(parameter.default, int) and parameter.default > 1 else ""
    return f"| {names}{value} | {told}{needed}{again}{default} |"
