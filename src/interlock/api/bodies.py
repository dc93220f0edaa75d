"""What the body of every request is: strict, so that a misspelt field is told instead of ignored."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

RunNamed = Annotated[str, Field(min_length=1, max_length=200)]
"""A run that a body names. What has a length is whole text: half a character is refused."""


class Body(BaseModel):
    """A body that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Why(Body):
    """A reason, for the record."""

    why: str = Field(default="", max_length=2_000, description="For the record.")


UNSAID: Final = Why()
"""What is meant where nothing is sent."""
