"""What the fake server is told to do with a request, and how a request was heard: data, in no provider's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FakeCall:
    """A call that the model asks for: its arguments are text, as they are on the wire."""

    tool: str
    arguments: str = "{}"
    id: str = "call_1"


@dataclass(frozen=True)
class FakeReply:
    """What the server does with one request."""

    text: str = ""
    calls: Sequence[FakeCall] = ()
    finish: str | None = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: {"prompt_tokens": 20, "completion_tokens": 5})
    """In OpenAI's words; None: it is not said."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    error: str = "told to fail"
    body: str | None = None
    """Sent as it is in place of an answer."""
    hangs: bool = False
    """It takes the request and never answers."""
    cut_after: int | None = None
    """The connection is closed after so many pieces of a streamed answer."""
    ends_after: int | None = None
    """After so many pieces the stream ends as if that were all of the answer."""
    hangs_after: int | None = None
    """After so many pieces no more come."""


@dataclass(frozen=True)
class FakeRequest:
    """A request as it was heard."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def is_streamed(self) -> bool:
        """Whether the answer is to come piece by piece."""
        return bool(self.body.get("stream"))


Replies = Callable[[FakeRequest], FakeReply]
"""How a server answers that is told so by a function."""
