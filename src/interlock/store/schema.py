"""The schema of a store: the form in which its tables are, by version, and what leads from one version to another.

A version is the name of a revision, as `0002`: text that sorts as the revisions follow one another. This module changes
nothing, and knows no database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

VERSION_TABLE: Final = "interlock_version"
"""Where a store says which version it has. Alembic's usual name may be another program's in the same database."""

FIRST_VERSION: Final = "0001"


class Migration(Struct, frozen=True):
    """What became of a store's schema."""

    before: str
    after: str
    copy: Path | None = None
    """Where the store is kept as it was before."""

    def __str__(self) -> str:
        if self.before == self.after:
            return f"has schema {self.after} already"
        kept = f"; as it was before: {self.copy}" if self.copy else ""
        return f"went from schema {self.before} to {self.after}{kept}"


class StoreSchema(Protocol):
    """The schema of the store at one place. Each of these raises `PlaceError` where the place cannot be used."""

    @property
    def newest(self) -> str:
        """The version that this release works with."""
        ...

    async def version(self) -> str:
        """The version that the store has."""
        ...

    async def plan(self, to: str) -> list[str]:
        """The statements that would lead there; nothing is changed. `UnknownSchemaError` if no revision is so named."""
        ...

    async def migrate(self, to: str) -> Migration:
        """Go there, up or down, wholly or not at all. `UnknownSchemaError` if there is no such version."""
        ...
