"""What a card says of an agent, as the definition of one tool that can be pinned."""

from __future__ import annotations

from typing import Any, Final

from interlock.tools.a2a.cards import Card
from interlock.tools.errors import ToolError
from interlock.tools.pinning import Definition, definition_of

URL: Final = "url"
SKILLS_MAX: Final = 50

OUTPUT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "data": {},
        "task": {"type": "string"},
        "left_out": {"type": "integer"},
        "simulated": {"type": "boolean"},
    },
    "required": ["text", "data", "task"],
    "additionalProperties": False,
}
"""What a call gives: the words and the data of all artifacts, and the task that they are of."""


def definition_of_card(name: str, card: Card) -> Definition:
    """The tool of an agent: it takes words, or data, or both. All that the card says is a part of what is pinned."""
    if len(card.skills) > SKILLS_MAX:
        raise ToolError(f"the agent has more than {SKILLS_MAX} skills")
    told = [card.description, *(f"- {skill}" for skill in card.skills)]
    return definition_of(
        name,
        description="\n".join(line for line in told if line),
        input={
            "type": "object",
            "properties": {"text": {"type": "string"}, "data": card.inputs or {"type": "object"}},
            "additionalProperties": False,
            "minProperties": 1,
        },
        output=OUTPUT,
        annotations={
            "agent": card.name,
            "version": card.version,
            URL: card.url,
            "card": f"sha256:{card.digest}",
            "signed_by": card.signed_by,
        },
    )
