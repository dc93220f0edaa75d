"""Events of the library while an answer is made: which of them bring its text, and what else they bring."""

from __future__ import annotations

from pydantic_ai.messages import (
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)


def text_in(event: ModelResponseStreamEvent) -> str:
    """The piece of the answer's text that an event brings."""
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
        case _:
            return ""


def unseen_in(event: ModelResponseStreamEvent) -> str:
    """What else it brings, which nobody is told but the bill has: thoughts, and arguments of calls."""
    match event:
        case (
            PartStartEvent(part=ThinkingPart(content=str(text)))
            | PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(text)))
            | PartStartEvent(part=ToolCallPart(args=str(text)))
            | PartDeltaEvent(delta=ToolCallPartDelta(args_delta=str(text)))
        ):
            return text
        case _:
            return ""
