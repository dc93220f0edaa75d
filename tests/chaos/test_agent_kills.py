"""An agent that is killed in the middle of its loop repeats nothing that is on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.agent_kills import Kill, Moment, killed_at, kills_of

EVERY = 6
"""Every sixth moment is tried here, and each of them by `python -m tests.chaos.agent_kills`."""


def test_what_a_killed_agent_had_on_record_is_not_done_again(tmp_path: Path) -> None:
    """No recorded model or tool call is made again; one in flight at most once more, and the log tells of both."""
    kills = kills_of(tmp_path / "undisturbed")

    broken = {str(kill): problems for kill in kills[::EVERY] if (problems := killed_at(tmp_path / "killed", kill))}

    assert len(kills) > 90
    assert broken == {}


@pytest.mark.parametrize("moment", ["entering", "leaving"])
def test_a_payment_that_was_under_way_is_looked_for_before_it_is_made_again(tmp_path: Path, moment: Moment) -> None:
    """It is the sixth contact: killed before it has paid it is made once more, killed after that it is not."""
    assert killed_at(tmp_path / "killed", Kill(moment, 6)) == []
