"""Turns as messages: the newest whole, older ones with their errors compacted, the oldest as one line each.

A turn goes in with all of its calls, each answered, or not at all: providers refuse a call without an answer, and an
answer without its call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from interlock.agents.context.errors_told import compacted_error
from interlock.agents.context.shaping import transformed
from interlock.agents.context.tokens import json_text, shortened, tokens_of, tokens_of_message
from interlock.agents.offering import offered_name
from interlock.agents.state import Turn
from interlock.core.messages import Answered, AskedCall, Message, Said, Told
from interlock.core.values import is_map

LINE_CHARS_MAX: Final = 120
RESOLVED: Final = "(failed; resolved since)"
NOT_ANSWERED: Final = "(not answered)"


def messages_of(turn: Turn) -> list[Message]:
    """What was said in a turn, with an answer to each of its calls, in their order."""
    answers = {answer.call: answer for answer in turn.answers}
    messages: list[Message] = [Said(turn.text, tuple(map(_as_offered, turn.calls)))] if turn.text or turn.calls else []
    for call in turn.calls:
        answer = answers.get(call.id) or Answered(call.id, call.tool, NOT_ANSWERED, failed=True)
        messages.append(structs.replace(answer, tool=offered_name(call.tool)))
    if turn.told:
        messages.append(Told(turn.told))
    return messages


def _as_offered(call: AskedCall) -> AskedCall:
    # Providers take arguments that are a map; what could not be read is told in the answer to the call.
    arguments = call.arguments if is_map(call.arguments) else {}
    return AskedCall(call.id, offered_name(call.tool), arguments)


def tokens_of_turn(turn: Turn) -> int:
    """What a turn takes as messages."""
    return sum(map(tokens_of_message, messages_of(turn)))


def with_errors_compacted(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with the errors of all but the newest in a hundred characters, and resolved ones gone."""
    resolved: set[str] = set()
    compacted: list[Turn] = []
    for age, turn in enumerate(reversed(turns)):
        compacted.append(turn if age == 0 else _with_errors_compacted(turn, resolved))
        resolved |= {answer.tool for answer in turn.answers if not answer.failed}
    return compacted[::-1]


def _with_errors_compacted(turn: Turn, resolved: set[str]) -> Turn:
    def told(answer: Answered) -> Answered:
        if not answer.failed:
            return answer
        return structs.replace(answer, text=RESOLVED if answer.tool in resolved else compacted_error(answer.text))

    return structs.replace(turn, answers=tuple(map(told, turn.answers)))


def with_results_transformed(turn: Turn, words: Sequence[str]) -> Turn:
    """The turn with the text of its answers transformed."""
    if not words:
        return turn
    answers = tuple(structs.replace(answer, text=transformed(answer.text, words)) for answer in turn.answers)
    return structs.replace(turn, answers=answers)


def fitted(turn: Turn, tokens: int) -> Turn | None:
    """The turn with its answers cut so that it takes no more than that; None if its calls alone take more."""
    taken = tokens_of_turn(turn)
    if taken <= tokens:
        return turn
    texts = [tokens_of(answer.text) for answer in turn.answers]
    # No answer may be empty: each has room for a mark, whatever else is left to it.
    room = tokens - (taken - sum(texts)) - len(texts)
    if room < 0:
        return None
    shares = _shares(texts, room)
    answers = tuple(
        structs.replace(answer, text=shortened(answer.text, share) or "…")
        for answer, share in zip(turn.answers, shares, strict=True)
    )
    return structs.replace(turn, answers=answers)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """The room dealt out evenly; what short texts leave over goes to longer ones."""
    shares = [0] * len(wanted)
    for place, index in enumerate(sorted(range(len(wanted)), key=lambda index: (wanted[index], index))):
        shares[index] = min(wanted[index], room // (len(wanted) - place))
        room -= shares[index]
    return shares


# --- The oldest, as one line each ------------------------------------------------------------------------------------


def told_in_a_line(turn: Turn, *, number: int, resolved: frozenset[str]) -> str:
    """What happened in a turn, for a model that no longer needs to see it."""
    answers = {answer.call: answer for answer in turn.answers}
    said = [f"“{_line(turn.text)}”"] if turn.text else []
    calls = [_call_in_a_line(call, answers.get(call.id), resolved) for call in turn.calls]
    told = [f"then: {_line(turn.told)}"] if turn.told and not turn.calls else []
    return f"turn {number}: {'; '.join([*said, *calls, *told]) or 'nothing was said'}"


def _call_in_a_line(call: AskedCall, answer: Answered | None, resolved: frozenset[str]) -> str:
    asked = f"{call.tool}({_line(json_text(call.arguments)) if call.arguments else ''})"
    if answer is None:
        return f"{asked} → {NOT_ANSWERED}"
    if answer.failed:
        return f"{asked} → {RESOLVED if call.tool in resolved else 'failed: ' + compacted_error(answer.text)}"
    return f"{asked} → {_line(answer.text)}"


def resolved_after(turns: Sequence[Turn]) -> list[frozenset[str]]:
    """For each turn, the tools that succeeded in a later one."""
    later: frozenset[str] = frozenset()
    found: list[frozenset[str]] = []
    for turn in reversed(turns):
        found.append(later)
        later |= {answer.tool for answer in turn.answers if not answer.failed}
    return found[::-1]


def _line(text: str) -> str:
    line = " ".join(text[: LINE_CHARS_MAX * 4].split())
    return line if len(line) <= LINE_CHARS_MAX and len(text) <= LINE_CHARS_MAX * 4 else f"{line[: LINE_CHARS_MAX - 1]}…"
