"""One request on its way to a provider: how long its answer may take, and what had been heard when it broke off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

from interlock.models.pieces import OnPiece
from interlock.models.provider import Answer, Asking, RequestFailed

_SECOND: Final = 1_000_000

Ask: TypeAlias = Callable[[OnPiece | None], Awaitable[Answer]]
"""Makes the request; it tells pieces of the answer where somebody listens."""


class FailureOf(Protocol):
    """Says what an exception means."""

    def __call__(self, error: Exception, *, heard: str, has_begun: bool) -> RequestFailed:
        """The failure; `heard` is what of a streamed answer had come."""
        ...


async def sent(asking: Asking, ask: Ask, failure_of: FailureOf) -> Answer:
    """The answer, or `RequestFailed`: whatever goes wrong is a failure of ours, since it is in what others do."""
    hearing = _Hearing(asking)
    try:
        return await hearing.answer(ask)
    except TimeoutError:
        raise hearing.too_late() from None
    except Exception as error:  # noqa: BLE001 - a boundary: anything may be raised over what cannot be read
        raise failure_of(error, heard="".join(hearing.heard), has_begun=hearing.has_begun) from None


class _Hearing:
    """What has been heard of an answer."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.heard: list[str] = []
        self.has_begun = False

    async def answer(self, ask: Ask) -> Answer:
        """At once, or piece by piece where somebody listens."""
        whole, on_token = self._asking.whole / _SECOND, self._asking.on_token
        if on_token is None:
            async with asyncio.timeout(whole):
                return await ask(None)
        ends_at = asyncio.get_running_loop().time() + whole
        async with asyncio.timeout(min(self._asking.first_token / _SECOND, whole)) as waiting:

            def hear(text: str, is_said: bool) -> None:  # noqa: FBT001 - see OnPiece
                waiting.reschedule(ends_at)
                self.has_begun = True
                self.heard.append(text)
                if is_said and text:
                    on_token(text)

            return await ask(hear)

    def too_late(self) -> RequestFailed:
        """What it is that the time was up."""
        if self.has_begun:
            return RequestFailed("timeout", "its answer did not end in time", billed="heard", heard="".join(self.heard))
        return RequestFailed("timeout", "it did not answer in time", billed="worst")
