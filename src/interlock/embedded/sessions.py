"""Sessions: threads over several runs, named by a label that continuations inherit. Memory hangs on them."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.engine.agents.memory.entries import SESSION_LABEL


def labels_of(session: str, labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels of a run of that session; `ValueError` if they name another one."""
    given = dict(labels or {})
    if not session:
        return given
    other = given.setdefault(SESSION_LABEL, session)
    if other != session:
        raise ValueError(f"the run would belong to two sessions, {session!r} and by its label {other!r}: name one")
    return given
