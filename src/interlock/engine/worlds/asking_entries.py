"""Askings of models as they stand in a cassette's file. Known secrets are struck out of all of it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from interlock.core.canonical import canonical
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import ModelReply
from interlock.core.redaction import Redaction
from interlock.core.spending import NOTHING, Spending
from interlock.engine.agents.model_door import Candidate, Heard
from interlock.engine.worlds.asked_requests import AskedRequest, as_data
from interlock.engine.worlds.askings import AskingOnTape


class _AskingEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What is written of an asking. Without `said`, `failed` and `none_chosen` it was broken off."""

    path: str
    attempt: int
    request: str
    asked: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    decision: Decision
    reserve: Spending = NOTHING
    said: ModelReply | UnsetType = UNSET
    failed: Error | UnsetType = UNSET
    none_chosen: Error | UnsetType = UNSET
    spent: Spending = NOTHING
    how: Decision | None = None


class NotOneAnswer(ValueError):
    """An entry that says two things of what came of it."""

    def __init__(self) -> None:
        super().__init__("it wants one of `said`, `failed`, `none_chosen`")


def asking_entry(asking: AskingOnTape, redaction: Redaction) -> Any:  # noqa: ANN401 - JSON data
    """An asking as JSON."""
    heard = asking.heard or Heard()
    entry = _AskingEntry(
        path=asking.path,
        attempt=asking.attempt,
        request=asking.request.digest,
        asked=asking.request.lines,
        candidates=asking.candidates,
        decision=asking.decision,
        reserve=asking.reserve,
        said=heard.reply or UNSET,
        failed=heard.error or UNSET,
        none_chosen=asking.none_chosen or UNSET,
        spent=heard.spent,
        how=heard.how,
    )
    return redaction.value(as_data(entry))


def read_asking(written: object) -> AskingOnTape:
    """The asking that `asking_entry` has written, or a `ValidationError`, `ValueProblem` or `NotOneAnswer`."""
    entry = msgspec.convert(canonical(written, where="model"), _AskingEntry)
    if sum(each is not UNSET for each in (entry.said, entry.failed, entry.none_chosen)) > 1:
        raise NotOneAnswer
    return AskingOnTape(
        path=entry.path,
        attempt=entry.attempt,
        request=AskedRequest(entry.request, entry.asked),
        candidates=entry.candidates,
        decision=entry.decision,
        reserve=entry.reserve,
        none_chosen=entry.none_chosen or None,
        heard=_heard(entry),
    )


def _heard(entry: _AskingEntry) -> Heard | None:
    if isinstance(entry.said, ModelReply):
        return Heard(entry.said, spent=entry.spent, how=entry.how)
    if isinstance(entry.failed, Error):
        return Heard(error=entry.failed, spent=entry.spent)
    return None
