"""Starting runs from a chat: the graph that is meant, and what the words of a person are for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.openai.choosing_flows import Flow, named_flow, scored_flows
from interlock.api.openai.commands import AskAgent, CallTool, RunFlow, Starts
from interlock.authoring.single_step import AGENT, TOOL, inputs_as_meant, inputs_of_text
from interlock.core.values import JsonSchema
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle

CHOICES_TOLD_MAX: Final = 3


async def start_from_words(desk: Desk, graph: str, words: str, labels: Mapping[str, str]) -> RunHandle:
    """A run of a graph, with words (or a JSON object) as its inputs."""
    desk.refuse_unless("act", "runs")
    await desk.reception.backlog.refuse_if_full()
    plan, _ = desk.interlock.check(Named(graph)).accepted()
    inputs = inputs_meant(plan.root.inputs, words, what=f"the graph `{graph}`")
    return await desk.interlock.start(
        Named(graph), inputs, labels=dict(labels), by=desk.caller.name, detach=desk.detaches
    )


async def start_from_command(desk: Desk, what: Starts, labels: Mapping[str, str]) -> tuple[RunHandle, str]:
    """What a command starts, and what to say of the choice that was made for it."""
    match what:
        case AskAgent(name=name, words=words):
            return await start_from_words(desk, f"{AGENT}{name}", words, labels), f"Agent `{name}`"
        case CallTool(name=name, given=given):
            return await start_from_words(desk, f"{TOOL}{name}", given, labels), f"Tool `{name}`"
        case RunFlow(words=words):
            graph, rest, why = chosen_flow(desk, words)
            return await start_from_words(desk, graph, rest, labels), why


def chosen_flow(desk: Desk, request: str) -> tuple[str, str, str]:
    """The graph, the words that are left for it, and why it was chosen."""
    flows = known_flows(desk)
    if (named := named_flow(request, flows)) is not None:
        return *named, f"Graph `{named[0]}`"
    fitting = scored_flows(request, flows)
    if not fitting:
        names = ", ".join(f"`{each.name}`" for each in flows) or "none"
        raise ApiError("graph_not_found", f"no graph fits these words; there are {names}")
    others = ", ".join(f"`{each.name}` {each.score}" for each in fitting[1:CHOICES_TOLD_MAX])
    behind = f", before {others}" if others else ", the only one that fits"
    best = fitting[0]
    plan, _ = desk.interlock.check(Named(best.name)).accepted()
    # Words that have chosen a graph which takes nothing have done what they were for.
    words = request if (plan.root.inputs or {}).get("properties") else ""
    return best.name, words, f"Graph `{best.name}`, chosen by its words (score {best.score}{behind})"


def known_flows(desk: Desk) -> list[Flow]:
    """The graphs that can be named."""
    return [Flow(each.name, each.description) for each in desk.interlock.graphs.known() if each.is_readable]


def inputs_meant(schema: JsonSchema | None, words: str, *, what: str) -> dict[str, Any]:
    """A JSON object as it is, and any other words as the one text that is wanted."""
    if words.lstrip().startswith("{"):
        try:
            given: Any = json.loads(words)
        except (ValueError, RecursionError) as error:
            raise ApiError("invalid_request", f"the inputs are not JSON: {error}") from error
        return inputs_as_meant(schema, cast("dict[str, Any]", given))
    if not words and not (schema or {}).get("required"):
        return {}
    return inputs_of_text(schema, words, what=what)
