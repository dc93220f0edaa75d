"""Instants as text, for systems that tell them so; our own shapes count microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from interlock.core.values import instant_text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant(micros: int) -> str:
    """An instant in UTC: `2026-01-31T09:30:00Z`."""
    return instant_text(_EPOCH + timedelta(microseconds=micros))
