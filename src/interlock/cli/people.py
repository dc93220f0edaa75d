"""What people say to a run: answers, verdicts, remedies, what became of an unknown effect, and events.

Where nobody drives the run, it is driven on from here; `--detach` only records what was said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.failures import CommandError
from interlock.cli.invocation import LIVE, Invocation, finished, going_on
from interlock.cli.options import AsJson, By, Detach, NodeOfRun, RecordMore, Run, Store, Tools, Why, World

if TYPE_CHECKING:
    from interlock.embedded.handle import RunHandle
    from interlock.engine.submitting import Submitted


def answer(
    question: NodeOfRun,
    *,
    choose: Annotated[str, typer.Option("--choose", metavar="CHOICE", help="One of the choices.")] = "",
    form: Annotated[str | None, typer.Option("--form", metavar="JSON|-", help="The filled form.")] = None,
    by: By = "",
    why: Why = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Answer a question of a run."""
    from interlock.cli.addresses import split_address
    from interlock.cli.inputs import read_json
    from interlock.cli.opening import who

    if bool(choose) == (form is not None):
        raise CommandError("give the answer as --choose CHOICE, or as --form JSON where the question wants a form")
    run, path = split_address(question)
    filled = None if form is None else read_json(form, "the form")

    async def say(handle: RunHandle) -> Submitted:
        return await handle.answer(path, by=who(by), choice=choose, form=filled, why=why, detach=detach)

    return said(
        run, say, on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach)
    )


def verdict(
    gate: NodeOfRun,
    *,
    promote: Annotated[bool, typer.Option("--promote", help="Let the run pass.")] = False,
    block: Annotated[bool, typer.Option("--block", help="Stop the run.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Stop the run and take back what it did.")] = False,
    by: By = "",
    why: Why = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Give the verdict on a gate that is held."""
    from interlock.cli.addresses import split_address
    from interlock.cli.opening import who

    word = _the_one({"promote": promote, "block": block, "rollback": rollback})
    run, path = split_address(gate)

    async def say(handle: RunHandle) -> Submitted:
        return await handle.verdict(path, word, by=who(by), why=why, detach=detach)

    return said(
        run, say, on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach)
    )


def remedy(
    node: NodeOfRun,
    *,
    retry: Annotated[bool, typer.Option("--retry", help="Try again.")] = False,
    edit: Annotated[str | None, typer.Option("--edit", metavar="JSON|-", help="Try again with this input.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="Go on without it.")] = False,
    fail: Annotated[bool, typer.Option("--fail", help="Let it fail.")] = False,
    by: By = "",
    why: Why = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Say what is to be done about a failure that is held."""
    from interlock.cli.addresses import split_address
    from interlock.cli.inputs import read_json
    from interlock.cli.opening import who

    act = _the_one({"retry": retry, "edit": edit is not None, "skip": skip, "fail": fail})
    edited = None if edit is None else read_json(edit, "the input")
    run, path = split_address(node)

    async def say(handle: RunHandle) -> Submitted:
        return await handle.remedy(path, act, by=who(by), input=edited, why=why, detach=detach)

    return said(
        run, say, on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach)
    )


def settle(
    run: Run,
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="The effect, as `interlock effects RUN` lists it.")],
    *,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="How that is known, for the record.")],
    done: Annotated[str | None, typer.Option("--done", metavar="JSON", help="It was done, with this result.")] = None,
    not_done: Annotated[bool, typer.Option("--not-done", help="It was not done: it may be tried again.")] = False,
    by: By = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Say what became of an effect of which nobody knows."""
    from interlock.cli.inputs import read_json
    from interlock.cli.opening import who

    status = "done" if _the_one({"done": done is not None, "not-done": not_done}) == "done" else "not_done"
    out = None if done is None else read_json(done, "the result")

    async def say(handle: RunHandle) -> Submitted:
        return await handle.settle(effect, status, by=who(by), out=out, why=why, detach=detach)

    return said(
        run, say, on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach)
    )


def send(
    words: Annotated[
        list[str], typer.Argument(metavar="[RUN] NAME", help="The run, if the event is for one; and the event's name.")
    ],
    *,
    key: Annotated[str, typer.Option("--key", metavar="KEY", help="The run that was started under this key.")] = "",
    data: Annotated[str | None, typer.Option("--data", metavar="JSON|-", help="What the event says.")] = None,
    id: Annotated[str, typer.Option("--id", help="The event's own id: the same id is taken once.")] = "",
    by: By = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Send an event to a run: `send RUN NAME`, or `send --key KEY NAME`; or, with `send NAME`, to what starts runs.

    Sent to no run, it is offered to the triggers of released graphs. The runs that they start are left to a worker.
    """
    from interlock.cli.inputs import read_json
    from interlock.cli.opening import who
    from interlock.cli.sending import offer

    if len(words) > (1 if key else 2):
        raise CommandError("write `interlock send RUN NAME`, `interlock send --key KEY NAME`, or `interlock send NAME`")
    value = None if data is None else read_json(data, "the data")
    if len(words) == 1 and not key:
        return finished(offer(words[0], value, id=id, by=by, on=Invocation(store=store, as_json=as_json, drives=False)))
    run, event = ("", words[0]) if key else words

    async def say(handle: RunHandle) -> Submitted:
        return await handle.send(event, value, id=id, by=who(by), detach=detach)

    return said(
        run,
        say,
        key=key,
        on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach),
    )


def _the_one(flags: dict[str, bool]) -> Any:  # noqa: ANN401 - a word of the vocabulary that the caller knows
    given = [word for word, is_given in flags.items() if is_given]
    if len(given) != 1:
        raise CommandError(f"give one of {', '.join(f'--{word}' for word in flags)}")
    return given[0]


def said(
    run: str,
    say: Callable[[RunHandle], Awaitable[Submitted]],
    *,
    on: Invocation,
    key: str = "",
    wanted: frozenset[str] = frozenset({"succeeded"}),
) -> int:
    """Say something to a run (or to the one that was started under a key), and drive it on if nobody else does."""
    return finished(_said(run, say, on=on, key=key, wanted=wanted))


async def _said(
    run: str, say: Callable[[RunHandle], Awaitable[Submitted]], *, on: Invocation, key: str, wanted: frozenset[str]
) -> int:
    from interlock.cli.driving import drive, print_recorded
    from interlock.cli.opening import found_run, opened, run_under_key

    async with opened(on, must_exist=True) as interlock:
        handle = await (run_under_key(interlock, key) if key else found_run(interlock, run))
        after = (await handle.row()).seq
        submitted = await say(handle)
        if submitted.driver is None:
            return await print_recorded(handle, submitted, on)
        return await drive(handle, on, after=after, wanted=wanted)
