"""What went wrong with a server, told in our own words and classes: the SDK raises what its parts raise."""

from __future__ import annotations

from typing import Final

from interlock.tools.errors import ToolFailed

SAID_CHARACTERS_MAX: Final = 1_000


class ConnectionLost(Exception):
    """The connection is gone; whether the last thing that was asked took effect is not known."""


def is_loss(error: Exception) -> bool:
    """Whether an error of the SDK means that the connection is gone."""
    import anyio  # noqa: PLC0415 - an extra, loaded when a server is spoken to
    import httpx2  # noqa: PLC0415
    import mcp_types  # noqa: PLC0415
    from mcp.shared.exceptions import MCPError  # noqa: PLC0415

    if isinstance(error, MCPError):
        return error.error.code == mcp_types.CONNECTION_CLOSED
    broken = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream, httpx2.TransportError, OSError)
    return isinstance(error, broken)


def failure_of(error: Exception, *, in_doubt: bool) -> ToolFailed:
    """What a server said is wrong, in the protocol's own words; or that it said what means nothing in it.

    `in_doubt`: what was asked may take effect, so that an error which says nothing of that leaves it open.
    """
    import mcp_types  # noqa: PLC0415 - as above
    from mcp.shared.exceptions import MCPError  # noqa: PLC0415

    if not isinstance(error, MCPError):
        told = f"it answered with what is no answer: {type(error).__name__}: {str(error)[:SAID_CHARACTERS_MAX]}"
        return ToolFailed(told, kind="invalid", retryable=False, in_doubt=in_doubt)
    told = str(error.error.message)[:SAID_CHARACTERS_MAX]
    if error.error.code in {mcp_types.INVALID_PARAMS, mcp_types.METHOD_NOT_FOUND, mcp_types.INVALID_REQUEST}:
        return ToolFailed(told, kind="invalid", retryable=False)
    return ToolFailed(told, kind="unavailable", in_doubt=in_doubt)
