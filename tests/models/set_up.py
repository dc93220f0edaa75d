"""A gateway for tests: providers and pools as declared, on a clock that only moves when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from interlock.core.agent_contract import ModelNeed
from interlock.core.messages import Instructions, ModelRequest, OfferedTool, Told
from interlock.core.plan import Micros
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.models.gateway import ModelGateway
from interlock.models.making import make_gateway
from interlock.models.outcomes import ModelOutcome
from interlock.models.provider import OnToken
from interlock.models.routing import Route

START: Final[Micros] = 1_000_000_000_000
KEY: Final = "sk-planted-0123456789"
PRICE: Final = {"input": "1", "output": "2"}
"""A dollar for a million tokens of input, two for output: a micro-dollar and two for each."""

REQUEST: Final = ModelRequest((Instructions("You are terse."), Told("Say something.")))
READ_FILE: Final = OfferedTool(
    "read_file", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}}
)


class ManualTime:
    """A clock that stands still until somebody sleeps on it."""

    def __init__(self) -> None:
        self.at = START
        self.slept: list[Micros] = []

    def now(self) -> Micros:
        """The instant it shows."""
        return self.at

    async def sleep(self, micros: Micros) -> None:
        """Let that much go by at once."""
        self.slept.append(micros)
        self.at += micros
        await asyncio.sleep(0)


def compatible(url: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - settings, as a file has them
    """A provider that speaks OpenAI's protocol."""
    return {"kind": "openai_compatible", "url": url, "key": "model_key"} | settings


def priced(model: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """A model of a pool whose price is known."""
    return {"model": model, "price": PRICE} | settings


@asynccontextmanager
async def gateway(
    providers: Mapping[str, Any],
    *models: Mapping[str, Any] | str,
    time: ManualTime | None = None,
    keys: Mapping[str, str] | None = None,
    folder: Path | None = None,
    cache: str = "never",
) -> AsyncGenerator[ModelGateway]:
    """A gateway with one pool, `default`, of these models."""
    clock = time or ManualTime()
    pools = {"default": {"models": list(models), "cache": cache}} if models else {}
    declared = ModelsSettings.model_validate({"providers": providers, "pools": pools})
    found = {"model_key": KEY} if keys is None else keys
    made = make_gateway(
        declared, ModelServer(), folder=folder or Path(), now=clock.now, sleep=clock.sleep, find_key=found.get
    )
    try:
        yield made
    finally:
        await made.close()


def routed(models: ModelGateway, request: ModelRequest = REQUEST, need: ModelNeed | None = None) -> Route:
    """The route of a request for which there must be one."""
    route = models.route(need or ModelNeed(), request, sticky="run-1", barred={})
    assert isinstance(route, Route), route.error.message
    return route


async def asked(
    models: ModelGateway,
    request: ModelRequest = REQUEST,
    *,
    call_id: str = "call-1",
    on_token: OnToken | None = None,
    agent: str = "",
) -> ModelOutcome:
    """What becomes of a request to the default pool."""
    return await models.call(routed(models, request), request, call_id=call_id, on_token=on_token, agent=agent)
