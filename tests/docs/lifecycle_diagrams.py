"""The lifecycles of runs and nodes as diagrams, drawn from the tables that the core reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interlock.core.lifecycle import NODE_LIFECYCLE, RUN_ENDED, RUN_LIFECYCLE, is_settled


def node_lifecycle() -> str:
    """What a node may become, and by which events."""
    moves = [(before.word, event, after.word) for (before, event), after in NODE_LIFECYCLE.items()]
    settled = sorted({after.word for after in NODE_LIFECYCLE.values() if is_settled(after)})
    return _diagram(moves, settled)


def run_lifecycle() -> str:
    """What a run may become, and by which events."""
    moves = [(before, event, after) for (before, event), afters in RUN_LIFECYCLE.items() for after in afters]
    return _diagram(moves, sorted(RUN_ENDED))


def _diagram(moves: Iterable[tuple[str, str, str]], ends: Iterable[str]) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for before, event, after in moves:
        arrows.setdefault((before, after), []).append(event)
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> pending",
            *_arrows(arrows),
            *(f"    {end} --> [*]" for end in ends),
            "```",
        ]
    )


def _arrows(arrows: Mapping[tuple[str, str], list[str]]) -> list[str]:
    return [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
