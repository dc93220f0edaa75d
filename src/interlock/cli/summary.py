"""How a run stands, as the last lines of a command for people, and as one object for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.cli.cost_table import costs_line
from interlock.cli.failures import ExitCode
from interlock.cli.next_steps import next_steps, password_left_out
from interlock.cli.output import json_text, plain
from interlock.cli.tree import wait_line
from interlock.cli.tree_drawing import MARKS
from interlock.engine.agents.memory.entries import SESSION_LABEL
from interlock.engine.telling.events_in_words import short, span
from interlock.engine.telling.history import RunView
from interlock.showing.json import plain_data
from interlock.showing.runs import costs, costs_anything
from interlock.showing.runs import run as shown_run

if TYPE_CHECKING:
    from rich.console import Console


def exit_code_of(view: RunView, *, wanted: frozenset[str]) -> ExitCode:
    """0 it ended as was wanted, 1 it ended otherwise, 3 it waits for people or other systems."""
    if view.status in wanted:
        return ExitCode.SUCCEEDED
    return ExitCode.NOT_SUCCEEDED if view.has_ended else ExitCode.WAITS


# --- for people ------------------------------------------------------------------------------------------------------


def print_summary(console: Console, view: RunView, version: str, *, store: str | None, now: int) -> None:
    """How it ended or stands, what it gave, what it asks, and what can be done next."""
    print_standing(console, view, version, now=now)
    print_next_steps(console, view, store=store)


def print_standing(console: Console, view: RunView, version: str, *, now: int) -> None:
    """The same of a run about which nothing can be done."""
    print_headline(console, view, version, now=now)
    if view.error is not None:
        where = f"{view.error.path}: " if view.error.path else ""
        console.print(f"  {plain(where + view.error.message)} ({view.error.kind})", style="red", markup=False)
    for title, paths in (("could not be taken back", view.not_undone), ("has no undo and stands", view.left_standing)):
        if paths:
            console.print(f"  {title}: {', '.join(paths)}", style="yellow", markup=False)
    print_costs(console, view)
    if view.outputs is not None:
        print_value(console, view.outputs)
    print_waits(console, view, now=now)


def print_headline(console: Console, view: RunView, version: str, *, now: int) -> None:
    """The run's status, how long it took, its id, and the version of its graph where there are any."""
    mark = MARKS.get(view.status, MARKS["pending"])
    lasted = span((view.ended_at or now) - view.started_at)
    words = [view.status.replace("_", " "), *view.flags, *([view.mode] if view.mode != "normal" else [])]
    took = f"in {lasted}" if view.has_ended else f"for {lasted}"
    console.print(f"{mark.ascii if is_ascii(console) else mark.sign} ", style=mark.style, end="")
    console.print(", ".join(words), style=f"bold {mark.style}", end="", markup=False)
    of_graph = f"{view.graph}, {version}" if version else view.graph
    console.print(f" {took}  run {view.run} of graph {of_graph}", style="dim", markup=False)


def print_costs(console: Console, view: RunView) -> None:
    """What it has cost, where anything costs money or tokens."""
    if costs_anything(view):
        console.print(f"  {costs_line(view.costs)}", style="dim", markup=False, soft_wrap=True)


def print_agents(console: Console, view: RunView) -> None:
    """What each of its agents has cost, with everything that it let others do."""
    for agent in view.agents.values():
        console.print(f"  {agent.path} ({agent.agent}): {costs_line(agent.costs)}", style="dim", markup=False)


def print_origin(console: Console, view: RunView) -> None:
    """What it was given, by whom, and what it goes on from."""
    parts = [f"given {short(view.inputs)}"] if view.inputs else []
    parts += [f"by {view.started_by}"] if view.started_by else []
    parts += [f"a {view.kind} of {view.parent}"] if view.parent else []
    parts += [f"key {view.key}"] if view.key else []
    parts += [f"session {view.labels[SESSION_LABEL]}"] if SESSION_LABEL in view.labels else []
    if parts:
        console.print(f"  {plain(', '.join(parts))}", style="dim", markup=False, soft_wrap=True)


def print_value(console: Console, value: Any) -> None:  # noqa: ANN401 - JSON data
    """A value as JSON that can be read and copied."""
    text = json_text(value)
    if console.is_terminal:
        from rich.json import JSON

        console.print(JSON(text))
    else:
        console.print(text, markup=False, soft_wrap=True)


def print_waits(console: Console, view: RunView, *, now: int) -> None:
    """What it waits for, one line each."""
    for wait in view.waits:
        console.print(f"  {wait.path} ", style="yellow", end="", markup=False)
        console.print(plain(wait_line(wait, now=now)), markup=False, soft_wrap=True)


def print_next_steps(console: Console, view: RunView, *, store: str | None) -> None:
    """Command lines to copy: never wrapped, so that they stay whole."""
    steps = next_steps(view, store=store)
    if not steps:
        return
    width = max(len(step.what) for step in steps)
    hint = " (the password is left out: set PGPASSWORD, or INTERLOCK_STORE)" if password_left_out(store) else ""
    console.print(f"next{hint}:", style="dim", markup=False, soft_wrap=True)
    for step in steps:
        console.print(f"  {step.what:<{width}}  ", style="dim", end="", markup=False)
        console.print(step.command, markup=False, soft_wrap=True)


def is_ascii(console: Console) -> bool:
    """Whether the console can draw no more than ASCII."""
    return not console.encoding.lower().startswith("utf")


# --- for programs ----------------------------------------------------------------------------------------------------


def run_as_json(view: RunView, version: str) -> dict[str, Any]:
    """The run as every program is shown it."""
    return plain_data(shown_run(view, version))


def totals_as_json(view: RunView) -> dict[str, Any]:
    """What the run and each of its agents have cost; nothing where nothing costs anything."""
    if not (costs_anything(view) or view.agents):
        return {}
    agents = {
        path: {"agent": agent.agent, "turns": agent.turns, "costs": plain_data(costs(agent.costs))}
        for path, agent in view.agents.items()
    }
    return {"costs": plain_data(costs(view.costs)), "agents": agents}
