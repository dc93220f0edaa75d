"""The tools of simulated graphs: of every effect class, with and without a hook that can tell what became of a call."""

from __future__ import annotations

from typing import Final

from interlock.core.plan import EffectClass, ToolContract


def _contract(name: str, effect: EffectClass, *labels: str, reconciles: bool = False) -> ToolContract:
    return ToolContract(name=name, effect=effect, labels=labels, can_reconcile=reconciles)


TOOLS: Final = (
    _contract("look", "read"),
    _contract("sort", "read", "left", "right"),
    _contract("write", "idempotent"),
    _contract("store", "idempotent", reconciles=True),
    _contract("pay", "once"),
    _contract("order", "once", reconciles=True),
    _contract("unwrite", "idempotent"),
    _contract("refund", "once"),
    _contract("unorder", "once", reconciles=True),
)
EFFECT_OF: Final[dict[str, EffectClass]] = {tool.name: tool.effect for tool in TOOLS}
WORKERS: Final = ("look", "look", "sort", "write", "store", "pay", "order")
UNDOERS: Final = ("unwrite", "unwrite", "refund", "unorder")
