"""One server for all requests of other systems: each test starts what it looks at."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.api.compat.up import Up, interlock_up


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    """`interlock up` in a folder that was empty."""
    with interlock_up(tmp_path_factory.mktemp("empty")) as running:
        yield running
