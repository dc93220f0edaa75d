"""What an agent hears of the calls it asked for."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from interlock.agents.observations import ToolAnswer
from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall, ModelReply
from interlock.core.plan import EffectClass
from interlock.core.values import Value, digest_of

SHOWN_MAX: Final = 400


def answer(call: AskedCall, out: Value, *, effect: EffectClass, text: str = "") -> ToolAnswer:
    """A result. `text` is what the model reads of it, where that is not the result itself."""
    return ToolAnswer(call_id=call.id, tool=call.tool, out=out, digest=digest_of(out), text=text, effect=effect)


def no_answer(call: AskedCall, error: Error, *, effect: EffectClass, text: str = "") -> ToolAnswer:
    """Why there is no result. `text` is what the model reads of it, where that is not the error itself."""
    return ToolAnswer(call_id=call.id, tool=call.tool, error=error, text=text, effect=effect)


def recorded_reply(reply: ModelReply) -> Value:
    """A model's reply as it is recorded."""
    recorded: Value = msgspec.to_builtins(reply)
    return recorded


def reply_of(recorded: Any) -> ModelReply:  # noqa: ANN401 - what a log holds
    """A model's reply as it was recorded."""
    return msgspec.convert(recorded, ModelReply)


def shown(arguments: Value) -> str:
    """Arguments as a person reads them, cut where they are long."""
    text = json.dumps(arguments, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
