"""What a file may be used for, also where tests are run by somebody who may do everything."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOBODY: Final = 65_534


@contextmanager
def folder_open_to_all() -> Generator[Path]:
    """A folder that everybody may look into, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@contextmanager
def without_privileges() -> Generator[None]:
    """Whoever may write everywhere is somebody for a while who may not."""
    before = os.geteuid()
    os.seteuid(NOBODY if before == 0 else before)
    try:
        yield
    finally:
        os.seteuid(before)
