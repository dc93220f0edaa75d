"""What the page shows."""

from __future__ import annotations

from app.answer import answer


def test_the_answer_is_six_times_seven() -> None:
    """What visitors come for."""
    assert answer() == 42
