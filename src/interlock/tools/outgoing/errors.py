"""What becomes of a request that has no answer: it was refused here, or it failed out there.

    ToolFailed
    ├── OutgoingRefused    it was never made: its address, its host or its headers are not allowed
    └── OutgoingFailed     it was tried; `in_doubt` if it may have taken effect all the same

Messages name the host and never the path or the query, where secrets may stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.tools.errors import ToolFailed

if TYPE_CHECKING:
    from interlock.core.events import ErrorClass


class OutgoingRefused(ToolFailed):
    """A request that is not made: trying again would change nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="refused", retryable=False)


class OutgoingFailed(ToolFailed):
    """A request that got no answer that can be used."""

    def __init__(
        self, message: str, *, kind: ErrorClass = "unavailable", retryable: bool = True, in_doubt: bool = False
    ) -> None:
        super().__init__(message, kind=kind, retryable=retryable, in_doubt=in_doubt)
