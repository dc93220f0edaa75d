"""Values as they are told: JSON in which what is too large, or secret, is named instead of written out."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Value: TypeAlias = Any
"""JSON data. Where a part of it is kept elsewhere there stands a `Reference`, and where a secret is, its name."""


class Reference(Struct, frozen=True):
    """A value that is kept elsewhere: fetch it from `/v1/values/{kept_elsewhere}`."""

    kept_elsewhere: str
    """Its digest, under which it is found."""
    bytes: int
    """How large it is, as it is kept."""
    type: str = "application/json"


class SecretName(Struct, frozen=True):
    """A secret: only its name is ever told."""

    secret: str
