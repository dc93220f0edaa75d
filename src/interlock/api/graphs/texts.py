"""Graphs as they are sent: a text in any dialect, or a document."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

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

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["document"]}]})

    text: GraphText | SkipJsonSchema[None] = None
    document: dict[str, Any] | SkipJsonSchema[None] = Field(
        default=None, description="The same as JSON; its problems have no lines."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = self.model_fields_set & {"text", "document"}
        if len(given) != 1 or (self.text is None and self.document is None):
            raise ValueError("give either a text or a document")
        return self

    @property
    def given(self) -> str | dict[str, Any]:
        """What was given."""
        return self.text if self.text is not None else self.document or {}
