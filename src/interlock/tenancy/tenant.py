"""Tenants' names: what one may be called, and the two that are always there.

A tenant comes to be with its first key, and only keys say whose a request is: a name that a request carries is never
believed. Nothing here knows which tenants there are.
"""

from __future__ import annotations

import re
from typing import Final

from interlock.tenancy.errors import TenantNameError

LOCAL_TENANT: Final = "local"
"""Whose everything is where nobody has said otherwise: on one's own machine."""
PLATFORM: Final = ""
"""Under which name stands what belongs to no tenant, such as the keys themselves. No tenant can be called so."""
TENANT_NAME_MAX: Final = 40
_NAME: Final = re.compile(rf"[a-z](?:-?[a-z0-9]){{0,{TENANT_NAME_MAX - 1}}}")
_SHOWN_MAX: Final = 60


def parse_tenant(name: str) -> str:
    """The name of a tenant, if it can be one. Raises `TenantNameError`."""
    if len(name) > TENANT_NAME_MAX or not _NAME.fullmatch(name):
        raise TenantNameError(
            f"{name[:_SHOWN_MAX]!r} cannot be the name of a tenant: write up to {TENANT_NAME_MAX} lower-case letters, "
            "digits and single dashes, beginning with a letter, such as `acme-eu`"
        )
    return name
