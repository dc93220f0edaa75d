"""The tools of an agent that has a memory: `remember`, `recall` and `forget`. It is offered them without naming them.

Here stands only what a model is told of them. Where memories are kept and who may see them is the engine's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.core.agent_contract import AgentContract
from interlock.core.plan import EffectClass, JsonSchema, ToolContract

REMEMBER: Final = "remember"
RECALL: Final = "recall"
FORGET: Final = "forget"

TEXT_MAX: Final = 8_000
KEY_MAX: Final = 200
TAGS_MAX: Final = 16
TAG_MAX: Final = 64
RECALLED_MAX: Final = 50
"""How much is recalled at once at most."""

_KEY: Final[JsonSchema] = {"type": "string", "minLength": 1, "maxLength": KEY_MAX}
_TAGS: Final[JsonSchema] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": TAG_MAX},
    "maxItems": TAGS_MAX,
}
_SHARED: Final[JsonSchema] = {"type": "boolean", "description": "Of long-term memory: for all agents, not you alone."}


def memory_contracts(contract: AgentContract) -> Mapping[str, ToolContract]:
    """The memory tools of an agent, by name; none if it has no memory."""
    if not contract.memory:
        return {}
    return {each.name: each for each in (_remember(contract), _recall(contract), _forget(contract))}


def _remember(contract: AgentContract) -> ToolContract:
    told = "Keep something for later. Under a key that is in use it takes the place of what is kept there."
    fields = {
        "text": {"type": "string", "minLength": 1, "maxLength": TEXT_MAX},
        "value": {"description": "Data to keep, in place of text."},
        "key": _KEY,
        "tags": _TAGS,
    }
    return _tool(REMEMBER, "idempotent", told, contract, fields | _shared(contract))


def _recall(contract: AgentContract) -> ToolContract:
    told = "Look for what was kept: what shares most words with the query comes first, and of that the newest."
    fields = {
        "query": {"type": "string", "maxLength": TEXT_MAX, "description": "Words to look for. Left out: the newest."},
        "tags": {**_TAGS, "description": "Only what has all of these."},
        "limit": {"type": "integer", "minimum": 1, "maximum": RECALLED_MAX},
    }
    return _tool(RECALL, "read", told, contract, fields)


def _forget(contract: AgentContract) -> ToolContract:
    told = "Drop what is kept under a key."
    return _tool(FORGET, "idempotent", told, contract, {"key": _KEY} | _shared(contract), needed=("key",))


def _shared(contract: AgentContract) -> dict[str, Any]:
    return {"shared": _SHARED} if "long_term" in contract.memory else {}


def _tool(
    name: str,
    effect: EffectClass,
    description: str,
    contract: AgentContract,
    fields: Mapping[str, Any],
    *,
    needed: tuple[str, ...] = (),
) -> ToolContract:
    schema = {
        "type": "object",
        "properties": {"memory": {"enum": list(contract.memory)}, **fields},
        "required": ["memory", *needed],
        "additionalProperties": False,
    }
    return ToolContract(name=name, effect=effect, description=description, input=schema)
