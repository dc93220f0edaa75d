"""All thirteen, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from interlock.engine.conformance import agent_checks, context_checks, graph_checks, stopping_checks
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.looked_at import LookedAt, look_at
from interlock.engine.conformance.moving_checks import Elsewhere, moved, one_state, stateless_reducer
from interlock.engine.conformance.moving_checks import Moved as Moved  # noqa: PLC0414 - what `elsewhere` is given
from interlock.engine.conformance.subject import Subject

_HERE: Final[tuple[Callable[[LookedAt], Finding], ...]] = (
    agent_checks.tool_calls,
    agent_checks.prompts,
    context_checks.context_window,
    stopping_checks.structured_outputs,
    graph_checks.resting,
    stopping_checks.contact_with_people,
    graph_checks.control_flow,
    context_checks.compact_errors,
    agent_checks.small_agents,
    graph_checks.triggers,
    context_checks.prefetching,
)
_MOVED: Final[tuple[Callable[[LookedAt, Elsewhere], Finding], ...]] = (one_state, stateless_reducer)


def check_conformance(subject: Subject, elsewhere: Callable[[Moved], Elsewhere]) -> Sequence[Finding]:
    """What was found of each factor. `elsewhere` does again, in other processes, what was rehearsed here."""
    seen = look_at(subject)
    done_elsewhere = elsewhere(moved(seen))
    findings = [check(seen) for check in _HERE]
    findings += [check(seen, done_elsewhere) for check in _MOVED]
    return sorted(findings, key=lambda finding: finding.factor)
