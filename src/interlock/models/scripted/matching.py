"""Which turn of which script answers a request: pure, so that the same request is answered alike for ever.

How far a conversation has come is read from its last answer: the calls that a script asks for carry their turn in their
ids, so that a history of which the beginning was left out still goes on where it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from interlock.core.messages import Answered, Instructions, Message, ModelRequest, Said, Told
from interlock.models.scripted.script import Script, Turn, When

_WORD: Final = re.compile(r"[A-Za-z][\w-]*")
_CALL_ID: Final = re.compile(r"(?P<script>.*)-(?P<turn>[0-9]+)-[0-9]+", re.DOTALL)


class Match(Struct, frozen=True):
    """The turn that answers, where it stands, and what the patterns of its rule have found."""

    script: Script
    turn: Turn
    place: int
    found: Mapping[str, str]


class NoMatch(Struct, frozen=True):
    """No script answers, and why."""

    why: str


def call_id(script: str, place: int, number: int) -> str:
    """The id of a call that a turn asks for."""
    return f"{script}-{place}-{number}"


def find_turn(scripts: Sequence[Script], request: ModelRequest, agent: str) -> Match | NoMatch:
    """The turn that answers a request: of the first script that is for this agent."""
    script = next((each for each in scripts if _is_for(each, request, agent)), None)
    if script is None:
        whom = f"the agent `{agent}`" if agent else "these instructions"
        return NoMatch(f"no script answers for {whom} (there are: {', '.join(map(_shown, scripts))})")
    for place, turn in enumerate(script.turns):
        found = None if turn.when is None else _found(turn.when, request)
        if found is not None:
            return Match(script, turn, place, found)
    following = _following(script, request.messages)
    if following is None:
        return NoMatch(
            f"the script {script.script} has no answer any more: none of its rules holds, and all turns without "
            "a rule have been taken"
        )
    return Match(script, script.turns[following], following, {})


# --- Whom a script is for ---------------------------------------------------------------------------------------------


def _shown(script: Script) -> str:
    """A script, and for whom it answers: its own name may be that of somebody else."""
    return f"{script.script} for `{script.agent}`" if script.agent else script.script


def _is_for(script: Script, request: ModelRequest, agent: str) -> bool:
    if script.agent is not None and not _is_agent(script.agent, _instructions(request), agent):
        return False
    return script.instructions is None or script.instructions.search(_instructions(request)) is not None


def _is_agent(pattern: str, instructions: str, agent: str) -> bool:
    """Whether an agent is meant. Where nobody says who asks, a word of its instructions has to be its name."""
    if agent:
        return fnmatchcase(agent, pattern)
    words = set(_WORD.findall(instructions))
    return any(fnmatchcase(word, pattern) for word in words)


def _instructions(request: ModelRequest) -> str:
    return "\n".join(each.text for each in request.messages if isinstance(each, Instructions))


# --- Rules ------------------------------------------------------------------------------------------------------------


def _found(when: When, request: ModelRequest) -> dict[str, str] | None:
    """What the patterns of a rule find; None where one of its conditions does not hold."""
    if not _holds(when, request):
        return None
    searched = (
        (when.instructions, _instructions(request)),
        (when.told, "\n".join(each.text for each in request.messages if isinstance(each, Told))),
        (when.last, _text(request.messages[-1]) if request.messages else ""),
        (when.result, "\n".join(each.text for each in _results(request.messages, when.tool))),
    )
    found: dict[str, str] = {}
    for pattern, text in searched:
        if pattern is None:
            continue
        match = pattern.search(text)
        if match is None:
            return None
        found |= match.groupdict(default="")
    return found


def _holds(when: When, request: ModelRequest) -> bool:
    results = _results(request.messages, when.tool)
    return (
        (when.tool is None or bool(results))
        and (when.failed is None or any(each.failed is when.failed for each in results))
        and (when.turn is None or when.turn == 1 + sum(isinstance(each, Said) for each in request.messages))
        and (when.offered is None or any(tool.name == when.offered for tool in request.tools))
        and (when.wants_data is None or when.wants_data is (request.output is not None))
    )


def _results(messages: Sequence[Message], tool: str | None) -> list[Answered]:
    """The results that came after the last answer, of one tool or of any."""
    results: list[Answered] = []
    for message in reversed(messages):
        if isinstance(message, Said):
            break
        if isinstance(message, Answered) and tool in {None, message.tool}:
            results.append(message)
    return results[::-1]


def _text(message: Message) -> str:
    return message.text


# --- One after the other ----------------------------------------------------------------------------------------------


def _following(script: Script, messages: Sequence[Message]) -> int | None:
    """The turn that comes next of those without a rule."""
    in_order = [place for place, turn in enumerate(script.turns) if turn.when is None]
    said = [each for each in messages if isinstance(each, Said)]
    taken = next((place for each in reversed(said) if (place := _place(script, each, in_order)) is not None), None)
    if taken is None:
        return in_order[0] if in_order else None
    return next((place for place in in_order if place > taken), None)


def _place(script: Script, said: Said, in_order: Sequence[int]) -> int | None:
    """Which of the turns in order an answer was, if it was one: by the ids of its calls, else by what it says."""
    for call in said.calls:
        match = _CALL_ID.fullmatch(call.id)
        if match is not None and match["script"] == script.script and int(match["turn"]) in in_order:
            return int(match["turn"])
    if said.calls:
        return None
    return next((place for place in reversed(in_order) if script.turns[place].say == said.text and said.text), None)
