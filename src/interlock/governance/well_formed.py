"""Whether a movement is what it says: every field of its type and of a known word.

A movement is data that another part has put together, and Python checks no types. What is malformed is judged by
nobody: it is denied, before any rule is looked at. Nothing is said here of what a movement means.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from interlock.core.agent_contract import SafetyTier
from interlock.core.plan import NO_PERMISSIONS, EffectClass, Permissions, Risk
from interlock.core.verdicts import Movement, Point

POINTS: Final[tuple[str, ...]] = get_args(Point)
EFFECTS: Final = (*get_args(EffectClass), "paid")
ACCESSES: Final = ("read", "write")

# These types name their words from the least to the most.
RISKS: Final[dict[str, int]] = {word: rank for rank, word in enumerate(get_args(Risk))}
SAFETY_TIERS: Final[dict[str, int]] = {word: rank for rank, word in enumerate(get_args(SafetyTier))}

_POINTS: Final = frozenset(POINTS)
_EFFECTS: Final = frozenset((None, *EFFECTS))
_ACCESSES: Final = frozenset(("", *ACCESSES))
_TEXTS: Final = ("point", "name", "tenant", "graph", "path", "agent", "by", "safety", "access", "risk")


def fault_in(movement: Any) -> str:  # noqa: ANN401 - anything may be handed in, that is the point
    """What is wrong with a movement, in a few words; nothing if it is well formed."""
    return "" if _is_well_formed(movement) else _fault_in(movement)


def _is_well_formed(it: Any) -> bool:  # noqa: ANN401 - as above
    """The same in one breath: it is asked before every movement."""
    return (
        type(it) is Movement
        and type(it.name) is str
        and type(it.point) is str
        and it.point in _POINTS
        and it.name != ""
        and type(it.tenant) is str
        and it.tenant != ""
        and type(it.graph) is str
        and type(it.path) is str
        and type(it.agent) is str
        and type(it.by) is str
        and type(it.risk) is str
        and it.risk in RISKS
        and type(it.safety) is str
        and type(it.access) is str
        and it.access in _ACCESSES
        and (it.effect is None or (type(it.effect) is str and it.effect in _EFFECTS))
        and type(it.tainted) is bool
        and (not it.sources or _are_texts(it.sources))
        and type(it.sources) is tuple
        and (not it.policies or _are_texts(it.policies))
        and type(it.policies) is tuple
        and (it.permissions is None or _are_permissions(it.permissions))
    )


def _are_texts(words: Any) -> bool:  # noqa: ANN401 - as above
    if type(words) is not tuple:
        return False
    for word in words:  # pyright: ignore[reportUnknownVariableType] # noqa: SIM110 - a generator would cost more
        if type(word) is not str:  # pyright: ignore[reportUnknownArgumentType]
            return False
    return True


def _are_permissions(it: Any) -> bool:  # noqa: ANN401 - as above
    return it is NO_PERMISSIONS or (
        type(it) is Permissions
        and type(it.external) is bool
        and _are_texts(it.hosts)
        and _are_texts(it.reads)
        and _are_texts(it.writes)
    )


# --- which field it is, for whoever reads the verdict ----------------------------------------------------------------


def _fault_in(it: Any) -> str:  # noqa: ANN401 - as above
    if type(it) is not Movement:
        return "what was asked about is no movement"
    for field in _TEXTS:
        if type(getattr(it, field)) is not str:
            return f"`{field}` is no text"
    for field, known in (("point", _POINTS), ("risk", RISKS), ("access", _ACCESSES)):
        if getattr(it, field) not in known:
            return f"`{field}` is no word that is known"
    for field in ("name", "tenant"):
        if not getattr(it, field):
            return f"`{field}` is missing"
    if type(it.tainted) is not bool:
        return "`tainted` is neither true nor false"
    if type(it.sources) is not tuple or not _are_texts(it.sources):
        return "`sources` are no texts"
    if not _are_texts(it.policies):
        return "`policies` are no texts"
    if it.permissions is not None and not _are_permissions(it.permissions):
        return "`permissions` are none"
    return "`effect` is no word that is known"
