"""Context profiles and the provider pool of AgentOS, which no request sets here.

There they were kept and never looked at. What an agent is told is part of its contract, to which runs are pinned, and
which models there are is for whoever has their keys to say: both stand in files. So what holds already is confirmed,
and of anything else it is said where to write it: nothing is taken that would be without effect.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.compat.finding_agents import contracts
from interlock.api.desks import ReadsAgents, ReadsModels
from interlock.api.errors import ApiError
from interlock.wire.agentos import AgentOsHolds

router = APIRouter(tags=["other systems"])

NAMED_MAX: Final = 5
"""How many of those that stand in the way are named."""


class AgentOsContextProfileBody(BaseModel):
    """A context profile as AgentOS takes it."""

    name: str = Field(min_length=1, max_length=200, examples=["default"])
    budget_tokens: int = Field(default=120_000, gt=0, description="What no agent may be told more than.")
    mounts: list[Any] = Field(default=[], max_length=100)
    selectors: list[Any] = Field(default=[], max_length=100)
    transforms: list[Any] = Field(default=[], max_length=100)


class AgentOsProviderPoolBody(BaseModel):
    """A pool of models as AgentOS takes it."""

    name: str = Field(default="default", min_length=1, max_length=200, examples=["default"])
    models: list[str] = Field(default=[], max_length=100, examples=[["packaged/scripted"]])
    routing: str | dict[str, Any] | None = Field(default=None, description="How one of them is chosen.")


@router.post("/contextprofiles", **answers(AgentOsHolds, "It holds already, for every agent."))
async def check_agentos_context_profile(body: AgentOsContextProfileBody, desk: ReadsAgents) -> Response:
    """Ask that agents keep to a context profile: confirmed where they do."""
    asked = [name for name in ("mounts", "selectors", "transforms") if getattr(body, name)]
    if asked:
        raise _elsewhere(f"{_listed(asked)}: `sections` below `context` in the contract of each agent that needs them")
    budgets = {contract.name: contract.context.tokens for contract in await contracts(desk.interlock)}
    above = [f"{name} ({tokens:,})" for name, tokens in budgets.items() if tokens > body.budget_tokens]
    if above:
        raise _elsewhere(
            f"a budget of {body.budget_tokens:,} tokens, above which are {_listed(above)}: "
            f"`context: {{tokens: {body.budget_tokens}}}` in the contract of each, agents/NAME.yaml"
        )
    return told(AgentOsHolds(name=body.name, in_force=budgets))


@router.post("/providerpool", **answers(AgentOsHolds, "It is so already."))
async def check_agentos_provider_pool(body: AgentOsProviderPoolBody, desk: ReadsModels) -> Response:
    """Ask for a pool of models: confirmed where it is there."""
    pools: dict[str, list[str]] = {}
    for model in desk.interlock.known_models:
        pools.setdefault(model.pool, []).append(model.model.name)
    if set(pools.get(body.name, ())) != set(body.models) or body.routing is not None:
        there = "; ".join(f"{pool}: {_listed(models)}" for pool, models in pools.items()) or "none"
        raise _elsewhere(
            f"a pool of models: `[models.pools.{body.name}]` in interlock.toml, "
            f"and how one of them is chosen, `model` in the contract of an agent. In force are {there}"
        )
    return told(AgentOsHolds(name=body.name, in_force=dict(pools)))


def _elsewhere(what: str) -> ApiError:
    return ApiError("set_elsewhere", f"no request sets {what}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more
