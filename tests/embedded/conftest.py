"""The places in which the client keeps runs: what is told here holds in each of them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `Interlock` is given as its store."""
    return {"memory": ":memory:", "sqlite": str(tmp_path / "interlock.db")}[request.param]
