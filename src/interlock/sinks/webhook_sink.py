"""Events as signed HTTP requests: a batch of CloudEvents in one POST.

What an answer means follows the specification's page on webhooks: 2xx has taken them; 429 and `Retry-After` are heeded;
410 means that nobody is there any more. Redirects are not followed: what is signed for one address is not sent to
another. A single event is sent as a batch of one, so a receiver has one format to read.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from interlock.sinks.cloud_event import CloudEvent, encode_batch
from interlock.sinks.errors import EventRefusedError, SinkGoneError, SinkUnusableError, TryAgainError
from interlock.sinks.signature import SIGNATURE_HEADER, sign
from interlock.sinks.sink import SinkTarget

BATCH_TYPE: Final = "application/cloudevents-batch+json; charset=UTF-8"
RETRY_AFTER_MAX_SECONDS: Final = 3_600.0
"""A sink that asks to be left alone for longer is asked again after this."""

_MENDABLE: Final = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 429})
"""Of the 4xx those that speak of the sender, the address or the moment, and not of the events: somebody mends it."""


class Answer(NamedTuple):
    """What the other side said; `retry_after` as it stands in the header."""

    status: int
    retry_after: str


class WebhookSink:
    """Posts to one address. Blocking calls are made in a thread, which is cut off when its time is up."""

    def __init__(
        self, url: SplitResult, *, key: str, timeout_seconds: float, now: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._key = key
        self._timeout_seconds = timeout_seconds
        self._now = now

    async def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Post the events, and say what became of them."""
        judge(await self._post(encode_batch(events)), where=self._where, now=self._now())

    async def close(self) -> None:
        """Each delivery has a connection of its own: nothing is held."""

    @property
    def _where(self) -> str:
        """The address without what may be secret in it."""
        return f"{self._url.scheme}://{self._url.netloc}{self._url.path}"

    async def _post(self, body: bytes) -> Answer:
        make = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = make(self._url.hostname or "", self._url.port, timeout=self._timeout_seconds)
        try:
            # A server that sends a byte now and then never times out by itself: the whole has to end in time.
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.to_thread(self._exchange, connection, body)
        except TimeoutError as error:
            raise TryAgainError(f"{self._where} did not answer within {self._timeout_seconds:g} s") from error
        except (OSError, HTTPException) as error:
            raise TryAgainError(f"{self._where} cannot be reached: {error or type(error).__name__}") from error
        finally:
            _cut_off(connection)

    def _exchange(self, connection: HTTPConnection, body: bytes) -> Answer:
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        headers = {
            "Content-Type": BATCH_TYPE,
            "User-Agent": "interlock",
            SIGNATURE_HEADER: sign(self._key, body, at=int(self._now())),
        }
        connection.request("POST", target, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("Retry-After", ""))


def webhook_sink(target: SinkTarget) -> WebhookSink:
    """The sink of `https://HOST/PATH`."""
    address = f"{target.kind}:{target.to}"
    url = urlsplit(address)
    if not url.hostname or not _has_port(url):
        raise SinkUnusableError(
            f"the sink {target.name} names no host that can be reached: write `{target.kind}://HOST/PATH`"
        )
    if url.username or url.password:
        raise SinkUnusableError(f"the sink {target.name} has a password in its address: put it into a secret")
    if target.key is None:
        raise SinkUnusableError(
            f"the sink {target.name} is a webhook and has no secret to sign with: "
            f'write `{target.name} = {{to = "{address}", secret = "{target.name}_key"}}`'
        )
    return WebhookSink(url, key=target.key, timeout_seconds=target.timeout_seconds)


def _has_port(url: SplitResult) -> bool:
    try:
        return url.port is None or url.port > 0
    except ValueError:
        return False


def judge(answer: Answer, *, where: str, now: float) -> None:
    """Raise what an answer means for the delivery; return if the events were taken."""
    said = f"{where} answered {answer.status}"
    match answer.status:
        case status if 200 <= status < 300:
            return
        case 410:
            raise SinkGoneError(f"{said}: it is there no more")
        case status if 400 <= status < 500 and status not in _MENDABLE:
            raise EventRefusedError(said)
        case _:
            raise TryAgainError(said, after_seconds=retry_after_seconds(answer.retry_after, now=now))


def retry_after_seconds(header: str, *, now: float) -> float:
    """How long a `Retry-After` asks to wait, in seconds or until a date; 0 if it says nothing that can be read."""
    text = header.strip()
    if text.isdecimal():
        return min(float(text), RETRY_AFTER_MAX_SECONDS)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return 0.0
    return min(max(0.0, until - now), RETRY_AFTER_MAX_SECONDS)


def _cut_off(connection: HTTPConnection) -> None:
    """Whatever still waits on the connection in its thread is woken, and ends with an error."""
    held = connection.sock
    if held is not None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)
    connection.close()
