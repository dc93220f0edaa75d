"""In what two versions of a graph differ, as programs are shown it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from interlock.authoring.text_differences import hunks_between
from interlock.core.bundle import BundleContent
from interlock.core.continuing.changing import Change, changes_between
from interlock.core.continuing.edits import NodeEdit, keys_edited, node_edits
from interlock.embedded.graph_sides import GraphSide, texts_alike
from interlock.wire import graphs as wire


def graph_difference(before: GraphSide, after: GraphSide) -> wire.GraphDifference:
    """All in which two versions differ."""
    old, new = before.content, after.content
    of_text = wire.GraphDifference(
        graph=after.graph,
        before=before.called,
        after=after.called,
        same=None,
        keys=[],
        nodes=[],
        changes=[],
        text=[
            wire.TextHunk(before=each.before, after=each.after, lines=list(each.lines))
            for each in hunks_between(*texts_alike(before, after))
        ],
    )
    if old is None or new is None:
        return of_text
    return replace(
        of_text,
        same=before.bundle == after.bundle,
        keys=list(keys_edited(old, new)),
        nodes=list(_nodes(old, new)),
        changes=[change(each) for each in changes_between(old, new)],
    )


def change(told: Change) -> wire.Change:
    """One thing that people care about."""
    return wire.Change(about=told.about, name=told.name, how=told.how)


def _nodes(before: BundleContent, after: BundleContent) -> Iterator[wire.NodeEdit]:
    for edit in node_edits(before, after):
        node, prefix = _path(edit)
        yield wire.NodeEdit(
            node=node,
            how=edit.how,
            keys=[prefix + key for key in edit.keys],
            before=UNSET if edit.before is None else edit.before,
            after=UNSET if edit.after is None else edit.after,
        )


def _path(edit: NodeEdit) -> tuple[str, str]:
    """The node's path in drawings, and how its keys begin: the one node of an `each` is told as part of the `each`."""
    return edit.place.replace(":", ""), "do." if edit.place.endswith(":") else ""
