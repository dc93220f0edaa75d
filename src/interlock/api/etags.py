"""ETags of what people change: whoever changes it says what they have seen, so that nobody's work is lost."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from fastapi import Header

from interlock.api.errors import ApiError

ANY: Final = "*"
TAGS_MAX: Final = 1_000

IfMatch: TypeAlias = Annotated[
    str, Header(alias="If-Match", max_length=TAGS_MAX, description="The ETag of what you have seen; `*`: any.")
]
IfNoneMatch: TypeAlias = Annotated[
    str, Header(alias="If-None-Match", max_length=TAGS_MAX, description="`*`: there must be none yet.")
]


def etag_of(tag: str) -> dict[str, str]:
    """The header that tells it."""
    return {"etag": f'"{tag}"'}


def refuse_unless_seen(now: str | None, *, what: str, if_match: str, if_none_match: str = "") -> None:
    """Raise where somebody has not said what they have seen, or it is something else by now. None: it is not there."""
    if if_none_match == ANY and not if_match:
        if now is not None:
            raise ApiError("changed_meanwhile", f"{what} is there already", headers=etag_of(now))
        return
    if not if_match:
        raise ApiError(
            "precondition_required", f"say which state of {what} you have seen: If-Match, or If-None-Match: *"
        )
    if now is None:
        raise ApiError("changed_meanwhile", f"{what} is not there (any more)")
    tags = [each.strip() for each in if_match.split(",")]
    if ANY not in tags and f'"{now}"' not in tags:
        raise ApiError("changed_meanwhile", f"{what} was changed: you have seen {if_match}", headers=etag_of(now))
