"""What cannot be said of tenants and keys, as one small tree.

TenancyError
├── TenantNameError     a tenant's name that cannot be one
├── ScopeError          a scope of a key that there is not
├── KeyDeclaredError    a key that cannot be made as it was asked for
└── KeyNotFoundError    no key has that id

That somebody may not do something is none of these: it is an answer, `caller.Refusal` or `keys.KeyRefused`.
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class TenancyError(InterlockError):
    """Something about a tenant or a key that cannot be; the message says what to do next."""


class TenantNameError(TenancyError):
    """A tenant's name that cannot be one."""


class ScopeError(TenancyError):
    """A scope of a key that there is not."""


class KeyDeclaredError(TenancyError):
    """A key that cannot be made as it was asked for."""


class KeyNotFoundError(TenancyError):
    """No key has that id, or it is another tenant's, which is not told apart."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no API key with the id {id[:_SHOWN_MAX]!r}: see `interlock keys list`")
        self.id = id


_SHOWN_MAX = 40
