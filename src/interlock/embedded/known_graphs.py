"""Everything that is known by name to a tenant, page by page: released, drafted, in the project, coming along.

Nothing is compiled for a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.embedded.drafts import DraftRow, Drafts
from interlock.embedded.graph_folder import KnownGraph
from interlock.engine.engine import Engine
from interlock.engine.releasing.releases import Release, ReleaseHistory, releases_after

Source: TypeAlias = Literal["released", "project", "packaged", "draft"]


class NamedGraph(Struct, frozen=True, kw_only=True):
    """A name with all that it could mean."""

    name: str
    history: ReleaseHistory | None = None
    known: KnownGraph | None = None
    draft: DraftRow | None = None

    @property
    def sources(self) -> list[Source]:
        """Where it is; first what its name means."""
        found: list[Source] = []
        if self.history is not None:
            found.append("released")
        if self.known is not None:
            found.append("packaged" if self.known.is_packaged else "project")
        if self.draft is not None:
            found.append("draft")
        return found

    @property
    def in_force(self) -> Release | None:
        """The version that its name means."""
        return None if self.history is None else self.history.in_force

    @property
    def description(self) -> str:
        """What it is for, as what its name means says."""
        if self.in_force is not None and self.in_force.description:
            return self.in_force.description
        if self.known is not None:
            return self.known.description
        return "" if self.draft is None else self.draft.description

    @property
    def is_valid(self) -> bool | None:
        """Whether it could be run, as far as that is known without compiling anything."""
        if self.in_force is not None:
            return True
        if self.known is not None:
            return None if self.known.is_readable else False
        return self.draft is not None and self.draft.errors == 0


async def named_graphs(
    engine: Engine, known: Mapping[str, KnownGraph], *, after: str, limit: int
) -> tuple[list[NamedGraph], str | None]:
    """The names behind `after` in their order, and behind which one there are more."""
    histories = {each.graph: each for each in await releases_after(engine, after=after, limit=limit + 1)}
    drafts = {each.graph: each for each in await Drafts(engine).listed(after=after, limit=limit + 1)}
    names = _first([*histories, *drafts, *(name for name in known if name > after)], limit + 1)
    page = [
        NamedGraph(name=name, history=histories.get(name), known=known.get(name), draft=drafts.get(name))
        for name in names[:limit]
    ]
    return page, names[limit - 1] if len(names) > limit else None


def _first(names: Iterable[str], count: int) -> Sequence[str]:
    return sorted(set(names))[:count]
