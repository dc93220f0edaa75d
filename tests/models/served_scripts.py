"""What the fake server answers by itself: the scripts of a project, through the wire and back."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from interlock.core.messages import Answered, AskedCall, Instructions, Message, ModelRequest, OfferedTool, Said, Told
from interlock.core.values import is_list
from interlock.models.scripted.filling import filled, filled_text
from interlock.models.scripted.matching import NoMatch, call_id, find_turn
from interlock.models.scripted.reading import read_scripts
from interlock.models.scripted.script import WrittenError
from tests.models.fake_replies import FakeCall, FakeReply, FakeRequest, Replies


def rude(answers: Replies, every: int) -> Replies:
    """The same answers, but each n-th request is refused first: too often, or broken."""
    count = itertools.count(1)

    def answer(request: FakeRequest) -> FakeReply:
        number = next(count)
        if number % every:
            return answers(request)
        return FakeReply(status=429, headers={"retry-after": "0"}) if number % 2 else FakeReply(status=500)

    return answer


def scripted_replies(folder: Path) -> Replies:
    """Answers from the scripts of a folder."""
    scripts = read_scripts(folder)
    refused: Counter[str] = Counter()

    def answer(request: FakeRequest) -> FakeReply:
        heard = heard_request(request.body)
        match = find_turn(scripts, heard, agent="")
        if isinstance(match, NoMatch):
            return FakeReply(status=400, error=match.why)
        turn, same = match.turn, json.dumps(request.body, sort_keys=True)
        if turn.error is not None and (turn.error.times is None or refused[same] < turn.error.times):
            refused[same] += 1
            return _refusal(turn.error)
        text = filled_text(turn.say, match.found)
        if turn.answer is not None:
            text = msgspec.json.encode(filled(turn.answer, match.found)).decode()
        calls = [
            FakeCall(
                call.tool,
                json.dumps(filled(call.arguments, match.found)) if call.raw is None else call.raw,
                call_id(match.script.script, match.place, number),
            )
            for number, call in enumerate(turn.calls, start=1)
        ]
        return FakeReply(text, calls)

    return answer


def _refusal(error: WrittenError) -> FakeReply:
    """The failure that a script asks for, in words of HTTP."""
    status = 429 if error.kind == "rate_limited" else 500
    headers = {} if error.retry_after is None else {"retry-after-ms": str(error.retry_after // 1_000)}
    return FakeReply(status=status, headers=headers, error=error.message)


def heard_request(body: Any) -> ModelRequest:  # noqa: ANN401 - JSON
    """A request in OpenAI's words as one of ours."""
    tools = [each["function"] for each in body.get("tools", ())]
    names: dict[str, str] = {}
    return ModelRequest(
        tuple(_message(each, names) for each in body.get("messages", ())),
        tuple(OfferedTool(each["name"], each.get("description", ""), each.get("parameters", {})) for each in tools),
        output=body.get("response_format", {}).get("json_schema", {}).get("schema"),
    )


def _message(said: Any, names: dict[str, str]) -> Message:  # noqa: ANN401 - JSON
    text = _text(said.get("content"))
    match said["role"]:
        case "system" | "developer":
            return Instructions(text)
        case "assistant":
            calls = [_call(each) for each in said.get("tool_calls") or ()]
            names.update({call.id: call.tool for call in calls})
            return Said(text, tuple(calls))
        case "tool":
            return Answered(said["tool_call_id"], names.get(said["tool_call_id"], ""), text)
        case _:
            return Told(text)


def _call(said: Any) -> AskedCall:  # noqa: ANN401 - JSON
    return AskedCall(said["id"], said["function"]["name"], json.loads(said["function"]["arguments"] or "{}"))


def _text(content: Any) -> str:  # noqa: ANN401 - JSON
    return "".join(part.get("text", "") for part in content) if is_list(content) else content or ""
