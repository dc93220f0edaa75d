"""`fork`: another course of a run, from some node on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.completion import graph_names
from interlock.cli.invocation import LIVE, Invocation, finished, going_on
from interlock.cli.options import AsJson, By, RecordMore, Run, Store, Tools, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.core.continuing.forking import Fork
    from interlock.engine.courses.forking import PreparedFork


def fork(
    run: Run,
    *,
    start: Annotated[str, typer.Option("--from", metavar="NODE", help="The node that runs again, as `show` names it.")],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Another input or result: `inputs.n=3`; may be given again."),
    ] = None,
    graph: Annotated[
        str | None,
        typer.Option("--graph", metavar="GRAPH", help="Another graph to go on with.", autocompletion=graph_names),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only tell what it would be made of.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also make effects again that may happen only once.")] = False,
    by: By = "",
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Take another course from a node on, as a new run: what does not depend on that node is taken over."""
    kept = None if plan else record
    on = going_on(store=store, tools=tools, as_json=as_json, world=world, record=kept)
    return finished(_fork(run, start, sets or [], graph, on, by=by, is_plan=plan, is_agreed=yes))


async def _fork(
    run: str, start: str, sets: list[str], graph: str | None, on: Invocation, *, by: str, is_plan: bool, is_agreed: bool
) -> int:
    from interlock.cli.driving import drive
    from interlock.cli.failures import CommandError
    from interlock.cli.inputs import read_pairs
    from interlock.cli.opening import found_run, opened, who

    async with opened(on, must_exist=True) as interlock:
        parent = await found_run(interlock, run)
        other = None if graph is None else interlock.check(graph)
        prepared = await parent.prepare_fork(
            start, set=read_pairs(sets, option="--set", what="the value of"), graph=other
        )
        if is_plan or not on.as_json:
            _show(prepared, as_json=on.as_json)
        if is_plan:
            return 0
        once = [repeat.path for repeat in prepared.fork.repeats if repeat.effect_class == "once"]
        if once and not is_agreed:
            raise CommandError(f"this would do again what may happen only once ({', '.join(once)}): agree with --yes")
        follower = await parent.fork(prepared, by=who(by))
        return await drive(follower, on, wanted=frozenset({"succeeded"}))


def _show(prepared: PreparedFork, *, as_json: bool) -> None:
    from interlock.cli.output import console, plain, print_json

    if as_json:
        print_json(_as_json(prepared))
        return
    out = console()
    out.print(f"from {prepared.fork.start} of run {prepared.parent}", style="bold", markup=False)
    for title, told in _lines(prepared.fork):
        out.print(f"  {title:<11} {plain(told)}", markup=False)


def _lines(fork: Fork) -> Iterator[tuple[str, str]]:
    repeats = [f"{repeat.path} ({repeat.tool}, {repeat.effect_class})" for repeat in fork.repeats]
    lines = {
        "set": fork.edited,
        "changed": fork.changed,
        "gone": fork.gone,
        "taken over": [path for path, _ in fork.adopted],
        "runs again": fork.again,
        "done again": repeats,
        "asked anew": fork.asked,
    }
    for title, told in lines.items():
        if told:
            yield title, ", ".join(told)


def _as_json(prepared: PreparedFork) -> dict[str, Any]:
    fork = prepared.fork
    return {
        "parent": prepared.parent,
        "from": fork.start,
        "set": list(fork.edited),
        "changed": list(fork.changed),
        "gone": list(fork.gone),
        "taken_over": [path for path, _ in fork.adopted],
        "runs_again": list(fork.again),
        "done_again": [
            {"path": each.path, "tool": each.tool, "effect_class": each.effect_class, "effect": each.effect}
            for each in fork.repeats
        ],
        "asked_anew": list(fork.asked),
    }
