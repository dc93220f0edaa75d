"""What an MCP server answered to a call, as the result of a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.core.canonical import canonical
from interlock.core.values import Value
from interlock.tools.errors import ToolFailed

if TYPE_CHECKING:
    import mcp_types

SAID_CHARACTERS_MAX: Final = 1_000


def result_of(answer: mcp_types.CallToolResult, *, server: str) -> Value:
    """The structured result; of a tool that has none, a map of its `text`, and of its other `parts` if it has any."""
    if answer.is_error:
        said = _text(answer)[:SAID_CHARACTERS_MAX] or "it did not say why"
        raise ToolFailed(f"{server}: {said}", kind="failed")
    if answer.structured_content is not None:
        return canonical(answer.structured_content, where="result")
    parts: list[Any] = [
        part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in answer.content if part.type != "text"
    ]
    told = {"text": _text(answer)}
    return canonical({**told, "parts": parts} if parts else told, where="result")


def _text(answer: mcp_types.CallToolResult) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
