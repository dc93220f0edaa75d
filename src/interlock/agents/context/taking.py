"""How much of a section goes in: its items in order while they fit, the one that does not fit cut, the rest left out.

Every loss is told. Knows nothing of where items come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from interlock.agents.context.shaping import Item, selected, transformed
from interlock.agents.context.tokens import shortened, tokens_of
from interlock.agents.context.turns import fitted, tokens_of_turn, with_errors_compacted, with_results_transformed
from interlock.agents.manifest import LeftOut, Why
from interlock.agents.state import Turn
from interlock.core.agent_contract import ContextSection

CUT_TOKENS_MIN: Final = 40
"""A piece smaller than that says nothing: it is left out rather than cut."""

SEPARATOR_TOKENS: Final = 2
"""What stands between two items."""


class Taken(Struct, frozen=True):
    """What of a section goes in: items as one text, or turns."""

    items: tuple[Item, ...] = ()
    turns: tuple[Turn, ...] = ()
    text: str = ""
    tokens: int = 0
    cut: bool = False
    left_out: tuple[LeftOut, ...] = ()


def take_items(section: ContextSection, items: Sequence[Item], limit: int, *, heading: str, named: bool) -> Taken:
    """As many of the items as fit into the limit, in their order, under a heading; `named`: each with its name."""
    chosen = selected(items, section.select)
    # Selectors hand on the very items that they were given: none has to be compared with all others.
    kept = set(map(id, chosen))
    left_out = [
        LeftOut(section.name, item.name, "not_selected", tokens_of(item.text)) for item in items if id(item) not in kept
    ]
    shaped = [Item(item.name, transformed(item.text, section.transform), item.failed) for item in chosen]
    left_out += [
        LeftOut(section.name, before.name, "transformed", tokens_of(before.text) - tokens_of(after.text))
        for before, after in zip(chosen, shaped, strict=True)
        if before.text != after.text
    ]
    texts = [Item(item.name, _with_name(item)) for item in shaped] if named else shaped
    return _filled(section, texts, limit, heading, left_out)


def _with_name(item: Item) -> str:
    return f"{item.name}:{chr(10) if chr(10) in item.text else ' '}{item.text}"


def _filled(section: ContextSection, items: Sequence[Item], limit: int, heading: str, left_out: list[LeftOut]) -> Taken:
    kept, cut = list[Item](), False
    title = f"## {heading}\n" if heading else ""
    room = limit - (tokens_of(title) if items else 0)
    for item in items:
        needed = tokens_of(item.text) + SEPARATOR_TOKENS
        if needed <= room:
            kept.append(item)
            room -= needed
            continue
        short = shortened(item.text, room - SEPARATOR_TOKENS) if room - SEPARATOR_TOKENS >= CUT_TOKENS_MIN else ""
        taken = tokens_of(short)
        left_out.append(LeftOut(section.name, item.name, _why(section, limit), needed - SEPARATOR_TOKENS - taken))
        if short:
            kept.append(Item(item.name, short))
            cut, room = True, room - taken - SEPARATOR_TOKENS
    if not kept:
        return Taken(left_out=tuple(left_out))
    text = title + "\n".join(item.text for item in kept)
    return Taken(items=tuple(kept), text=text, tokens=limit - room, cut=cut, left_out=tuple(left_out))


def _why(section: ContextSection, limit: int) -> Why:
    return "over_section_limit" if section.tokens is not None and section.tokens <= limit else "over_budget"


def take_turns(section: ContextSection, turns: Sequence[Turn], limit: int, *, older: int) -> Taken:
    """The newest turns that fit, whole; of the very newest, as much of its results as fits. `older` are before them."""
    shaped = [with_results_transformed(turn, section.transform) for turn in with_errors_compacted(turns)]
    wanted = _wanted(section, turns)
    left_out = [LeftOut(section.name, _turns_before(older), "compacted")] if older else []
    kept, room = list[Turn](), limit

    def leave_out(index: int, why: Why, tokens: int) -> None:
        left_out.append(LeftOut(section.name, f"turn {older + index + 1}", why, tokens))

    for index in reversed(range(len(shaped))):
        tokens = tokens_of_turn(shaped[index])
        if index not in wanted:
            leave_out(index, "not_selected", tokens)
            continue
        fit = _fit(shaped[index], room, may_be_cut=index == len(shaped) - 1)
        if fit is None:
            # No older turn is shown behind a gap: the model would take what is missing for what never happened.
            for missing in reversed(range(index + 1)):
                leave_out(missing, _why(section, limit), tokens_of_turn(shaped[missing]))
            break
        used = tokens_of_turn(fit)
        if used < tokens:
            leave_out(index, _why(section, limit), tokens - used)
        kept.append(fit)
        room -= used
    is_cut = bool(kept) and len(shaped) - 1 in wanted and kept[0] is not shaped[-1]
    return Taken(turns=tuple(kept[::-1]), tokens=limit - room, cut=is_cut, left_out=tuple(left_out))


def _turns_before(older: int) -> str:
    """In one word: a manifest is recorded at every call, and must not grow with each."""
    return "turn 1" if older == 1 else f"turns 1 to {older}"


def _wanted(section: ContextSection, turns: Sequence[Turn]) -> set[int]:
    """Which turns the section's selectors leave, judged by what the model said in them."""
    items = [Item(str(index), turn.text) for index, turn in enumerate(turns)]
    return {int(item.name) for item in selected(items, section.select)}


def _fit(turn: Turn, room: int, *, may_be_cut: bool) -> Turn | None:
    if may_be_cut:
        return fitted(turn, room)
    return turn if tokens_of_turn(turn) <= room else None
