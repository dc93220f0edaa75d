"""The areas of the API, and scopes: an area, or an area only to look at, to which a key is kept.

A short closed list, so that a key can be read. Nothing here knows who has which scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

from interlock.core.problems import nearest
from interlock.tenancy.errors import ScopeError

Area: TypeAlias = Literal[
    "runs",
    "questions",
    "graphs",
    "agents",
    "tools",
    "models",
    "schedules",
    "workers",
    "sinks",
    "webhooks",
    "artifacts",
    "costs",
    "keys",
    "openai",
    "policies",
    "platform",
]
AREAS: Final[tuple[Area, ...]] = get_args(Area)
HOLDS: Final[dict[Area, str]] = {
    "runs": "runs, their events, effects, decisions and streams",
    "questions": "what runs ask people, and the answers",
    "graphs": "graphs, their versions and releases",
    "agents": "agents and their contracts",
    "tools": "tools, their terms and approvals",
    "models": "pools of models, their prices and health",
    "schedules": "triggers of released graphs",
    "workers": "workers, and what waits for them",
    "sinks": "where events leave for",
    "webhooks": "webhooks, in and out",
    "artifacts": "files that are uploaded and that runs make; exports of runs",
    "costs": "what was spent, by whom and on what",
    "keys": "API keys of the tenant",
    "openai": "models through the endpoint that speaks the OpenAI protocol",
    "policies": "policies, limits and how long runs are kept",
    "platform": "what lies above all tenants",
}
"""What each area holds, for people."""
READ_ONLY: Final = ":read"
"""What stands behind an area in a scope that only lets look at it."""
ABOVE_TENANTS: Final[Area] = "platform"
"""The one area that no key has unless it names it: an owner owns a tenant, not the platform."""

_SHOWN_MAX: Final = 60


def parse_scopes(written: Iterable[str]) -> tuple[str, ...]:
    """Scopes, each once and in order. Raises `ScopeError` at one that there is not."""
    return tuple(sorted({_parse_scope(each) for each in written}))


def _parse_scope(written: str) -> str:
    if written.removesuffix(READ_ONLY) in AREAS:
        return written
    meant = nearest(written.partition(":")[0], AREAS)
    advice = f"did you mean {meant}?" if meant else f"there are {', '.join(AREAS)}"
    raise ScopeError(
        f"{written[:_SHOWN_MAX]!r} is not a scope: {advice} (alone, or with {READ_ONLY} behind it only to look)"
    )
