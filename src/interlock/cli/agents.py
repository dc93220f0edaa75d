"""`interlock agents …`: the agents of a project, what each is, what is wrong with them, and a new one that works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from interlock.cli.completion import agent_names
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.options import AsJson

if TYPE_CHECKING:
    from interlock.agents.collecting import Agents

app = typer.Typer(help="The agents of the project: list, show, check and make them.", no_args_is_help=True)

AgentName: TypeAlias = Annotated[
    str, typer.Argument(metavar="AGENT", help="An agent's name.", autocompletion=agent_names)
]


@app.command("list")
def list_agents(*, as_json: AsJson = False) -> int:
    """List the agents: what each is for, what it may call, and where it is declared; those that come along last."""
    from interlock.agents.built_in_agents import BUILT_IN
    from interlock.cli.agent_table import print_agents
    from interlock.cli.output import console, print_json
    from interlock.showing.agents import agent_row
    from interlock.showing.json import plain_data

    found = sorted(_project_agents(), key=lambda each: each.place == BUILT_IN)
    if as_json:
        print_json({"agents": [plain_data(agent_row(each)) for each in found]})
    else:
        print_agents(console(), found)
    return ExitCode.SUCCEEDED


@app.command()
def show(agent: AgentName, *, as_json: AsJson = False) -> int:
    """Show one agent: its contract with everything that was left to its default, and its prompt."""
    from interlock.cli.agent_table import print_agent
    from interlock.cli.output import console, print_json
    from interlock.showing.agents import agent as agent_shown
    from interlock.showing.json import plain_data

    found = _project_agents().get(agent)
    if as_json:
        print_json(plain_data(agent_shown(found)))
    else:
        print_agent(console(), found)
    return ExitCode.SUCCEEDED


@app.command()
def check(
    agents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[AGENT]...",
            help="Contracts, or names of agents; without any, all agents of the project.",
            autocompletion=agent_names,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """Check agents: every problem with its line, and what to do about it; and whether what they may call is there."""
    from interlock.cli.agent_checks import check_agents
    from interlock.cli.agent_table import checks_as_json, print_checks
    from interlock.cli.output import console, print_json

    checked = check_agents(agents or [])
    if as_json:
        print_json({"agents": checks_as_json(checked)})
    else:
        print_checks(console(), checked)
    return ExitCode.SUCCEEDED if all(each.is_valid for each in checked) else ExitCode.USAGE


@app.command()
def new(
    agent: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Make a new agent: a contract with its prompt beside it, to be changed until it is what is wanted."""
    from interlock.cli.agent_scaffold import contract_text, is_agent_name, prompt_text
    from interlock.cli.output import console, plain, print_json

    if not is_agent_name(agent):
        raise CommandError(f"{agent!r} is no name of an agent: begin with a Latin letter, then letters, digits, `_.-`")
    folder = _folder_for_new()
    files = {folder / f"{agent}.yaml": contract_text(agent), folder / f"{agent}.md": prompt_text(agent)}
    taken = [str(file) for file in files if file.exists()]
    if taken:
        raise CommandError(f"these files are there already, and nothing was written: {', '.join(taken)}")
    for file, text in files.items():
        _write(file, text)
    if as_json:
        print_json({"agent": agent, "files": [str(file) for file in files]})
    else:
        for file in files:
            console().print(plain(f"  {file}"), markup=False, soft_wrap=True)
        console().print(plain(f"next:\n  interlock agents check {agent}"), markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error


def _project_agents() -> Agents:
    from interlock.agents.collecting import collect_agents
    from interlock.cli.agent_sources import agent_sources

    return collect_agents(agent_sources())


def _folder_for_new() -> Path:
    """The first folder of agents that the settings name; of a project that has none, the usual one."""
    from interlock.cli.opening import configured

    found = configured()
    folders = [Path(each) for each in found.settings.agents if Path(each).is_dir()]
    folder = folders[0] if folders else found.project / "agents"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
