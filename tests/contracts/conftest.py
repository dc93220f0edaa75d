"""The event stores that the contract is asked of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.places import MemoryPlace, Place, SqlitePlace


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty place of each kind."""
    places: dict[str, Place] = {"memory": MemoryPlace(), "sqlite": SqlitePlace(tmp_path / "runs.db")}
    return places[request.param]
