"""What people write about the starts of a graph: by the clock, and by events."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from interlock.core.compiling.spellings import WRITTEN_WRONG, Template, Written, shape

Overlap: TypeAlias = Literal["skip", "queue", "allow", "cancel"]
_OVERLAP: Final = (
    "What happens while a run that it started has not ended: `skip` starts none, `queue` waits for the end, `allow` "
    "starts another beside it, `cancel` cancels it."
)


class CronTrigger(Written):
    """Starts runs by the clock."""

    cron: str = Field(description="When: minute, hour, day of month, month, day of week; or `@daily` and its like.")
    zone: str = Field(default="UTC", description="The time zone in which that is meant, such as Europe/Berlin.")
    inputs: dict[str, Template] = Field(
        default={}, description="The inputs of the run; `now` is the instant at which it was due."
    )
    overlap: Overlap = Field(default="skip", description=_OVERLAP)
    catch_up: Literal["none", "last", "all"] = Field(
        default="last",
        description="What of the time in which nobody was there to start anything: nothing, the last one, or all.",
    )


class EventTrigger(Written):
    """Starts runs by events that are sent to no run, or that a run emits."""

    event: str = Field(description="The name of the event.")
    where: str | None = Field(default=None, description="A condition in ${…} that sees `event` and must be true.")
    key: str | None = Field(
        default=None,
        description="Text or ${…} of which each starts one run at most. Left out: the event's own id.",
    )
    inputs: dict[str, Template] = Field(default={}, description="The inputs of the run; they see `event` and `now`.")
    overlap: Overlap = Field(default="allow", description=_OVERLAP)


TRIGGER_SHAPES: Final = (shape("a cron trigger"), shape("an event trigger"))


def _trigger_shape(written: object) -> str | None:
    match written:
        case CronTrigger():
            return TRIGGER_SHAPES[0]
        case EventTrigger():
            return TRIGGER_SHAPES[1]
        case dict() if "cron" in written:
            return TRIGGER_SHAPES[0]
        case dict() if "event" in written:
            return TRIGGER_SHAPES[1]
        case _:
            return None


Trigger: TypeAlias = Annotated[
    Annotated[CronTrigger, Tag(TRIGGER_SHAPES[0])] | Annotated[EventTrigger, Tag(TRIGGER_SHAPES[1])],
    Discriminator(
        _trigger_shape,
        custom_error_type=WRITTEN_WRONG,
        custom_error_message="{message}",
        custom_error_context={
            "message": "a trigger says when runs are started",
            "advice": 'write `{cron: "0 3 * * *"}` or `{event: name}`',
        },
    ),
]
