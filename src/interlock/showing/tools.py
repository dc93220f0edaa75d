"""Tools as programs are shown them."""

from __future__ import annotations

from msgspec import UNSET, structs

from interlock.core.plan import ToolContract
from interlock.core.plan import ToolTerms as Terms
from interlock.tools.tool import Tool
from interlock.wire import tools as wire


def tool_row(tool: Tool, *, with_place: bool = True) -> wire.ToolRow:
    """A tool as lists show it."""
    return wire.ToolRow(
        tool=tool.name,
        source=tool.source,
        place=tool.place if with_place else UNSET,
        **structs.asdict(tool_terms(tool.contract)),
        pool=tool.pool,
        state=tool_state(tool),
        quarantined=tool.quarantined or None,
    )


def tool(found: Tool, *, with_place: bool = True) -> wire.Tool:
    """A tool with its schemas."""
    contract = found.contract
    return wire.Tool(
        **structs.asdict(tool_row(found, with_place=with_place)),
        description=contract.description,
        labels=list(contract.labels),
        secrets=list(found.secrets),
        input=contract.input,
        output=contract.output,
        pin=found.pin or None,
    )


def tool_terms(contract: ToolContract) -> wire.ToolTerms:
    """On what terms a tool is called."""
    terms = contract.terms or Terms()
    permissions = terms.permissions
    return wire.ToolTerms(
        effect=contract.effect,
        risk=terms.risk,
        permissions=wire.ToolPermissions(
            hosts=list(permissions.hosts),
            reads=list(permissions.reads),
            writes=list(permissions.writes),
            external=permissions.external,
        ),
        sandbox=terms.sandbox,
        rate_per_minute=terms.rate_per_minute,
        usd_micros=terms.usd,
        undo=terms.undo or None,
    )


def tool_state(tool: Tool) -> wire.ToolState:
    """Whether it may be called: `own` of the project, `approved`, or in `quarantine`."""
    if tool.quarantined:
        return "quarantine"
    return "approved" if tool.is_remote else "own"
