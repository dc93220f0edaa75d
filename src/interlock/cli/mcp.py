"""`interlock mcp`: the project as an MCP server, for a client that starts it as a program and speaks to it."""

from __future__ import annotations

from importlib.util import find_spec

from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import By, Store, Tools


def mcp(*, by: By = "", store: Store = None, tools: Tools = None) -> int:
    """Serve the project's graphs as MCP tools over standard input and output, for a client that starts this itself.

    Runs go on while the client is there; those that are left are taken up by `interlock up` or `interlock resume`. A
    server that others reach has the same at /mcp.
    """
    if find_spec("mcp") is None:
        raise CommandError("MCP needs a package that is not installed: pip install 'interlock[mcp]'")
    return finished(_served(Invocation(store=store, tools=tools), by))


async def _served(on: Invocation, by: str) -> int:
    from interlock.api.mcp.over_stdio import serve_stdio
    from interlock.cli.opening import opened, who

    async with opened(on) as interlock:
        await serve_stdio(interlock, by=who(by))
    return ExitCode.SUCCEEDED
