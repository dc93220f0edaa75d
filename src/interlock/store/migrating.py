"""What Alembic is asked: which statements lead from one version of a schema to another.

The revisions are plain SQL, so Alembic writes them down (its offline mode) and the adapter executes them on its own
connection, in its own transaction: no second driver, and what a plan shows is what is executed. The price is that
revisions look at the data they change in SQL only.

Importing this takes as long as a whole command may: it is imported where a schema is changed, and never else.
"""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from interlock.store.errors import UnknownSchemaError

_ALEMBIC: Final = threading.Lock()
"""It keeps what it is about in its own modules, so threads take turns."""


def statements_between(folder: Path, before: str, after: str) -> list[str]:
    """What leads from one version to another, up or down, and says so in the store. `folder` holds the revisions."""
    known = versions_in(folder)
    for version in (before, after):
        if version not in known:
            raise UnknownSchemaError(version, known=known)
    if before == after:
        return []
    written = _Written()
    go = command.upgrade if before < after else command.downgrade
    with _ALEMBIC:
        go(_config(folder, written), f"{before}:{after}", sql=True)
    return written.statements


def versions_in(folder: Path) -> list[str]:
    """Every version, the oldest first."""
    walked = ScriptDirectory.from_config(_config(folder, _Written())).walk_revisions()
    return [script.revision for script in walked][::-1]


class _Written(io.StringIO):
    """Takes the place of the file that Alembic would write: each `op.execute` comes in one piece."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str, /) -> int:
        """Take in what a revision executes, or a comment; Alembic ends each with a semicolon, also where one stands."""
        self.statements.append(re.sub(r";\s*;$", ";", text.strip()))
        return len(text)


def _config(folder: Path, written: _Written) -> Config:
    config = Config(output_buffer=written)
    # A percent sign would begin one of Alembic's own replacements.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config
