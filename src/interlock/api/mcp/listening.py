"""Changes of runs, told to clients that listen to their resources: through the hub that all streams of a tenant share.

Only that a run has changed is told, at most as often as the hub looks; what it is by now the client reads. Who was not
there hears nothing of what was before.
"""

from __future__ import annotations

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY

from interlock.api.mcp.resources import RUNS, run_in
from interlock.api.streams.frames import Told
from interlock.api.streams.hub import Hub
from interlock.api.streams.listener import OverError
from interlock.api.streams.live import LiveTold
from interlock.api.streams.topics import Topic
from interlock.api.visitors import Visitor

RUNS_MAX: Final = 100
"""How many runs one client may listen to at once; of more the first are meant, as the acknowledgment says."""
LOOK_SECONDS: Final = 15.0


async def heard(
    visitor: Visitor,
    hub: Hub,
    ctx: ServerRequestContext[Any, Any],
    params: types.SubscriptionsListenRequestParams,
) -> types.SubscriptionsListenResult:
    """Tell what changes until the client goes or the server ends."""
    visitor.refuse_unless("read", "runs")
    uris = list(params.notifications.resource_subscriptions or ())[:RUNS_MAX]
    runs = frozenset([(await visitor.interlock.open(run_in(uri))).id for uri in uris])
    meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
    result = types.SubscriptionsListenResult(_meta=meta)
    async with hub.listening(Topic(runs=runs), frame=_run_of, live_frame=_nothing) as listener:
        listener.release(lambda _: True)
        taken = types.SubscriptionFilter(resource_subscriptions=uris or None)
        acknowledged = types.SubscriptionsAcknowledgedNotificationParams(notifications=taken, _meta=meta)
        await _send(ctx, types.SubscriptionsAcknowledgedNotification(params=acknowledged))
        while not visitor.closing.is_set():
            try:
                changed = await listener.frames(within=LOOK_SECONDS)
            except OverError:
                break
            for run in sorted(set(changed.decode().split())) if runs else ():
                told = types.ResourceUpdatedNotificationParams(uri=f"{RUNS}{run}", _meta=meta)
                await _send(ctx, types.ResourceUpdatedNotification(params=told))
    return result


async def _send(ctx: ServerRequestContext[Any, Any], notification: Any) -> None:  # noqa: ANN401 - one of the SDK's
    await ctx.session.send_notification(notification, related_request_id=ctx.request_id)


def _run_of(told: Told) -> bytes:
    return f"{told.run}\n".encode()


def _nothing(_: LiveTold) -> bytes:
    return b""
