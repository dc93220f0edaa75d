"""The texts of versions, as they were written: a bundle holds what a graph means, and no comments.

Kept under the hash of the bundle that a text was published as. A version without a text was published before texts were
kept, or as a document; what it means can always be written out.
"""

from __future__ import annotations

from typing import Final

from interlock.authoring.writing import written_graph
from interlock.core.bundle import BundleContent
from interlock.engine.engine import Engine

KIND: Final = "graph_text"


async def keep_text(engine: Engine, bundle: str, text: str) -> None:
    """Keep what was published as a bundle. Of two texts that mean the same, the later one is kept."""
    await engine.store.records.put(engine.tenant, KIND, bundle, text.encode())


async def find_text(engine: Engine, bundle: str) -> str | None:
    """The text that was published as a bundle."""
    record = await engine.store.records.find(engine.tenant, KIND, bundle)
    return None if record is None else record.data.decode()


def text_anew(content: BundleContent) -> str:
    """A text that means what a bundle holds."""
    return written_graph(content.document)
