"""Sinks: where a tenant's events leave for, as CloudEvents. Which events leave, and when, is no matter here.

What stands in `__all__` is for whoever writes a sink or receives what one sends.
"""

from __future__ import annotations

from interlock.sinks.cloud_event import CloudEvent, encode_batch, encode_event
from interlock.sinks.errors import EventRefusedError, SinkError, SinkGoneError, SinkUnusableError, TryAgainError
from interlock.sinks.signature import SIGNATURE_HEADER, is_signed
from interlock.sinks.sink import Sink, SinkTarget

__all__ = [
    "SIGNATURE_HEADER",
    "CloudEvent",
    "EventRefusedError",
    "Sink",
    "SinkError",
    "SinkGoneError",
    "SinkTarget",
    "SinkUnusableError",
    "TryAgainError",
    "encode_batch",
    "encode_event",
    "is_signed",
]
