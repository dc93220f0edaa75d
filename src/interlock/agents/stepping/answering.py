"""The model's last word: prose where any will do, data where the contract has a schema for it."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from interlock.agents.control_tools import COMPLETE
from interlock.agents.schemas_at_hand import schema_at_hand
from interlock.core.agent_contract import AgentContract
from interlock.core.canonical import canonical
from interlock.core.schemas import SchemaRefused
from interlock.core.values import Value, ValueProblem

_FENCED: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n[ \t]*```\s*", re.DOTALL)
"""A whole answer in a fence: models put one around data, also where they were asked not to."""


class Answer(Struct, frozen=True):
    """A result that fits."""

    out: Value


def read_answer(contract: AgentContract, text: str) -> Answer | str:
    """The result in a text without calls, or what is wrong with it."""
    if contract.labels:
        return f"finish by calling `{COMPLETE}`, and choose among the labels {', '.join(contract.labels)} there"
    if contract.output is None:
        return Answer(text) if text.strip() else "it is empty: say something, or call a tool"
    try:
        out = canonical(msgspec.json.decode(_unfenced(text)), where="answer")
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueProblem) as problem:
        return f"it has to be JSON and nothing else, and cannot be read: {problem}"
    try:
        problems = schema_at_hand(contract.output).problems(out, where="answer")
    except SchemaRefused as refused:
        return f"the schema of the output cannot be used: {refused}"
    return "; ".join(problems) or Answer(out)


def _unfenced(text: str) -> str:
    found = _FENCED.fullmatch(text)
    return found[1] if found else text
