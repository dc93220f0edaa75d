"""`interlock inspect RUN PATH --prompt`: what models were asked to the letter, why these models, and what they said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interlock.cli.event_lines import option_lines
from interlock.cli.failures import CommandError
from interlock.cli.narrow_table import Column, print_table
from interlock.cli.next_steps import command_line
from interlock.cli.output import console, plain, print_json
from interlock.cli.prompt_text import changed_lines, reply_lines, request_lines
from interlock.core.messages import ModelReply
from interlock.core.spending import Spending, shown_usd
from interlock.engine.prompting import Prompt
from interlock.engine.telling.agent_record import ModelCall
from interlock.engine.telling.events_in_words import span
from interlock.showing.decisions import prompts as shown_prompts
from interlock.showing.json import plain_data

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.embedded.handle import RunHandle

_COLUMNS: Final = (
    Column("turn"),
    Column("path"),
    Column("status"),
    Column("model", may_be_cut=True),
    Column("context", leaves=2),
    Column("cost"),
    Column("took", leaves=1),
    Column("prompt", may_be_cut=True),
)


@dataclass(frozen=True)
class Address:
    """A call of a model, or all calls of an agent: `fix.3`, `fix`, and with an attempt `fix.3@2`."""

    path: str
    attempt: int | None

    @classmethod
    def read(cls, text: str) -> Address:
        """As people write it."""
        path, at, attempt = text.rpartition("@")
        return cls(path, int(attempt)) if at and attempt.isdigit() else cls(text, None)


async def tell_prompts(handle: RunHandle, path: str, *, store: str | None, as_json: bool) -> None:
    """The call at a path with its prompt; of the path of an agent, its calls."""
    address = Address.read(path)
    prompts = await _prompts(handle, address)
    if as_json:
        print_json(plain_data(shown_prompts(handle.id, path, prompts)))
    elif any(prompt.call.path != address.path for prompt in prompts):
        _print_calls(console(), prompts)
        one = command_line("inspect", handle.id, prompts[-1].call.path, "--prompt", store=store)
        console().print(f"one of them, to the letter: {one}", style="dim", markup=False, soft_wrap=True)
    else:
        _print_prompt(console(), _last(prompts))


async def tell_difference(handle: RunHandle, path: str, other: str, *, as_json: bool) -> None:
    """In what the prompt of one call differs from that of another."""
    before = _last(await _prompts(handle, Address.read(path)))
    after = _last(await _prompts(handle, Address.read(other)))
    if before.request is None or after.request is None:
        raise CommandError(before.why or after.why)
    names = (_name(before.call), _name(after.call))
    changed = changed_lines(before.request, after.request, names=names)
    if as_json:
        print_json({"run": handle.id, "before": names[0], "after": names[1], "diff": changed})
    elif not changed:
        console().print(f"{names[0]} and {names[1]} were asked the same")
    else:
        _print_diff(console(), changed)


async def _prompts(handle: RunHandle, address: Address) -> list[Prompt]:
    found = await handle.prompts(address.path)
    if not found:
        raise CommandError(f"no model was asked at {address.path} in run {handle.id}: see `interlock show {handle.id}`")
    chosen = [prompt for prompt in found if address.attempt in {None, prompt.call.attempt}]
    if not chosen:
        raise CommandError(f"{address.path} has had no attempt {address.attempt} in which a model was asked")
    return chosen


def _last(prompts: Sequence[Prompt]) -> Prompt:
    """The call that is meant where several attempts, or tries, have one path."""
    return prompts[-1]


def _name(call: ModelCall) -> str:
    return f"{call.path}@{call.attempt}"


# --- for people ------------------------------------------------------------------------------------------------------


def _print_calls(out: Console, prompts: Sequence[Prompt]) -> None:
    from rich.text import Text

    several = len({prompt.call.attempt for prompt in prompts}) > 1
    rows = [[Text(cell) for cell in _cells(prompt, with_attempt=several)] for prompt in prompts]
    print_table(out, _COLUMNS, rows)


def _cells(prompt: Prompt, *, with_attempt: bool) -> list[str]:
    call = prompt.call
    manifest = _manifest(call)
    took = span(call.ended_at - call.at) if call.ended_at is not None else ""
    return [
        f"{call.turn}",
        _name(call) if with_attempt else call.path,
        _status(call),
        plain(call.model) or "-",
        f"{manifest['tokens']:,} of {manifest['budget']:,}" if manifest else "",
        _cost(call.spent),
        took,
        "can be shown" if prompt.request is not None else plain(prompt.why),
    ]


def _status(call: ModelCall) -> str:
    word = {"intended": "under way", "unknown": "lost"}.get(call.status, call.status)
    return f"{word}{f', try {call.tries}' if call.tries > 1 else ''}{', simulated' if call.simulated else ''}"


def _cost(spent: Spending) -> str:
    return f"{shown_usd(spent.usd)}, {spent.tokens:,} tokens"


def _print_prompt(out: Console, prompt: Prompt) -> None:
    call = prompt.call
    out.print(f"turn {call.turn} of {call.agent}", style="bold", end="", markup=False)
    asked = f"asked {call.model}" if call.model else "asked nobody"
    out.print(f"  {_name(call)}  {asked}, {_status(call)}, {_cost(call.spent)}", markup=False, soft_wrap=True)
    for line in _reasons(call):
        out.print(f"  {line}", style="dim", markup=False, soft_wrap=True)
    for line in _context_lines(_manifest(call)):
        out.print(f"  {line}", style="dim", markup=False, soft_wrap=True)
    if prompt.request is None:
        out.print(
            f"what it was asked cannot be shown: {plain(prompt.why)}", style="yellow", markup=False, soft_wrap=True
        )
    else:
        _print_lines(out, request_lines(prompt.request))
    reply = _reply(call)
    if reply is not None:
        out.print("══ the answer ══", style="bold green")
        _print_lines(out, reply_lines(reply))
    elif call.error is not None:
        out.print(f"══ no answer: {plain(call.error.message)} ({call.error.kind}) ══", style="bold red", markup=False)


def _print_lines(out: Console, lines: Iterator[str]) -> None:
    for line in lines:
        out.print(line, style="cyan" if line.startswith("── ") else "", markup=False, soft_wrap=True)


def _print_diff(out: Console, changed: Sequence[str]) -> None:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in changed:
        out.print(line, style=styles.get(line[:1], ""), markup=False, soft_wrap=True)


def _reasons(call: ModelCall) -> Iterator[str]:
    """What was decided about it, each with its options."""
    for decision in call.decisions:
        rule = f" by {decision.rule}" if decision.rule else ""
        yield plain(
            f"{decision.point}: {decision.chosen or 'nobody'}{rule}{f' ({decision.why})' if decision.why else ''}"
        )
        yield from (f"  {line}" for line in option_lines(decision))


def _context_lines(manifest: dict[str, Any]) -> Iterator[str]:
    """What the context is made of, what did not go in, and why."""
    if not manifest:
        return
    estimated = ", estimated" if manifest.get("estimated", True) else ""
    yield f"context: {manifest['tokens']:,} of {manifest['budget']:,} tokens{estimated}"
    for section in manifest.get("sections", ()):
        items = section.get("items", 1)
        cut = ", cut" if section.get("cut") else ""
        many = f" in {items} items" if items != 1 else ""
        yield plain(f"  {section['name']} ({section['source']}): {section['tokens']:,} tokens{many}{cut}")
    if manifest.get("tools_tokens"):
        yield f"  tools and schema: {manifest['tools_tokens']:,} tokens"
    for left in manifest.get("left_out", ()):
        tokens = f", {left['tokens']:,} tokens" if left.get("tokens") else ""
        yield plain(f"  left out of {left['section']}: {left['what']} ({left['why'].replace('_', ' ')}{tokens})")


def _manifest(call: ModelCall) -> dict[str, Any]:
    manifest: Any = call.manifest
    return manifest or {}


def _reply(call: ModelCall) -> ModelReply | None:
    return None if call.reply is None else msgspec.convert(call.reply, ModelReply)
