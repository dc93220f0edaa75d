"""The way that a run took through its graph: counted over copies, and as the core decided it."""

from __future__ import annotations

from typing import Any

from interlock import Interlock
from interlock.engine.telling.way_taken import WayTaken
from tests.embedded.workshop import Workshop, graph, making
from tests.store.event_loop import in_event_loop


async def way_of(nodes: dict[str, Any], **keys: object) -> WayTaken:
    """The way that a run of these nodes has taken."""
    async with Interlock(tools=Workshop("broken").tools) as interlock:
        handle = await interlock.start(graph(nodes, **keys))
        await handle.wait()
        return await handle.way_taken()


def taken(way: WayTaken) -> dict[str, int]:
    """How often each edge was taken."""
    return {f"{edge.source} -> {edge.target} {edge.label}".strip(): edge.taken for edge in way.edges}


@in_event_loop
async def test_rounds_and_items_are_counted_where_they_are_written() -> None:
    """A picture has one box for what was executed a thousand times."""
    way = await way_of(
        {
            "refine": {
                "loop": {
                    "draft": {"value": "${round.index}"},
                    "more": {"value": "${draft}", "after": {"draft": {"when": "${draft > 0}"}}},
                },
                "until": "${draft > 1}",
                "max": 5,
            },
            "each": {
                "each": "${[1, 2, 3]}",
                "as": "x",
                "nodes": {"p": {"value": "${x}"}, "q": {"value": "${p}", "when": "${p > 1}"}},
                "after": "refine",
            },
        }
    )

    assert {node.path: (node.holder, node.statuses) for node in way.nodes} == {
        "refine": ("", {"succeeded": 1}),
        "refine/draft": ("refine", {"succeeded": 3}),
        "refine/more": ("refine", {"succeeded": 2, "skipped": 1}),
        "each": ("", {"succeeded": 1}),
        "each/p": ("each", {"succeeded": 3}),
        "each/q": ("each", {"succeeded": 2, "skipped": 1}),
    }
    assert taken(way) == {
        "refine/draft -> refine/more draft > 0": 2,
        "each/p -> each/q": 3,
        "refine -> each": 1,
    }


@in_event_loop
async def test_where_another_node_stood_in_what_follows_was_reached_all_the_same() -> None:
    """The edge belongs to the node that has failed, and is decided by the one that took its place."""
    way = await way_of(
        {
            "a": making("broken", on_error={"fallback": "b"}),
            "b": making("broken", on_error={"fallback": "c"}),
            "c": making("cup"),
            "d": {"value": "${a}"},
        }
    )

    assert taken(way) == {"a -> d": 1, "a -> b stands in": 1, "b -> c stands in": 1}


@in_event_loop
async def test_ways_that_were_not_taken_are_there_and_count_nothing() -> None:
    """Grey is as telling as green."""
    way = await way_of(
        {
            "pick": {"choose": [{"label": "big", "when": "${1 > 2}"}, {"label": "small"}]},
            "big": {"value": 1, "after": {"pick": {"on": "big"}}},
            "small": {"value": 2, "after": {"pick": {"on": "small"}}},
            "a": making("broken", on_error="continue", after="small"),
            "b": {"value": 1, "after": "a"},
        },
        **{"finally": {"f": {"value": "${run.status}"}}},
    )

    assert taken(way) == {"pick -> big big": 0, "pick -> small small": 1, "small -> a": 1, "a -> b": 1}
    assert [(node.path, node.statuses) for node in way.nodes][-1] == ("finally/f", {"succeeded": 1})
