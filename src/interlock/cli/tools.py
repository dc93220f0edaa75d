"""`interlock tools …`: which tools a project has, on what terms, and the approval of what somebody else defines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from interlock.cli.completion import tool_names
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, By, Tools

if TYPE_CHECKING:
    from interlock.tools.approving import Change, Review
    from interlock.tools.toolbox import Toolbox

app = typer.Typer(help="The tools of the project: what they may do, and the approval of those that others define.")

ToolArgument: TypeAlias = Annotated[str, typer.Argument(metavar="TOOL", help="A tool.", autocompletion=tool_names)]


@app.callback(invoke_without_command=True)
def tools(context: typer.Context, *, tools: Tools = None, as_json: AsJson = False) -> int:
    """List the tools: where each comes from, what a repeat would do, what it needs, and whether it was approved."""
    return ExitCode.SUCCEEDED if context.invoked_subcommand else _list(tools, as_json=as_json)


@app.command("list")
def list_(*, tools: Tools = None, as_json: AsJson = False) -> int:
    """List the tools, as `interlock tools` does. Nobody outside is asked."""
    return _list(tools, as_json=as_json)


def _list(tools: list[str] | None, *, as_json: bool) -> int:
    from interlock.cli.output import console, print_json
    from interlock.cli.tool_table import print_tools, print_unseen
    from interlock.showing.json import plain_data
    from interlock.showing.tools import tool_row

    toolbox = _toolbox(tools)
    found = toolbox.everything()
    if as_json:
        print_json({"tools": [plain_data(tool_row(tool)) for tool in found], "not_approved": toolbox.unseen()})
    elif found:
        print_tools(console(), found)
        print_unseen(console(), toolbox.unseen())
    else:
        console().print("no tools: put some into the folder `tools`", markup=False)
    return ExitCode.SUCCEEDED


@app.command()
def show(name: ToolArgument, *, tools: Tools = None, as_json: AsJson = False) -> int:
    """Show a tool: its description, its schemas, its terms, and whether it may be called. Nobody outside is asked."""
    from interlock.cli.output import console, print_json
    from interlock.cli.tool_table import print_tool
    from interlock.showing.json import plain_data
    from interlock.showing.tools import tool as tool_shown
    from interlock.tools.errors import ToolError

    toolbox = _toolbox(tools)
    tool = toolbox.find(name)
    if tool is None:
        try:
            tool = toolbox.get(name)
        except ToolError as error:
            raise CommandError(str(error)) from error
    if as_json:
        print_json(plain_data(tool_shown(tool)))
    else:
        print_tool(console(), tool)
    return ExitCode.SUCCEEDED


@app.command()
def check(*, tools: Tools = None, as_json: AsJson = False) -> int:
    """Ask every source what its tools are now, and say what is not what was approved. Exit code 1 if anything is."""
    return finished(_check(tools, as_json=as_json))


async def _check(tools: list[str] | None, *, as_json: bool) -> int:
    from interlock.cli.output import console, print_json
    from interlock.cli.tool_table import change_as_json, print_review

    found = await _review(tools)
    if as_json:
        changes = [change_as_json(change) for change in found.changes]
        print_json({"changes": changes, "problems": list(found.problems)})
    else:
        print_review(console(), found)
    return ExitCode.NOT_SUCCEEDED if found.changes or found.problems else ExitCode.SUCCEEDED


@app.command()
def approve(
    name: Annotated[
        str | None, typer.Argument(metavar="[TOOL]", help="A tool that is new or changed.", autocompletion=tool_names)
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Go through everything that is not approved.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Approve without a question: what changed is still shown.")
    ] = False,
    by: By = "",
    tools: Tools = None,
    as_json: AsJson = False,
) -> int:
    """Show what a tool says of itself now beside what was approved, and approve it, by a line in tools.lock.

    A tool that is gone is taken out of the file. Exit code 1 says that something was left unapproved.
    """
    if (name is None) == (not everything):
        raise CommandError("name the tool to approve, or say --all")
    if as_json and not yes:
        raise CommandError("--json asks nobody: say --yes to approve, or see `interlock tools check --json`")
    return finished(_approve(name, tools, yes=yes, by=by, as_json=as_json))


async def _approve(name: str | None, tools: list[str] | None, *, yes: bool, by: str, as_json: bool) -> int:
    from interlock.cli.opening import who

    found = await _review(tools, name=name)
    if name is not None and not found.changes:
        _refuse_nothing_to_approve(name, tools, found)
    agreed = [change for change in found.changes if await _is_agreed(change, yes=yes, as_json=as_json)]
    if agreed:
        _write(agreed, by=who(by))
    _tell_approved(found, agreed, as_json=as_json)
    is_whole = len(agreed) == len(found.changes) and not found.problems
    return ExitCode.SUCCEEDED if is_whole else ExitCode.NOT_SUCCEEDED


async def _is_agreed(change: Change, *, yes: bool, as_json: bool) -> bool:
    from interlock.cli.output import console
    from interlock.cli.question import is_agreed
    from interlock.cli.tool_table import print_change

    if as_json:
        return True
    print_change(console(), change)
    if yes:
        return True
    return await is_agreed(f"forget {change.name}?" if change.turn == "gone" else f"approve {change.name}?")


def _write(agreed: list[Change], *, by: str) -> None:
    from datetime import UTC, datetime

    from interlock.tools.approving import approve

    approve(agreed, by=by, at=datetime.now(UTC).isoformat(timespec="seconds"))


def _tell_approved(found: Review, agreed: list[Change], *, as_json: bool) -> None:
    from interlock.cli.output import console, error_console, plain, print_json

    if as_json:
        told = {turn: [change.name for change in agreed if change.turn == turn] for turn in ("new", "changed", "gone")}
        print_json({"approved": told["new"] + told["changed"], "forgotten": told["gone"], "problems": found.problems})
        return
    for problem in found.problems:
        error_console().print(plain(problem), markup=False, soft_wrap=True)
    if not found.changes and not found.problems:
        console().print("everything is what was approved", markup=False)
    elif agreed:
        count = len(agreed)
        told = f"{count} tool{'s' * (count != 1)} written to {agreed[0].lock.name}: keep it with the project"
        console().print(told, markup=False)


def _refuse_nothing_to_approve(name: str, tools: list[str] | None, found: Review) -> None:
    if found.problems:
        raise CommandError("\n".join(found.problems), code=ExitCode.NOT_SUCCEEDED)
    if name in _toolbox(tools):
        raise CommandError(f"the tool `{name}` is what was approved, or the project's own: there is nothing to approve")
    raise CommandError(f"no source offers a tool `{name}`: `interlock tools check` says what they offer")


async def _review(tools: list[str] | None, *, name: str | None = None) -> Review:
    from interlock.cli.opening import configured
    from interlock.tools.approving import declaring_files, review
    from interlock.tools.secrets import read_secrets

    settings = configured(tools=tools).settings
    secrets: Any = read_secrets(os.environ, settings.secrets)
    return await review(declaring_files(settings.tools), secrets, name=name)


def _toolbox(tools: list[str] | None) -> Toolbox:
    from interlock.cli.opening import project_client

    return project_client(Invocation(tools=tools)).toolbox
