"""A task of the Orchestration Platform: `workflow:NAME`, `agent:NAME`, `tool:NAME` or `analysis:NAME` with its input.

Who asked is kept as a keyed hash alone, and whose it is only a key can say: a tenant in the body is compared, and
never believed.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import told
from interlock.api.compat.finding_agents import contract_of
from interlock.api.compat.platform.people import USER_HASH, hash_of
from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.authoring.single_step import AGENT, TOOL, inputs_as_meant, is_single_step
from interlock.core.values import JsonSchema
from interlock.embedded.errors import UnknownGraphError, UnknownStepError
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.showing.platform_tasks import TASK_TYPE, platform_task
from interlock.tenancy import LOCAL_TENANT

SYSTEM: Final = "system"
PLATFORM: Final = "orchestration_platform"
KINDS: Final = ("workflow", "agent", "tool", "analysis")
DEFAULT_TENANT: Final = "default"
"""What clients say whose tenant has no name."""
USER_EMAIL: Final = "user_email"
ASIDE: Final = "_"
"""How what clients send along in the input begins that is no part of it: `_trace_context`."""


class PlatformTaskBody(BaseModel):
    """A task as the Orchestration Platform takes it. What it does not know it ignores, as it did there."""

    type: str = Field(
        max_length=300,
        examples=["workflow:research_assessment"],
        json_schema_extra={"pattern": f"^({'|'.join(KINDS)}):."},  # told by a code of its own where it is none
    )
    input: dict[str, Any] = Field(examples=[{"topic": "renewable energy"}])
    user_id: str | None = Field(default=None, max_length=500, description="A mail address; kept as a keyed hash.")
    tenant_id: str | None = Field(default=None, max_length=200, description="The tenant of the key, or nothing.")


async def start_platform_task(desk: Desk, body: PlatformTaskBody) -> Response:
    """Start a task."""
    refuse_foreign_tenant(desk, body.tenant_id)
    run = await _start(desk, body)
    view = await run.view(whole=False)
    return told(platform_task(view, tenant=desk.caller.tenant), status=201)


def refuse_foreign_tenant(desk: Desk, named: object) -> None:
    """Refuse a tenant that is not the caller's. Where there are no keys, `default` is the one there is."""
    own = desk.caller.tenant
    if named is None or named == own or (own == LOCAL_TENANT and named == DEFAULT_TENANT):
        return
    raise ApiError("foreign_tenant", f"this is the tenant {own}, and not {named!r}", field="tenant_id")


async def _start(desk: Desk, body: PlatformTaskBody) -> RunHandle:
    given = {name: value for name, value in body.input.items() if not name.startswith(ASIDE)}
    refuse_foreign_tenant(desk, given.pop("tenant_id", None))
    said = _user_in(given)
    user = body.user_id or said
    labels = {SYSTEM: PLATFORM, TASK_TYPE: body.type}
    if user:
        labels[USER_HASH] = await hash_of(desk, user)
    graph, schema = await _graph_meant(desk, body.type)
    inputs = inputs_as_meant(schema, given)
    try:
        return await desk.interlock.start(
            Named(graph), inputs, labels=labels, by=desk.caller.name, detach=desk.detaches
        )
    except UnknownStepError as unknown:
        raise ApiError(f"{unknown.what}_not_found", str(unknown), field="type") from unknown


def _user_in(given: dict[str, Any]) -> str | None:
    """Who asks, where that was said in the input: it is taken out, so that it stands nowhere."""
    email = given.pop(USER_EMAIL, None)
    if email is None or isinstance(email, str):
        return email
    raise ApiError("invalid_request", f"input.{USER_EMAIL}: a mail address is text", field=f"input.{USER_EMAIL}")


async def _graph_meant(desk: Desk, type: str) -> tuple[str, JsonSchema | None]:
    """The graph that a type names, and what one step by itself takes."""
    kind, _, name = type.partition(":")
    if kind not in KINDS or not name:
        listed = ", ".join(f"{each}:NAME" for each in KINDS)
        raise ApiError("invalid_task_type", f"{type!r} is none of {listed}", field="type")
    match kind:
        case "agent":
            return f"{AGENT}{name}", (await contract_of(desk.interlock, name)).input
        case "tool":
            found = desk.interlock.toolbox.contracts().get(name)
            return f"{TOOL}{name}", found.input if found else {}
        case _ if is_single_step(name):
            raise UnknownGraphError(name, known=())
        case _:
            return name, {}
