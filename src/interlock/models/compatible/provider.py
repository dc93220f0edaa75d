"""A provider that speaks OpenAI's protocol, asked directly.

OpenAI's library and the one above it take several times as long over a request as all that a gateway does, and servers
that are only compatible have none of the peculiarities that they know of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from interlock.core.plan import Micros
from interlock.models.compatible.answers import answer_of, read_completion
from interlock.models.compatible.bodies import sent_body
from interlock.models.compatible.connections import Connections, Heard
from interlock.models.compatible.failures import ConnectionLost, Refused, request_failed
from interlock.models.keys import ModelKey
from interlock.models.pieces import BROKEN_OFF, OnPiece
from interlock.models.provider import Answer, Asking
from interlock.models.sdk.server_events import data_of
from interlock.models.sdk.streamed_completion import StreamedCompletion
from interlock.models.sending import sent
from interlock.models.tool_names import names_of

_PATH: Final = "/chat/completions"
_OK: Final = range(200, 300)


class CompatibleProvider:
    """One server, and the connections to it."""

    def __init__(
        self,
        *,
        url: str,
        key: ModelKey | None,
        headers: Mapping[str, str],
        connect_seconds: float,
        now: Callable[[], Micros],
    ) -> None:
        self._now = now
        authorization = {} if key is None else {"authorization": f"Bearer {key.reveal()}"}
        lines = {"content-type": "application/json", "user-agent": "interlock", **authorization, **headers}
        self._connections = Connections(url, headers=lines, connect_seconds=connect_seconds)

    async def ask(self, asking: Asking) -> Answer:
        """The model's answer, or `RequestFailed`."""
        return await sent(asking, lambda hear: self._answer(asking, hear), partial(request_failed, now=self._now()))

    async def _answer(self, asking: Asking, hear: OnPiece | None) -> Answer:
        request = asking.request
        names = names_of(request)
        output = request.output
        # Only objects are taken by all servers that keep to a schema.
        is_native = asking.structured == "native" and output is not None and output.get("type") == "object"
        body = sent_body(request, names, model=asking.model, is_native=is_native, is_streamed=hear is not None)
        async with self._connections.post(_PATH, body) as heard:
            if heard.head.status not in _OK:
                raise Refused(heard.head.status, heard.head.headers, await heard.whole())
            said = read_completion(await heard.whole()) if hear is None else await _streamed(heard, hear)
        return answer_of(said, names)

    async def close(self) -> None:
        """Let the connections go."""
        await self._connections.close()


async def _streamed(heard: Heard, hear: OnPiece) -> dict[str, object]:
    """The whole of a stream, told piece by piece before."""
    completion = StreamedCompletion(hear)
    pieces = heard.pieces()
    async for data in data_of(pieces):
        completion.take(data)
    if completion.has_broken_off:
        raise ConnectionLost(BROKEN_OFF)
    async for _ in pieces:
        pass  # to the end of the answer, so that the connection can be kept
    return completion.whole()
