"""One run's file for many tests: it is made once, and nobody changes it in place."""

from __future__ import annotations

import asyncio

import pytest

from interlock import Interlock
from tests.audit.run_files import exported, sent_order, write


async def _order() -> bytes:
    async with Interlock(tools=[write]) as interlock:
        return await exported(await sent_order(interlock))


@pytest.fixture(scope="session")
def order() -> bytes:
    """The file of an order that has ended."""
    return asyncio.run(_order())
