"""The event stores that the contract is asked of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.places import MemoryPlace, Place, PostgresPlace, SqlitePlace


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty place of each kind."""
    places: dict[str, Callable[[], Place]] = {
        "memory": MemoryPlace,
        "sqlite": lambda: SqlitePlace(tmp_path / "runs.db"),
        "postgres": lambda: PostgresPlace(request.getfixturevalue("postgres_address")),
    }
    return places[request.param]()
