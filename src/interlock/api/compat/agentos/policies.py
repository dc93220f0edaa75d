"""Policies of AgentOS: registered while everything runs, and in force from then on, for the tenant of whoever did.

There they were kept and never looked at. Here each pattern denies every call that holds it, in every process that works
on the store within seconds; the sum limits what graphs and agents spend that name the policy.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import NOTHING, answers, told
from interlock.api.desks import ManagesPolicies, ReadsPolicies
from interlock.api.errors import ApiError
from interlock.showing.agentos import agentos_policies
from interlock.wire.agentos import AgentOsPolicies, AgentOsRegistered

router = APIRouter(tags=["other systems"])

PATTERNS_MAX = 1_000


class AgentOsPolicyBody(BaseModel):
    """A policy as AgentOS takes it. What it does not know it ignores, as it did there."""

    name: str = Field(min_length=1, max_length=64, examples=["careful"])
    max_cost_usd: int | float | str | None = Field(
        default=None, description="What a graph or an agent that names the policy may spend.", examples=[5]
    )
    block_patterns: list[str] = Field(
        default=[], max_length=PATTERNS_MAX, description="Text that no call of a tool may hold.", examples=[["rm -rf"]]
    )


PolicyName = Annotated[str, Path(max_length=100, description="The name of a policy.")]


@router.post("/policies", **answers(AgentOsRegistered, "It is in force."))
async def register_agentos_policy(body: AgentOsPolicyBody, desk: ManagesPolicies) -> Response:
    """Put a policy in force, instead of one that was registered under its name. Those of files stay as they are."""
    document = body.model_dump(exclude_none=True)
    await desk.interlock.registered_policies.register(body.name, document, by=desk.caller.name)
    return told(AgentOsRegistered(name=body.name))


@router.get("/policies", **answers(AgentOsPolicies, "What is in force."))
async def list_agentos_policies(desk: ReadsPolicies) -> Response:
    """The policies in force, those of files and those that were registered."""
    policies = desk.interlock.registered_policies
    return told(agentos_policies(policies.of_files, await policies.listed()))


@router.delete("/policies/{name}", **answers(None, "It is not in force any more.", status=NOTHING))
async def take_agentos_policy_back(name: PolicyName, desk: ManagesPolicies) -> Response:
    """Put a policy that was registered out of force."""
    if not await desk.interlock.registered_policies.take_back(name):
        raise ApiError("policy_not_found", f"no policy was registered as {name}: GET /policies lists them")
    return Response(status_code=NOTHING)
