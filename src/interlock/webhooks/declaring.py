"""Webhooks as they are declared: in the settings, or over the API as a record.

[webhooks.github]
scheme = "github"
secret = "github_webhook"
graph = "review"
when = "${headers['x-github-event'] == 'pull_request'}"
inputs = {number = "${body.number}", repository = "${body.repository.full_name}"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from interlock.sinks.signature import TOLERANCE_SECONDS
from interlock.webhooks.errors import WebhookDeclaredError
from interlock.webhooks.schemes import SCHEMES, SchemeName

if TYPE_CHECKING:
    from interlock.webhooks.mapping import Mapping

WRONG_WEBHOOK: Final = "webhook_settings"
"""What Pydantic calls a mistake that only the whole of a webhook shows."""

WebhookName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Written: TypeAlias = Annotated[str, Field(min_length=1, max_length=2_000)]


class WebhookSettings(BaseModel):
    """One webhook: who signs, and what is made of what comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: SchemeName = Field(default="interlock", description="How the sender signs.")
    secret: str = Field(min_length=1, max_length=200, description="The name of the secret with which it signs.")
    graph: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="The graph of which each delivery starts a run."
    )
    inputs: dict[str, Any] = Field(default={}, description="What the run is given.")
    event: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="Or the event that each delivery is: for triggers, or with `run` for the waits of a run.",
    )
    data: Any = Field(default="${body}", description="What the event says.")
    run: Written | None = Field(
        default=None, description="The run that the event is for, as its id stands in the request."
    )
    id: Written | None = Field(
        default=None, description="What deliveries are told apart by, where it is not the scheme's own."
    )
    when: Written | None = Field(
        default=None, description="Which deliveries are wanted; others are taken, and nothing is done."
    )
    tolerance_seconds: int = Field(
        default=TOLERANCE_SECONDS,
        ge=1,
        le=86_400,
        description="How old a delivery may be, where its scheme says when it was sent.",
    )

    @model_validator(mode="after")
    def _checked(self) -> Self:
        why = self._why_not()
        if why:
            raise PydanticCustomError(WRONG_WEBHOOK, "{why}", {"why": why})
        return self

    def _why_not(self) -> str:
        if (self.graph is None) == (self.event is None):
            return "names either a `graph` that it starts or an `event` that it sends"
        if self.event is not None and self.inputs:
            return "sends an event: what that says is its `data`, and `inputs` are of a graph"
        if self.graph is not None and (self.run is not None or "data" in self.model_fields_set):
            return "starts a graph: what that is given are its `inputs`; `data` and `run` are of an event"
        try:
            self.mapping("")
        except WebhookDeclaredError as wrong:
            return f"cannot be read: {wrong}"
        return ""

    def mapping(self, name: str) -> Mapping:
        """Its expressions, compiled. Raises `WebhookDeclaredError`."""
        # What reads expressions takes longer to load than settings without webhooks should wait for.
        from interlock.webhooks.mapping import Mapping, Written  # noqa: PLC0415

        written = Written(
            id=SCHEMES[self.scheme].id if self.id is None else self.id,
            when=self.when,
            inputs=self.inputs,
            event=self.event,
            data=None if self.event is None else self.data,
            run=self.run,
        )
        return Mapping(name, written)
