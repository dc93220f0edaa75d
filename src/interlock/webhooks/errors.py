"""What becomes of requests that cannot be taken, and of webhooks that cannot be, as one small tree.

WebhookError
├── WebhookRefusedError      nobody is at this address, or the signature is not right: not told apart
├── WebhookUnmappedError     it is signed, and holds not what it is to be mapped from
├── WebhookDeclaredError     a webhook cannot be as it was declared
└── WebhookNotFoundError     there is no webhook of that name
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class WebhookError(InterlockError):
    """Something about a webhook; the message says which and why."""


class WebhookRefusedError(WebhookError):
    """Nobody is at this address, or the signature is not right: whoever tries addresses out learns neither."""

    def __init__(self) -> None:
        super().__init__("there is no webhook at this address that this signature opens")


class WebhookUnmappedError(WebhookError):
    """A signed request holds not what its webhook makes inputs of."""

    def __init__(self, webhook: str, why: str) -> None:
        super().__init__(f"webhook {webhook}: {why}")
        self.webhook = webhook


class WebhookDeclaredError(WebhookError):
    """A webhook cannot be as it was declared."""


class WebhookNotFoundError(WebhookError):
    """There is no webhook of that name, or it is another tenant's, which is not told apart."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no webhook {name[:_SHOWN_MAX]!r}: see GET /v1/webhooks")
        self.name = name


_SHOWN_MAX = 60
