"""Answers for which many logs are read are made one after the other."""

from __future__ import annotations

import asyncio

import pytest

from interlock.api import in_turn
from interlock.api.errors import ApiError
from interlock.api.in_turn import InTurn
from tests.store.event_loop import in_event_loop


@in_event_loop
async def test_whoever_would_wait_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten people who look at costs must not keep each other waiting for minutes, nor everybody else."""
    monkeypatch.setattr(in_turn, "WAIT_SECONDS", 0.01)
    line = InTurn()

    async with line.turn():
        with pytest.raises(ApiError) as refused:
            await asyncio.wait_for(line.turn().__aenter__(), 20)

    assert (refused.value.code, refused.value.headers["retry-after"]) == ("too_many_requests", "5")


@in_event_loop
async def test_a_turn_that_was_broken_off_leaves_room_for_the_next() -> None:
    """A client that goes away in the middle must not close the line for good."""
    line = InTurn()

    with pytest.raises(RuntimeError):
        async with line.turn():
            raise RuntimeError

    async with line.turn():
        pass
