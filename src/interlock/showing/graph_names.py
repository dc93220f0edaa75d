"""Names of graphs, their drafts and versions, as programs are shown them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from interlock.core.plan import OnCron, Plan
from interlock.embedded.drafts import DraftRow
from interlock.embedded.graph_registry import FoundGraph, VersionContent
from interlock.embedded.graphs import CheckedGraph
from interlock.embedded.known_graphs import NamedGraph
from interlock.engine.releasing.releases import Release
from interlock.showing.drawings import drawing
from interlock.showing.graphs import graph_check, outputs
from interlock.showing.problems import places
from interlock.showing.releases import version_row
from interlock.wire import graphs as wire
from interlock.wire.runs import Actions


def graph_row(named: NamedGraph) -> wire.GraphRow:
    """A name as lists show it."""
    now, known = named.in_force, named.known
    is_file = known is not None and not known.is_packaged
    return wire.GraphRow(
        graph=named.name,
        description=named.description,
        sources=[*named.sources],
        version=now.version if now else None,
        released_at=now.at if now else None,
        valid=named.is_valid,
        place=known.place if known is not None and is_file else UNSET,
        draft=draft_row(named.draft) if named.draft else UNSET,
    )


def graph(found: FoundGraph, *, actions: Actions) -> wire.Graph:
    """What a name means."""
    row, plan = graph_row(found.named), found.plan
    problems = UNSET if found.checked is None else places(found.checked.problems, found.checked.subject)
    if plan is None:
        return wire.Graph(row=row, problems=problems, actions=actions)
    return wire.Graph(
        row=row,
        hash=plan.graph_hash,
        bundle=plan.bundle_hash,
        problems=problems,
        inputs=plan.root.inputs,
        outputs=outputs(plan),
        drawing=drawing(plan),
        triggers=list(_triggers(plan)),
        tools=sorted(plan.tools),
        agents=sorted(plan.agents),
        secrets=list(plan.secrets),
        actions=actions,
    )


def _triggers(plan: Plan) -> Iterable[wire.GraphTrigger]:
    for trigger in plan.triggers:
        match trigger.on:
            case OnCron(cron=cron):
                yield wire.GraphTrigger(name=trigger.name, kind="cron", what=cron.source)
            case on:
                yield wire.GraphTrigger(name=trigger.name, kind="event", what=on.event)


def draft_row(row: DraftRow) -> wire.DraftRow:
    """A draft as lists show it."""
    return wire.DraftRow(tag=row.tag, saved_at=row.at, by=row.by, bytes=row.bytes, errors=row.errors)


def draft(row: DraftRow, text: str, checked: CheckedGraph, in_force: Release | None, *, actions: Actions) -> wire.Draft:
    """A draft with its text and what is wrong with it."""
    plan = checked.compiled.plan if checked.is_valid else None
    return wire.Draft(
        graph=row.graph,
        row=draft_row(row),
        text=text,
        check=graph_check(checked),
        in_force=in_force.version if in_force else None,
        differs=None if plan is None or in_force is None else plan.bundle_hash != in_force.bundle,
        actions=actions,
    )


def version(found: VersionContent, plan: Plan) -> wire.Version:
    """A version with what it means."""
    return wire.Version(
        row=version_row(found.history, found.release),
        text=found.text,
        as_written=found.is_as_written,
        document=found.content.document,
        drawing=drawing(plan),
        inputs=plan.root.inputs,
        outputs=outputs(plan),
    )
