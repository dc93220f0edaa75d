"""What waits for people, as programs are shown it."""

from __future__ import annotations

from interlock.store.rows import QuestionRow
from interlock.wire import questions as wire
from interlock.wire.runs import Actions


def question(row: QuestionRow, *, actions: Actions) -> wire.Question:
    """One question, with what can be done about it by who asks."""
    return wire.Question(
        run=row.run,
        path=row.path,
        node=row.node,
        reason=row.reason,
        text=row.question.text,
        choices=list(row.question.choices),
        form=row.question.form,
        quorum=row.question.quorum,
        seq=row.asked_seq,
        since=row.asked_at,
        due=row.due,
        actions=actions,
    )
