"""Interlock's gateway in process, as an agent's loop uses it, recording apart: who may be asked by the policy, routing,
money held before the call and booked after it, the call, and the answer checked against its schema."""

from __future__ import annotations

import time

BEGAN = time.perf_counter()
from interlock import Interlock  # noqa: E402, F401 - how long that takes is measured
from interlock.engine.agents.gateway_door import GatewayDoor  # noqa: E402

IMPORTED = time.perf_counter() - BEGAN

import asyncio  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import gateway_work as work  # noqa: E402

from interlock.agents import agent, collect_agents  # noqa: E402
from interlock.bootstrap import TENANT, DeclaredModels, make_models  # noqa: E402
from interlock.core.catalogue import Catalogue  # noqa: E402
from interlock.core.compile import compile_graph  # noqa: E402
from interlock.core.evolving.accounts import Charge, book, charge, shortage  # noqa: E402
from interlock.core.messages import Instructions, ModelReply, ModelRequest, OfferedTool, Told  # noqa: E402
from interlock.core.schemas import compile_schema  # noqa: E402
from interlock.core.state import Account  # noqa: E402
from interlock.engine.agents.asking_models import ask_and_listen, judged  # noqa: E402
from interlock.engine.agents.crew import Crew  # noqa: E402
from interlock.engine.agents.halt import Halt  # noqa: E402
from interlock.engine.agents.judging import Asker  # noqa: E402
from interlock.engine.agents.model_door import Chosen, Turn  # noqa: E402
from interlock.engine.engine import Engine  # noqa: E402
from interlock.engine.performing import LiveWorld  # noqa: E402
from interlock.governance import default_policy  # noqa: E402
from interlock.models.declaring import ModelsSettings  # noqa: E402
from interlock.store.memory.store import MemoryEventStore  # noqa: E402
from interlock.tools.clock import LoopClock  # noqa: E402
from interlock.tools.door import ToolDoor  # noqa: E402
from interlock.tools.secrets import read_secrets  # noqa: E402
from interlock.tools.toolbox import collect_tools  # noqa: E402

RUN = "bench"


async def main(url: str) -> None:
    """Ask as the runner says."""
    clock = LoopClock()
    secrets = read_secrets({"INTERLOCK_SECRET_MODEL_KEY": "sk-bench"})
    gateway = make_models(declared(url), secrets=secrets, clock=clock)
    try:
        ask = AgentsAsking(crew(GatewayDoor(gateway), clock))
        await work.serve(ask.once, import_seconds=IMPORTED, began=BEGAN)
    finally:
        await gateway.close()


def declared(url: str) -> DeclaredModels:
    """One provider, and a pool of one model whose price is known."""
    provider = {"kind": "openai_compatible", "url": url, "key": "model_key", "concurrency": 64}
    pool = {"models": [{"model": f"fake/{work.MODEL}", "price": work.PRICE_PER_MILLION}]}
    settings = {"providers": {"fake": provider}, "pools": {"default": pool}}
    return DeclaredModels(models=ModelsSettings.model_validate(settings))


def crew(door: GatewayDoor, clock: LoopClock) -> Crew:
    """An agent in a graph with a budget, the policy that holds where nobody wrote one, and the models."""
    agents = collect_agents([agent("fixer", prompt=work.INSTRUCTIONS, output={"number": "integer", "why": "string"})])
    document = {"graph": "bench", "nodes": {"fix": {"agent": "fixer", "input": {}}}, "budget": {"usd": "1000"}}
    compiled = compile_graph(document, Catalogue(agents=agents.contracts()))
    assert compiled.plan is not None, compiled.errors
    store = MemoryEventStore(clock=clock.now)
    engine = Engine(store, tenant=TENANT, now=clock.now, judge=default_policy().judge)
    performer = LiveWorld(collect_tools([]), ToolDoor(clock=clock), tenant=TENANT, models=door, agents=agents)
    return Crew(
        plan=compiled.plan,
        performer=performer,
        judge=engine.judge,
        clock=clock,
        whole=engine.whole,
        run=RUN,
        tenant=TENANT,
    )


class AgentsAsking:
    """What an agent's loop does for one turn, but for putting it on record."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._asker = Asker(crew, "fixer", "fix", tainted=False)
        self._need = crew.plan.agents["fixer"].model
        budget = crew.plan.root.budget
        assert budget is not None, "the graph has one"
        self._accounts = [("", Account(budget))]
        self._turn = 0

    async def once(self, is_streamed: bool) -> None:  # noqa: FBT001 - what the runner says
        """One turn: judge, choose, hold, ask, book, check."""
        self._turn += 1
        request = request_of_turn()
        models, turn = self._crew.performer.models, Turn(f"fix.{self._turn}", 1)
        verdicts = judged(self._asker, models.candidates(self._need, request, turn), self._crew.judge)
        chosen = models.choose(self._need, request, turn, sticky=RUN, barred=verdicts.barred)
        assert isinstance(chosen, Chosen), chosen
        held = Charge(steps=1, held=chosen.reserve)
        assert shortage(self._accounts, held) is None
        charge(self._accounts, held)
        heard: list[str] = []
        answer = await ask_and_listen(
            models,
            chosen,
            request,
            agent="fixer",
            call_id=f"{RUN}/{self._turn}",
            deadline=self._crew.clock.now() + 60_000_000,
            says=heard.append if is_streamed else None,
            halt=Halt(),
        )
        book(self._accounts, chosen.reserve, answer.spent)
        assert answer.reply is not None, answer.error
        assert not is_streamed or "".join(heard) == work.ANSWER_TEXT
        check(answer.reply)


def check(reply: ModelReply) -> None:
    """The answer is data of its schema."""
    said: Any = json.loads(reply.text)
    assert compile_schema(work.OUTPUT).problems(said, where="answer") == []
    assert said == work.ANSWER


def request_of_turn() -> ModelRequest:
    """The request, made anew as every turn makes its own."""
    return ModelRequest(
        (Instructions(work.INSTRUCTIONS), Told(work.TASK)),
        tuple(OfferedTool(tool["name"], tool["description"], tool["schema"]) for tool in work.TOOLS),
        output=work.OUTPUT,
        tokens_max=work.TOKENS_MAX,
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
