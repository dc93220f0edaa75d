"""Who may do what: tenants, callers with their roles and scopes, and the API keys by which callers are recognised."""

from __future__ import annotations

from interlock.tenancy.caller import ROLES, Act, Caller, Refusal, Role, local_owner
from interlock.tenancy.errors import (
    KeyDeclaredError,
    KeyNotFoundError,
    ScopeError,
    TenancyError,
    TenantNameError,
)
from interlock.tenancy.giving import may_give
from interlock.tenancy.key_cache import CachedKeys
from interlock.tenancy.keys import ApiKeys, KeyRefused, KeyRow, NewKey
from interlock.tenancy.scopes import ABOVE_TENANTS, AREAS, Area, parse_scopes
from interlock.tenancy.tenant import LOCAL_TENANT, PLATFORM, parse_tenant

__all__ = [
    "ABOVE_TENANTS",
    "AREAS",
    "LOCAL_TENANT",
    "PLATFORM",
    "ROLES",
    "Act",
    "ApiKeys",
    "Area",
    "CachedKeys",
    "Caller",
    "KeyDeclaredError",
    "KeyNotFoundError",
    "KeyRefused",
    "KeyRow",
    "NewKey",
    "Refusal",
    "Role",
    "ScopeError",
    "TenancyError",
    "TenantNameError",
    "local_owner",
    "may_give",
    "parse_scopes",
    "parse_tenant",
]
