"""No limit is passed under any interleaving, by the count of somebody who reads the events alone (rule 6)."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stories.random_spending import RandomSpending


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_no_limit_is_passed_whatever_happens_in_whatever_order(seed: int) -> None:
    """Money that is spent cannot be called back; and what is held for ever would be as good as spent."""
    run = RandomSpending(Random(seed))  # noqa: S311 - the same run again for the same seed

    story = run.goes()

    account, counted = story.state.scopes[""].accounts[-1], run.checker.counted[""]
    assert (account.usd, account.tokens) == (counted.spent.usd, counted.spent.tokens)
    assert (account.calls, account.steps, account.grants) == (counted.calls, counted.steps, counted.grants)
    assert (account.usd_held, account.tokens_held) == (0, 0)
