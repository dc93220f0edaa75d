"""Graphs as they are sent: a text in any dialect, or a document."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from interlock.api.bodies import Body

EXAMPLE: Final = "graph: hello\nnodes:\n  greet: {value: hello}\n"


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"character {error.start + 1} is half of a surrogate pair: send whole characters") from error
    return text


GraphText: TypeAlias = Annotated[
    str, AfterValidator(_whole), Field(description="YAML or JSON, in any dialect that is read.", examples=[EXAMPLE])
]


class GivenGraph(Body):
    """A graph, as a text or as a document: one of the two."""

    text: GraphText | None = None
    document: dict[str, Any] | None = Field(default=None, description="The same as JSON; its problems have no lines.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.text is None) == (self.document is None):
            raise ValueError("give either a text or a document")
        return self

    @property
    def given(self) -> str | dict[str, Any]:
        """What was given."""
        return self.text if self.text is not None else self.document or {}
