"""Hostile models and tools through the whole engine: an agent's run ends, is on record as it went, and replays.

What is judged: nothing that a model asks for is lost (it is called, or refused on record, or told to the model as what
could not be called); no argument reaches a tool whose schema it breaks; every refusal is an event.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from interlock.agents import agent
from interlock.core import events as e
from interlock.core.messages import Answered, ModelReply, ModelRequest, Said
from interlock.core.plan import Micros
from interlock.core.schemas import compile_schema
from interlock.core.verdicts import Verdict
from interlock.engine.agents.gateway_door import GatewayDoor
from interlock.models.asked_calls import asked_calls
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.models.gateway import ModelGateway
from interlock.models.pools import Pools
from interlock.models.prices import PublishedPrices
from interlock.models.provider import Answer, Asking
from tests.engine.agents.workbench import Workbench, rule
from tests.fuzz.at_the_doors import hostile_tool, usable_schema
from tests.fuzz.hostile_data import Hostile, hostile_answer
from tests.fuzz.tally import Tally
from tests.models.set_up import PRICE
from tests.simulation.virtual_time import BEGAN, VirtualClock, run_at_once

NAMES: Final = ("look", "count", "forbidden", "slow")
OFTEN: Final = (*NAMES, "look", "count", "count", "count", "count")
COUNTED: Final = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
STEPS: Final = 8
FAILURES: Final = 0.1


class HostileProvider:
    """A provider whose models have lost their minds."""

    def __init__(self, hostile: Hostile) -> None:
        self.requests: list[ModelRequest] = []
        self._hostile = hostile

    async def ask(self, asking: Asking) -> Answer:
        """Whatever is drawn."""
        self.requests.append(asking.request)
        if self._hostile.happens(FAILURES):
            raise self._hostile.failure()
        text, calls, finish, usage = hostile_answer(self._hostile, OFTEN)
        return Answer(
            text=text.encode("utf-8", "replace").decode(), calls=asked_calls(calls), finish=finish, usage=usage
        )

    async def close(self) -> None:
        """There is nothing to let go."""


def runs(seed: int, tally: Tally) -> None:
    """One run of one agent."""
    hostile = Hostile(seed)
    provider = HostileProvider(hostile)
    gateway = _gateway(provider)
    asyncio.run(gateway.prepare("a"))  # in a thread, which no virtual time waits for
    run_at_once(_run(hostile, provider, gateway, tally))


async def _run(hostile: Hostile, provider: HostileProvider, gateway: ModelGateway, tally: Tally) -> None:
    schema = (usable_schema(hostile) if hostile.happens(0.5) else None) or {"type": "object"}
    tally.note("schemas")
    fixer = agent(
        "fixer",
        prompt="You count.",
        tools=list(NAMES),
        output={"number": "integer"},
        limits={"steps": STEPS, "errors": STEPS, "usd": "0.50"},
        repairs=STEPS,
        context={"tokens": 16_000},
    )
    judge = rule(Verdict("deny", "never", "policy-1"), "forbidden")
    models = GatewayDoor(gateway)
    async with Workbench(fixer, tools=_tools(hostile, schema, tally), models=models, judge=judge) as bench:
        await bench.run({"fix": {"agent": "fixer", "input": {"target": 42}}}, budget={"usd": "1", "calls": 200})
        whole = bench.engine().whole
        bodies = [event.body for event in await bench.log()]
        replies = [msgspec.convert(await whole(out), ModelReply) for out in _answers_in(bodies)]
        tally.note("arguments", sum(len(reply.calls) for reply in replies))
        _judge_log(bodies, provider.requests, tally)
    tally.note("runs")


def _gateway(provider: HostileProvider) -> ModelGateway:
    settings = {"kind": "openai_compatible", "url": "http://localhost/v1", "whole_seconds": 60}
    pool = {"models": [{"model": f"a/m{number}", "price": PRICE} for number in range(2)]}
    declared = ModelsSettings.model_validate({"providers": {"a": settings}, "pools": {"default": pool}})

    async def sleep(micros: Micros) -> None:
        await asyncio.sleep(micros / 1_000_000)

    return ModelGateway(
        Pools(declared, ModelServer(), PublishedPrices(BEGAN)),
        make_provider=lambda _, __, ___: provider,
        now=VirtualClock().now,
        sleep=sleep,
        find_key=lambda _: None,
    )


def _tools(hostile: Hostile, schema: dict[str, Any], tally: Tally) -> list[Any]:
    judges = {"look": compile_schema(schema), "count": compile_schema(COUNTED)}

    def act(name: str) -> Any:  # noqa: ANN401 - a function of anything
        def acts(arguments: Any) -> object:  # noqa: ANN401 - anything
            tally.note("results")
            assert judges[name].problems(arguments) == [], "arguments that break the schema have reached the tool"
            if hostile.happens(0.2):
                raise hostile.random.choice((ValueError, RuntimeError, RecursionError, MemoryError))(hostile.text())
            return hostile.result()

        return acts

    def never(_: object) -> object:
        raise AssertionError("a tool that the policy forbids was called")

    slow = hostile_tool("slow", {"type": "object"}, lambda _: asyncio.sleep(10_000), timeout="2s")
    return [
        hostile_tool("look", schema, act("look")),
        hostile_tool("count", COUNTED, act("count")),
        hostile_tool("forbidden", {"type": "object"}, never),
        slow,
    ]


def _answers_in(bodies: list[e.Body]) -> list[Any]:
    """What models have answered, as it is on record."""
    asked = {body.ordinal for body in bodies if isinstance(body, e.EffectIntended) and body.kind == "model"}
    return [body.out for body in bodies if isinstance(body, e.EffectDone) and body.ordinal in asked]


def _judge_log(bodies: list[e.Body], requests: list[ModelRequest], tally: Tally) -> None:
    intents = {body.key for body in bodies if isinstance(body, e.EffectIntended) and body.kind == "tool"}
    denied = {body.key for body in bodies if isinstance(body, e.DecisionMade) and body.error is not None and body.name}
    seen = _said_in(requests)
    for said, answers in seen:
        for call in said.calls:
            is_known = call.id in intents or call.id in denied or (call.id in answers and answers[call.id].failed)
            assert is_known, f"nobody knows what became of {call.id} ({call.tool})"
            assert call.id in answers, f"the model was told nothing of {call.id} ({call.tool})"
    assert "forbidden" not in {body.name for body in bodies if isinstance(body, e.EffectIntended)}
    spent = [body.spent for body in bodies if isinstance(body, (e.EffectDone, e.EffectFailed)) and body.spent]
    assert all(each.usd >= 0 and each.tokens >= 0 for each in spent)
    tally.note("refused by policy", len(denied))
    tally.note("failed on record", sum(isinstance(body, e.EffectFailed) for body in bodies))
    tally.note(
        "told as not called", sum(answer.text.startswith("Not called") for _, all_ in seen for answer in all_.values())
    )


def _said_in(requests: list[ModelRequest]) -> list[tuple[Said, dict[str, Answered]]]:
    """The last turn of each request, with what was answered to it."""
    found: list[tuple[Said, dict[str, Answered]]] = []
    for request in requests:
        turns = [each for each in request.messages if isinstance(each, Said)]
        if turns:
            answers = {each.call: each for each in request.messages if isinstance(each, Answered)}
            found.append((turns[-1], answers))
    return found
