"""A history as providers insist on it: each call that the model asked for is answered, each answer is of such a call.

Contexts are cut to fit, so that one half of a pair may be gone. What is left of it is told as text, or left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from interlock.core.messages import Answered, Message, Said, Told


def coherent(messages: Sequence[Message]) -> list[Message]:
    """The messages with no half of a pair among them."""
    answered = {each.call for each in messages if isinstance(each, Answered)}
    asked: set[str] = set()
    whole: list[Message] = []
    for message in messages:
        if isinstance(message, Said):
            calls = tuple(call for call in message.calls if call.id in answered)
            asked.update(call.id for call in calls)
            if message.text or calls:
                whole.append(structs.replace(message, calls=calls))
        elif isinstance(message, Answered) and message.call not in asked:
            whole.append(Told(f"Result of {message.tool}:\n{message.text}"))
        else:
            whole.append(message)
    return whole
