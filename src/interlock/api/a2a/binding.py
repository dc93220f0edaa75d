"""The JSON-RPC binding of the SDK over what our methods do."""

from __future__ import annotations

from a2a.server.context import ServerCallContext
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from starlette.requests import Request

from interlock.api.a2a.handler import CALL, RunsAsTasks


class _Contexts(ServerCallContextBuilder):
    """Hands on who speaks to which agent, as it was found out before."""

    def build(self, request: Request) -> ServerCallContext:
        return ServerCallContext(state={"headers": dict(request.headers), CALL: request.scope[CALL]})


def make_dispatcher() -> JsonRpcDispatcher:
    """What reads requests of the protocol and writes its answers."""
    return JsonRpcDispatcher(RunsAsTasks(), _Contexts())
