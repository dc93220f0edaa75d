"""The command `ask`: a query in, an answer out, with how good it is and what it cost.

It runs the graph `delivery`: the packaged one, or the project's own of that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.invocation import LIVE, Invocation, finished
from interlock.cli.options import AsJson, By, Record, Store, Tools, World

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.engine.telling.history import RunView
    from interlock.wire.delivery import DeliveryResult


def ask(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What is wanted, in words.", show_default=False)],
    *,
    session: Annotated[
        str, typer.Option("--session", metavar="NAME", help="The thread it belongs to: its agents share a memory.")
    ] = "",
    ask_back: Annotated[
        bool, typer.Option("--ask-back", help="Where it is not clear what is wanted, wait for a person to say.")
    ] = False,
    by: By = "",
    world: World = LIVE,
    record: Record = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Answer a query, judge the answer, and tell what it cost.

    Exit codes: 0 it was answered, 1 it was not, 2 wrong usage, 3 only a person can move it on.
    """
    on = Invocation(store=store, tools=tools, as_json=as_json, world=world, record=record)
    inputs = {"query": query, "asks_back": ask_back}
    return finished(_ask(inputs, session=session, by=by, on=on))


async def _ask(inputs: dict[str, Any], *, session: str, by: str, on: Invocation) -> int:
    from interlock.cli.driving import show_until_rest
    from interlock.cli.opening import opened, who
    from interlock.cli.output import console, print_json
    from interlock.cli.summary import exit_code_of, print_next_steps, print_waits
    from interlock.embedded.graphs import Named
    from interlock.showing.delivery import GRAPH, delivery_result
    from interlock.showing.json import plain_data

    async with opened(on) as interlock:
        handle = await interlock.start(Named(GRAPH), inputs, session=session, by=who(by))
        await show_until_rest(handle, on)
        view = await handle.view()
        if on.as_json:
            print_json(plain_data(delivery_result(view)))
        else:
            out = console()
            print_answer(out, view)
            print_waits(out, view, now=view.at)
            print_next_steps(out, view, store=on.store)
        return exit_code_of(view, wanted=frozenset({"succeeded"}))


def print_answer(out: Console, view: RunView) -> None:
    """The answer with what it rests on, how good it was found, and what it cost."""
    from interlock.cli.cost_table import costs_line
    from interlock.cli.output import plain
    from interlock.showing.delivery import delivery_result

    result = delivery_result(view)
    if result.error is not None:
        out.print(plain(result.error), style="red", markup=False, soft_wrap=True)
    if isinstance(result.answer, str) and result.answer:
        out.print(plain(result.answer), markup=False, soft_wrap=True)
    for source in _sources(view):
        out.print(f"  source   {plain(source)}", style="dim", markup=False, soft_wrap=True)
    if result.success:
        out.print(f"  quality  {_quality(result)}", markup=False)
    out.print(f"  cost     ${result.cost:.4f} · {costs_line(view.costs)}", markup=False, soft_wrap=True)
    out.print(f"  run      {view.run}", markup=False)


def _sources(view: RunView) -> list[str]:
    """Where the claims of the answer stand, each once."""
    from interlock.core.values import is_list, is_map

    sources = view.outputs.get("sources") if is_map(view.outputs) else None
    each = [
        source.get("source") or source.get("url") for source in (sources if is_list(sources) else ()) if is_map(source)
    ]
    return list(dict.fromkeys(where for where in each if isinstance(where, str)))


def _quality(result: DeliveryResult) -> str:
    simulated = " (simulated)" if result.simulated else ""
    if result.quality_score is None:
        return f"could not be told{simulated}"
    return f"{result.quality_score:.2f}, {'passed' if result.passed else 'not passed'}{simulated}"
