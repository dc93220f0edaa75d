"""Answers without secrets: they are kept for ever, and a model or its provider may say what it likes.

What stands around an answer (who gave it, what it used) is ours, and stays as it is.
"""

from __future__ import annotations

from msgspec.structs import replace

from interlock.core.messages import AskedCall, ModelReply
from interlock.core.redaction import Redaction
from interlock.models.asked_calls import unused


def struck_reply(reply: ModelReply, redaction: Redaction) -> ModelReply:
    """The answer without what a redaction strikes out. Each of its calls keeps an id of its own."""
    calls, used = list[AskedCall](), set[str]()
    for call in reply.calls:
        identity = unused(redaction.text(call.id), used)
        used.add(identity)
        calls.append(_struck_call(call, identity, redaction))
    return replace(reply, text=redaction.text(reply.text), calls=tuple(calls))


def _struck_call(call: AskedCall, identity: str, redaction: Redaction) -> AskedCall:
    text = redaction.text
    return AskedCall(identity, text(call.tool), redaction.value(call.arguments), text(call.raw), text(call.problem))
