"""What an MCP server says of its tools, as definitions that can be pinned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from interlock.core.plan import EffectClass
from interlock.core.problems import nearest
from interlock.tools.declared.declaring import McpSource
from interlock.tools.errors import ToolError
from interlock.tools.pinning import Definition, definition_of

if TYPE_CHECKING:
    import mcp_types

REAL_NAME: Final = "tool"
"""Under which annotation a tool's own name stands: ours begins with the server's."""
HINTS: Final = "hints"


def definitions_of(
    tools: Iterable[mcp_types.Tool], source: McpSource, server: str
) -> tuple[list[Definition], list[str]]:
    """The definitions of those tools that are wanted, and what is wrong with the others of these."""
    found: dict[str, Definition] = {}
    problems: list[str] = []
    offered = list(tools)
    for tool in offered:
        if source.tools is not None and tool.name not in source.tools:
            continue
        try:
            made = _definition(tool, server)
        except ToolError as error:
            problems.append(str(error))
            continue
        if made.name in found:
            problems.append(f"it offers two tools that would be called `{made.name}`: none of them is taken")
            del found[made.name]
            continue
        found[made.name] = made
    names = [tool.name for tool in offered]
    problems += [*_missing("tools", source.tools or (), names), *_missing("effects", source.effects, names)]
    return list(found.values()), problems


def definition_named(tools: Iterable[mcp_types.Tool], name: str, server: str) -> Definition | None:
    """What the server says of one tool now, by the tool's own name; None if it offers none, or several of that name."""
    offered = [tool for tool in tools if tool.name == name]
    return _definition(offered[0], server) if len(offered) == 1 else None


def real_name(definition: Definition) -> str:
    """What the server itself calls the tool."""
    return str(definition.annotations.get(REAL_NAME, ""))


def effect_of(definition: Definition, source: McpSource) -> EffectClass:
    """What a repeat would do: as the file says, else as the server hinted when a person approved it."""
    said = source.effects.get(real_name(definition)) or source.effect
    if said is not None:
        return said
    hints = definition.annotations.get(HINTS, {})
    if hints.get("readOnlyHint") is True:
        return "read"
    return "idempotent" if hints.get("idempotentHint") is True else "once"


def _definition(tool: mcp_types.Tool, server: str) -> Definition:
    annotations: dict[str, Any] = {REAL_NAME: tool.name}
    if tool.annotations is not None:
        annotations[HINTS] = tool.annotations.model_dump(mode="json", by_alias=True, exclude_none=True)
    if tool.title is not None:
        annotations["title"] = tool.title
    return definition_of(
        f"{server}_{re.sub(r'[^A-Za-z0-9_.-]', '_', tool.name)}",
        description=tool.description,
        input=tool.input_schema,
        output=tool.output_schema,
        annotations=annotations,
    )


def _missing(key: str, wanted: Iterable[str], offered: Sequence[str]) -> list[str]:
    """What a file names and the server does not know: an effect that is meant for it would be nobody's."""
    return [
        f"it offers no tool `{name}`, which `{key}` names: {_meant(name, offered)}"
        for name in wanted
        if name not in offered
    ]


def _meant(name: str, offered: Sequence[str]) -> str:
    meant = nearest(name, offered) or next((each for each in offered if name.endswith(f"_{each}")), None)
    return f"did you mean `{meant}`?" if meant else f"it offers {', '.join(sorted(offered)[:10]) or 'none'}"
