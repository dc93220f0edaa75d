"""Names of tools as providers take them: letters, digits, `_` and `-`, 64 at most; and back to ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from interlock.core.messages import ModelRequest, Said

_NAME_MAX: Final = 64
_NOT_TAKEN: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST_SHOWN: Final = 8


class ToolNames:
    """The names of one request. A name that nobody has offered stays as it was said: the agent is to see it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._sent: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        for name in sorted(set(names), key=lambda each: (_NOT_TAKEN.search(each) is not None, each)):
            sent = _taken(name)
            if sent in self._ours:
                sent = _told_apart(sent, name)
            self._sent[name], self._ours[sent] = sent, name

    def sent(self, name: str) -> str:
        """A name as the provider is told it."""
        return self._sent.get(name) or _taken(name)

    def ours(self, said: str) -> str:
        """A name as the model said it, in our words."""
        return self._ours.get(said, said)


def names_of(request: ModelRequest) -> ToolNames:
    """How the tools of a request are called, offered ones and those of its history."""
    offered = [tool.name for tool in request.tools]
    called = [call.tool for each in request.messages if isinstance(each, Said) for call in each.calls]
    return ToolNames([*offered, *called])


def _taken(name: str) -> str:
    taken = _NOT_TAKEN.sub("_", name) or "_"
    return taken if len(taken) <= _NAME_MAX else _told_apart(taken, name)


def _told_apart(taken: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_SHOWN]
    return f"{taken[: _NAME_MAX - _DIGEST_SHOWN - 1]}_{digest}"
