"""The context of one call: sections by priority under a hard budget, and the manifest that says what became of each.

A pure function of the contract, the toolbox and the state. Sections take what fits in the order of their priority; they
are read in the order of the profile. Instructions are never cut: without them the agent would be another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from interlock.agents.context.errors_told import ERRORS_TOLD_MAX, told_error
from interlock.agents.context.sections import sections_of
from interlock.agents.context.shaping import Item
from interlock.agents.context.taking import Taken, take_items, take_turns
from interlock.agents.context.tokens import MESSAGE_TOKENS, json_text, tokens_of, tokens_of_offer, tokens_of_request
from interlock.agents.context.turns import messages_of, resolved_after, told_in_a_line
from interlock.agents.control_tools import COMPLETE
from interlock.agents.manifest import LeftOut, Manifest, SectionUse
from interlock.agents.offering import Toolbox, allowed_tools, offered_tools
from interlock.agents.state import AgentState, Turn
from interlock.core.agent_contract import AgentContract, ContextSection
from interlock.core.messages import Instructions, Message, ModelRequest, Told
from interlock.core.values import digest_of, is_map

HEADINGS: Final = {"task": "", "input": "Input", "errors": "Open errors", "notices": ""}
NAMED: Final = frozenset({"input", "prefetched", "memory"})
"""What is told with the name of each item."""
AFTER_TURNS: Final = frozenset({"errors", "notices"})
"""What is said last, since it is about now."""


_Filled: TypeAlias = list[tuple[ContextSection, Taken]]


class Compiled(Struct, frozen=True):
    """A request, and what it is made of."""

    request: ModelRequest
    manifest: Manifest


class DoesNotFit(Struct, frozen=True):
    """Not even what no call can be without has room."""

    tokens: int
    budget: int


def compile_context(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> Compiled | DoesNotFit:
    """The request for the agent's next model call, within the budget of its profile."""
    budget = contract.context.tokens
    tools = offered_tools(contract, toolbox)
    output = None if COMPLETE in allowed_tools(contract) else contract.output
    offer_tokens = tokens_of_offer(tools, output)
    # The three messages around the turns are paid for before anything is put into them.
    needed = offer_tokens + tokens_of(state.instructions) + 3 * MESSAGE_TOKENS
    if needed > budget:
        return DoesNotFit(needed, budget)
    taken = _take_sections(contract, state, room=budget - needed)
    if not _has_task(taken):
        return DoesNotFit(needed + tokens_of(state.task), budget)
    request = ModelRequest(
        messages=tuple(_messages(state, taken)),
        tools=tools,
        output=output,
        temperature=contract.model.temperature,
        tokens_max=contract.model.tokens_max,
    )
    return Compiled(request, _manifest(contract, request, taken, offer_tokens))


# --- Filling the room ------------------------------------------------------------------------------------------------


def _take_sections(contract: AgentContract, state: AgentState, *, room: int) -> _Filled:
    """What each section takes, in the order in which they are read."""
    sections = sections_of(contract.context)
    compacted = max(0, len(state.turns) - contract.context.turns_whole)
    taken: dict[int, Taken] = {}
    for index in sorted(range(len(sections)), key=lambda index: _rank(sections[index])):
        section = sections[index]
        limit = room if section.tokens is None else min(room, section.tokens)
        match section.source:
            case "instructions":
                taken[index] = _instructions(state)
                continue  # paid for already
            case "turns":
                taken[index] = take_turns(section, state.turns[compacted:], limit, older=compacted)
            case _:
                older = len(state.turns) - sum(len(each.turns) for each in taken.values())
                items = _items(section.source, state, older=older)
                is_named = section.source in NAMED
                taken[index] = take_items(section, items, limit, heading=_heading(section), named=is_named)
        room -= taken[index].tokens
    return [(section, taken[index]) for index, section in enumerate(sections)]


def _rank(section: ContextSection) -> tuple[bool, int]:
    """The most important first; but what tells of turns that found no room can only be told once that is known."""
    return section.source == "earlier_turns", -section.priority


def _instructions(state: AgentState) -> Taken:
    text = state.instructions
    return Taken(items=(Item("instructions", text),), tokens=tokens_of(text))


def _has_task(taken: _Filled) -> bool:
    """Whether the model is told what it is to do: no room for that is no room at all."""
    told = [found for section, found in taken if section.source in {"task", "input"}]
    return not told or any(found.items for found in told)


def _items(source: str, state: AgentState, *, older: int) -> list[Item]:
    """What a source holds; `older`: how many turns are not told in full."""
    match source:
        case "task":
            return [Item("task", state.task)]
        case "input":
            return _input_items(state)
        case "prefetched" | "memory":
            return [Item(fact.name, fact.text, fact.failed) for fact in state.facts if fact.source == source]
        case "earlier_turns":
            return _older_turns(state.turns, older)
        case "errors":
            troubles = state.troubles[-ERRORS_TOLD_MAX:]
            return [Item(trouble.tool, told_error(trouble), failed=True) for trouble in troubles]
        case "notices":
            return [Item(f"notice {number}", text) for number, text in enumerate(state.notices, start=1)]
        case _:
            return []


def _input_items(state: AgentState) -> list[Item]:
    """The input's fields, each as an item of its own."""
    if is_map(state.input):
        return [Item(name, item if isinstance(item, str) else json_text(item)) for name, item in state.input.items()]
    return [] if state.input is None else [Item("input", json_text(state.input))]


def _older_turns(turns: Sequence[Turn], older: int) -> list[Item]:
    resolved = resolved_after(turns)
    return [
        Item(f"turn {index + 1}", told_in_a_line(turns[index], number=index + 1, resolved=resolved[index]))
        for index in range(older)
    ]


def _heading(section: ContextSection) -> str:
    return HEADINGS.get(section.source, section.name.replace("_", " ").capitalize())


# --- Putting it together ---------------------------------------------------------------------------------------------


def _messages(state: AgentState, taken: _Filled) -> list[Message]:
    opening = [found.text for section, found in taken if section.source not in AFTER_TURNS]
    closing = [found.text for section, found in taken if section.source in AFTER_TURNS]
    turns = [turn for _, found in taken for turn in found.turns]
    messages: list[Message] = [Instructions(state.instructions), Told("\n\n".join(filter(None, opening)))]
    for turn in turns:
        messages += messages_of(turn)
    if any(closing):
        messages.append(Told("\n\n".join(filter(None, closing))))
    return messages


def _manifest(contract: AgentContract, request: ModelRequest, taken: _Filled, offer_tokens: int) -> Manifest:
    used: list[SectionUse] = []
    left_out: list[LeftOut] = []
    for section, found in taken:
        if count := len(found.items) + len(found.turns):
            used.append(SectionUse(section.name, section.source, found.tokens, items=count, cut=found.cut))
        left_out += found.left_out
    return Manifest(
        request=request_digest(request),
        tokens=tokens_of_request(request),
        budget=contract.context.tokens,
        sections=tuple(used),
        left_out=tuple(left_out),
        tools_tokens=offer_tokens,
        prompt=digest_of(contract.prompt),
    )


def request_digest(request: ModelRequest) -> str:
    """The name of a request: the same for equal ones, whatever the order of their maps."""
    return digest_of(msgspec.to_builtins(request, order="deterministic", enc_hook=repr))
