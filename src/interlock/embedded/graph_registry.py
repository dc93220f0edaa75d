"""The graphs of a tenant, from Python: known by name, drafted, published, compared; and texts checked beside them.

A graph that a checked text names is the one that a run of that name would be of: what was released under it, or else
what the project has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct

from interlock.authoring.single_step import is_single_step
from interlock.authoring.yaml_document import Document
from interlock.core.bundle import Bundle, BundleContent, read_bundle
from interlock.core.compile import Compiled
from interlock.core.limits import REFERENCE_DEPTH_MAX
from interlock.core.plan import Plan
from interlock.core.values import Value, is_list, is_map
from interlock.embedded.compiling_apart import LARGE_BYTES, LARGE_NODES, Apart
from interlock.embedded.drafts import DraftRow, Drafts
from interlock.embedded.errors import UnknownGraphError
from interlock.embedded.graph_sides import GraphSide
from interlock.embedded.graph_texts import find_text, text_anew
from interlock.embedded.graphs import CheckedGraph, Graphs, Named
from interlock.embedded.known_graphs import NamedGraph, named_graphs
from interlock.embedded.loaded_graphs import LoadedGraphs
from interlock.embedded.publishing import publish_checked
from interlock.engine.errors import NoReleaseError
from interlock.engine.releasing.preflight import Preflight, preflight
from interlock.engine.releasing.releases import Published, Release, ReleaseHistory, released
from interlock.engine.worker import Worker

T = TypeVar("T")

NAMES_TOLD_MAX: Final = 100
"""Among how many known names the one is looked for that somebody may have meant."""


class FoundGraph(Struct, frozen=True, kw_only=True):
    """What a name means: the plan of its version in force, or else what came of checking what is known."""

    named: NamedGraph
    plan: Plan | None
    checked: CheckedGraph | None = None


class VersionContent(Struct, frozen=True, kw_only=True):
    """A version with everything that it means."""

    history: ReleaseHistory
    release: Release
    content: BundleContent
    text: str
    is_as_written: bool
    """Whether the text is the one that was published; otherwise it was written anew from what it means."""


class PreparedRelease(Struct, frozen=True, kw_only=True):
    """A graph that could be published, and what that would change."""

    checked: CheckedGraph
    draft: DraftRow | None
    """The draft that would be published, where it is one."""
    ahead: Preflight


class GraphRegistry:
    """It works while the `Interlock` it came from is open."""

    def __init__(self, worker: Worker, graphs: Graphs, apart: Apart) -> None:
        self._worker = worker
        self._engine = worker.engine
        self._graphs = graphs
        self._apart = apart
        self._drafts = Drafts(worker.engine)

    async def apart(self, work: Callable[[], T]) -> T:
        """What telling of a graph comes to: of a large one that takes long, so it is done beside the event loop."""
        return await self._apart.do(work)

    # --- checking ---

    async def check(
        self, given: str | Mapping[str, Any], *, source: str = "graph.yaml", name: str | None = None
    ) -> CheckedGraph:
        """A text or a document with everything that is wrong with it; with a `name`, also that it is called so.

        `source` is what problems call a text.
        """
        loaded = LoadedGraphs()
        read: Document | Mapping[str, Any]
        if isinstance(given, str):
            is_large = len(given) > LARGE_BYTES
            read = await self._apart.do(partial(self._graphs.read, given, source=source), is_large=is_large)
        else:
            read, is_large = given, any(_count(value) > LARGE_NODES for value in given.values())
        check = partial(self._graphs.check_given, read, loaded, name=name)
        checked = await self._apart.do(check, is_large=is_large)
        for _ in range(REFERENCE_DEPTH_MAX):
            if not loaded.missing:
                break
            await self._load(loaded)
            checked = await self._apart.do(check, is_large=is_large)
        return checked

    async def _load(self, loaded: LoadedGraphs) -> None:
        """Look up what was asked for and is not at hand."""
        for name in sorted(loaded.missing):
            in_force = (await released(self._engine, name)).in_force
            if in_force is None:
                loaded.keep(name, None, {})
                continue
            content = await self._content(in_force)
            loaded.keep(name, content.document, content.graphs)

    # --- by name ---

    async def page(self, *, after: str, limit: int) -> tuple[list[NamedGraph], str | None]:
        """What is known by the names behind `after`, and behind which one there is more. None is compiled."""
        return await named_graphs(
            self._engine, (await self._apart.do(self._graphs.all_read)).known, after=after, limit=limit
        )

    async def find(self, name: str) -> FoundGraph:
        """What a name means to a run, or the draft of one that means nothing yet; else `UnknownGraphError`."""
        named = await self._named(name)
        if named.in_force is not None:
            return FoundGraph(named=named, plan=await self._engine.plan_of(named.in_force.bundle))
        # A name that only a draft has means nothing to a run, and is looked at all the same.
        checked = await (self._draft(named) if named.sources == ["draft"] else self._known(named))
        return FoundGraph(named=named, plan=checked.compiled.plan if checked.is_valid else None, checked=checked)

    async def meant(self, name: str, *, draft: bool = False) -> CheckedGraph:
        """The graph that a run of a name would be of, for runs to go on on; or what would be published next."""
        named = await self._named(name)
        if draft:
            return await self._draft(named)
        if named.in_force is None:
            return await self._known(named)
        plan = await self._engine.plan_of(named.in_force.bundle)
        data = await self._engine.store.get_bundle(self._engine.tenant, named.in_force.bundle)
        return CheckedGraph(name, Compiled(plan, Bundle(plan.bundle_hash, data), ()), (), name)

    async def find_draft(self, name: str) -> DraftRow | None:
        """The draft of a name, if there is one."""
        return await self._drafts.find(name)

    async def draft_text(self, row: DraftRow) -> str:
        """Its text. `RecordChangedError` if it was saved anew meanwhile."""
        return await self._drafts.text(row)

    async def drop_draft(self, seen: DraftRow) -> None:
        """Forget the draft that was seen; `RecordChangedError` if it is another one by now."""
        await self._drafts.drop(seen)

    async def check_draft(self, row: DraftRow) -> CheckedGraph:
        """A draft with all that is wrong with it by now."""
        return await self.check(await self._drafts.text(row), source=f"the draft of {row.graph}", name=row.graph)

    async def save_draft(
        self, name: str, text: str, *, by: str, seen: DraftRow | None
    ) -> tuple[DraftRow, CheckedGraph]:
        """Keep a text as the draft of a name, whatever is wrong with it, over the one that was seen."""
        checked = await self.check(text, source=f"the draft of {name}", name=name)
        row = await self._drafts.save(
            name, text, by=by, description=checked.description, errors=checked.errors, seen=seen
        )
        return row, checked

    async def _named(self, name: str) -> NamedGraph:
        history = await released(self._engine, name)
        known = (await self._apart.do(self._graphs.all_read)).known
        return NamedGraph(
            name=name,
            history=history if history.releases else None,
            known=known.get(name),
            draft=await self._drafts.find(name),
        )

    async def _known(self, named: NamedGraph) -> CheckedGraph:
        """What the project has under a name, or what comes along; also an agent or a tool by itself."""
        if named.known is None and not is_single_step(named.name):
            raise UnknownGraphError(named.name, known=await self._names())
        return await self._apart.do(partial(self._graphs.check, Named(named.name)))

    async def _draft(self, named: NamedGraph) -> CheckedGraph:
        """What would be published under a name: its draft, or else what the project has."""
        return await (self._known(named) if named.draft is None else self.check_draft(named.draft))

    async def _names(self) -> list[str]:
        page, _ = await self.page(after="", limit=NAMES_TOLD_MAX)
        return [each.name for each in page]

    # --- versions ---

    async def history(self, name: str) -> ReleaseHistory:
        """What was ever released of a graph; an empty history of one that is known and was not."""
        named = await self._named(name)
        if not named.sources:
            raise UnknownGraphError(name, known=await self._names())
        return named.history or ReleaseHistory(name)

    async def version(self, name: str, number: int) -> VersionContent:
        """A version with its text; `NoReleaseError` if there is none of that number."""
        history = await released(self._engine, name)
        release = history.version(number)
        if release is None:
            raise NoReleaseError(name, version=number)
        content = await self._content(release)
        text = await find_text(self._engine, release.bundle)
        return VersionContent(
            history=history,
            release=release,
            content=content,
            text=text_anew(content) if text is None else text,
            is_as_written=text is not None,
        )

    async def plan(self, release: Release) -> Plan:
        """The plan of a version."""
        return await self._engine.plan_of(release.bundle)

    async def _content(self, release: Release) -> BundleContent:
        return read_bundle(await self._engine.store.get_bundle(self._engine.tenant, release.bundle))

    async def side(self, name: str, number: int | None) -> GraphSide:
        """A version, or without a number the draft (of a graph that has none, what the project holds)."""
        if number is not None:
            found = await self.version(name, number)
            return GraphSide(
                graph=name,
                called=f"version {number}",
                bundle=found.release.bundle,
                content=found.content,
                text=found.text if found.is_as_written else None,
            )
        checked = await self._draft(await self._named(name))
        bundle = checked.compiled.bundle if checked.is_valid else None
        return GraphSide(
            graph=name,
            called="draft",
            bundle="" if bundle is None else bundle.hash,
            content=None if bundle is None else read_bundle(bundle.bytes),
            text=checked.text,
        )

    # --- publishing ---

    async def prepare(
        self, name: str, given: str | CheckedGraph | None = None, *, runs_max: int | None = None
    ) -> PreparedRelease:
        """What publishing would change: what is given, or else the draft, or else what the project has.

        Raises `InvalidGraphError` where it cannot be run. Of the runs in flight `runs_max` are looked at.
        """
        draft: DraftRow | None = None
        match given:
            case None:
                named = await self._named(name)
                draft, checked = named.draft, await self._draft(named)
            case str():
                checked = await self.check(given, name=name)
            case CheckedGraph():
                checked = given
        plan, bundle = checked.accepted()
        ahead = await preflight(self._engine, self._worker.performer, plan, bundle.bytes, runs_max=runs_max)
        return PreparedRelease(checked=checked, draft=draft, ahead=ahead)

    async def publish(self, prepared: PreparedRelease, *, by: str, why: str = "") -> Published:
        """Put what was prepared in force behind its name."""
        over = prepared.ahead.in_force
        return await publish_checked(self._engine, prepared.checked, by=by, why=why, over=over)


def _count(value: Value) -> int:
    """How much a value holds directly: the nodes of a graph, the steps of a list."""
    return len(value) if is_map(value) or is_list(value) else 0
