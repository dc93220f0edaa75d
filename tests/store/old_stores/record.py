"""Records a store of today, for the releases to come: `python -m tests.store.old_stores.record`.

To be done before its tables change: made later, of what a later release writes, it would only show that that release
agrees with itself. So what was recorded is never written over.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from interlock.store.sqlite.tables import VERSION
from tests.store.old_stores.story import write

FOLDER = Path(__file__).parent


def record(target: Path) -> None:
    """Run the story, and keep the store as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.db"
        write(file)
        with closing(sqlite3.connect(file)) as connection, target.open("x", encoding="utf-8") as kept:
            kept.writelines(f"{line}\n" for line in connection.iterdump())


if __name__ == "__main__":
    try:
        record(FOLDER / f"{VERSION}.sql")
    except FileExistsError as error:
        sys.exit(f"{error.filename} was recorded already, and stays as it is")
