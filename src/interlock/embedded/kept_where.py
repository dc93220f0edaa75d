"""Where an `Interlock` keeps its runs, and what belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from interlock.store.places import StorePlace, parse_place

IN_MEMORY: Final = ":memory:"


def folder_beside(place: StorePlace | None, folder: Path) -> Path:
    """Where what belongs to the runs of a store is kept: beside its file, or in the project's own folder."""
    # Absolute: what is started in it has another working folder.
    return (place.parent if isinstance(place, Path) else folder / ".interlock").absolute()


def place_of_store(store: str | StorePlace | None) -> StorePlace | None:
    """The place that is named; None: in memory."""
    if store is None or store == IN_MEMORY:
        return None
    return parse_place(store) if isinstance(store, str) else store
