"""Sinks as the settings declare them. Which sink is meant by an address is known in `making`.

[sinks]
audit = "file:.interlock/events.jsonl"
ops = {to = "https://ops.example.com/events", secret = "ops_key"}
lake = "my_package.sinks:to_the_lake"
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from interlock.sinks.sink import TIMEOUT_SECONDS


class SinkSettings(BaseModel):
    """One sink. Alone, its address may stand for the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    to: Annotated[str, Field(pattern=r"^[^:\s]+:.*$")]
    secret: str | None = None
    """The name of the secret with which deliveries are signed."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = TIMEOUT_SECONDS

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, given: object) -> object:
        return {"to": given} if isinstance(given, str) else given

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        return self.to.partition("?")[0]


SinkName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
