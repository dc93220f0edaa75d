"""The movement that somebody asks the policy about: what was said of it, and what the project's tool says.

Nothing is judged here. Where the project has no such tool, what was not said is what a tool is that says nothing.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from interlock.core.agent_contract import AGENT_TOOL, GRAPH_TOOL
from interlock.core.plan import Permissions
from interlock.core.verdicts import Movement
from interlock.tools.needs_in_words import needs_in_words
from interlock.tools.tool import Tool
from interlock.tools.toolbox import Toolbox


class AskedAbout(Struct, frozen=True):
    """A movement, and where what it says of a tool comes from."""

    movement: Movement
    note: str = ""


def asked_about(said: Movement, toolbox: Toolbox, *, given: frozenset[str]) -> AskedAbout:
    """A movement with what is known of its tool, where it is the call of one."""
    if said.point != "tool" or not said.name:
        return AskedAbout(said)
    return about_a_tool(said, toolbox.find(said.name), given=given)


def about_a_tool(said: Movement, tool: Tool | None, *, given: frozenset[str]) -> AskedAbout:
    """The same with the effect, the risk and the needs of the tool, but for those that were `given`."""
    if said.name.startswith((AGENT_TOOL, GRAPH_TOOL)):
        return AskedAbout(said if "effect" in given else structs.replace(said, effect="read"))
    if tool is None:
        note = f"there is no tool `{said.name}` in this project: what was said of it is all that is known"
        return AskedAbout(said, note)
    # What a node calls is judged without any code, by all that the tool may need.
    is_told = said.agent != "" and said.arguments is not None
    needs = tool.permissions(said.arguments) if is_told else tool.terms.permissions
    kept = {name: getattr(said.permissions, name) for name in Permissions.__struct_fields__ if name in given}
    known: dict[str, Any] = {"effect": tool.contract.effect, "risk": tool.terms.risk}
    movement = structs.replace(
        said,
        permissions=structs.replace(needs, **kept),
        **{name: value for name, value in known.items() if name not in given},
    )
    terms = structs.replace(tool.terms, permissions=needs)
    told = ", ".join(filter(None, [f"effect {tool.contract.effect}", f"risk {tool.terms.risk}", needs_in_words(terms)]))
    return AskedAbout(movement, f"the project's tool `{said.name}` says: {told}")
