"""An agent of twelve calls, killed at every step of its loop: what was recorded is not done again, whatever comes.

    python -m tests.chaos.agent_kills FOLDER

Each life is a real process on a SQLite file. It ends itself by SIGKILL right before or right after an append is
durable, or while a model or a tool is at work: before or after that has written its line to a file outside of the
store, which is where contacts are counted. Another process then goes on from the log. Says of each kill what it found,
and in the end how many there were.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from interlock import AsyncToolContext, done, not_done, tool
from interlock.agents import agent, collect_agents
from interlock.bootstrap import TENANT
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.events import EffectDone, EffectIntended, EffectUnknown, RunEnded
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.core.values import Value
from interlock.engine.agents.model_door import Chosen, Heard
from interlock.engine.courses.verifying import replay_run
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld
from interlock.engine.worker import Worker
from interlock.store.event_store import Append
from interlock.store.processes import this_process
from interlock.store.sqlite.store import SqliteEventStore
from interlock.tools.clock import LoopClock
from interlock.tools.door import ToolDoor
from interlock.tools.reconciling import Reconciled
from interlock.tools.toolbox import collect_tools
from tests.engine.agents.scripted_models import Answers, ScriptedModels, Turn, calls
from tests.engine.agents.workbench import allow

RUN: Final = "run"
Moment: TypeAlias = Literal["before append", "after append", "entering", "leaving"]
"""Around an append; or in a contact with the world, before and after it has written its line."""
MOMENTS: Final[tuple[Moment, ...]] = ("before append", "after append", "entering", "leaving")

LOOK: Final = "look"
TURNS: Final[list[Turn]] = [
    calls(LOOK),
    calls(("note", {"n": 1})),
    calls(("pay", {"n": 2})),
    calls(LOOK, ("note", {"n": 3})),
    calls(("pay", {"n": 4})),
    calls(("note", {"n": 5}), ("pay", {"n": 6})),
    calls(LOOK),
    calls(("note", {"n": 7})),
    calls(("pay", {"n": 8})),
    calls(LOOK),
    Answers({"number": 42}),
]
TOOL_CALLS: Final = 12


class Kill(Struct, frozen=True):
    """The n-th time that a moment comes."""

    moment: Moment
    number: int

    def __str__(self) -> str:
        return f"{self.moment} {self.number}"


class Fate:
    """What becomes of one process: it is killed once its moment has come."""

    def __init__(self, kill: Kill | None = None) -> None:
        self._kill = kill
        self.seen: Counter[Moment] = Counter()

    def comes(self, moment: Moment) -> None:
        """That moment has come once more."""
        self.seen[moment] += 1
        if self._kill == Kill(moment, self.seen[moment]):
            os.kill(os.getpid(), signal.SIGKILL)


class Contacts:
    """The file where contacts with the world are counted, outside of the store: a line for each, with its effect."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self._file = folder / "contacts.txt"
        self._fate = fate

    def made(self, name: str, effect: str) -> None:
        """A contact is made: with the line it has taken effect."""
        self._fate.comes("entering")
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{name} {effect}\n".encode())
        os.close(descriptor)
        self._fate.comes("leaving")

    def read(self) -> list[tuple[str, str]]:
        """Every contact that was made, as its name and its effect."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [(name, effect) for name, effect in (line.split() for line in lines)]


class KilledStore(SqliteEventStore):
    """A store whose process may end around an append."""

    def __init__(self, place: Path, fate: Fate) -> None:
        super().__init__(place, clock=LoopClock().now)
        self._fate = fate

    async def append(self, append: Append) -> None:
        """Append, if the process lives that long."""
        self._fate.comes("before append")
        await super().append(append)
        self._fate.comes("after append")


class CountedModels(ScriptedModels):
    """Models that count who asks them outside of the store."""

    def __init__(self, contacts: Contacts) -> None:
        super().__init__({"fixer": TURNS})
        self._contacts = contacts

    async def ask(
        self,
        chosen: Chosen,
        request: ModelRequest,
        *,
        agent: str,
        call_id: str,
        deadline: Micros | None,
        says: Callable[[str], None] | None,
    ) -> Heard:
        """Count it, and answer."""
        self._contacts.made("model", call_id)
        return await super().ask(chosen, request, agent=agent, call_id=call_id, deadline=deadline, says=says)


def tools_on(contacts: Contacts) -> list[Any]:
    """A tool of each class. What the one that pays has done can be found out from the file."""

    async def find(effect_id: str, n: int) -> Reconciled:
        return done(n) if ("pay", effect_id) in contacts.read() else not_done()

    @tool(effect="read")
    async def look(ctx: AsyncToolContext) -> str:
        contacts.made("look", ctx.effect_id)
        return "all is well"

    @tool(effect="idempotent")
    async def note(ctx: AsyncToolContext, n: int) -> int:
        contacts.made("note", ctx.effect_id)
        return n

    @tool(effect="once", reconcile=find, usd="0.01")
    async def pay(ctx: AsyncToolContext, n: int) -> int:
        contacts.made("pay", ctx.effect_id)
        return n

    return [look, note, pay]


async def live(folder: Path, fate: Fate) -> None:
    """Begin the run, or go on with it, and bring it to its end."""
    contacts = Contacts(folder, fate)
    toolbox = collect_tools(tools_on(contacts))
    contract: dict[str, Any] = {
        "tools": ["look", "note", "pay"],
        "output": {"number": "integer"},
        "limits": {"steps": 20},
    }
    agents = collect_agents([agent("fixer", prompt="You fix.", **contract)])
    catalogue = Catalogue(toolbox.contracts(), agents=agents.contracts())
    nodes = {"fix": {"agent": "fixer", "input": {}, "budget": {"usd": "1", "tokens": 100_000}}}
    compiled = compile_graph({"graph": "g", "nodes": nodes}, catalogue)
    assert compiled.plan is not None, compiled.errors
    assert compiled.bundle is not None
    clock = LoopClock()
    async with KilledStore(folder / "runs.db", fate) as store:
        engine = Engine(store, tenant=TENANT, now=clock.now, judge=allow)
        models = CountedModels(contacts)
        world = LiveWorld(toolbox, ToolDoor(clock=clock), tenant=TENANT, models=models, agents=agents)
        async with Worker(engine, world, clock, owner=this_process(str(os.getpid())), new_id=lambda: RUN) as worker:
            if await store.find_run(TENANT, RUN) is None:
                await engine.keep_bundle(compiled.plan, compiled.bundle.bytes)
                driver = await worker.start(compiled.plan, RUN, r.StartRun(inputs={}, tenant=TENANT))
            else:
                driver = await worker.take_up(RUN)
            await worker.driven(driver)


def one_life(folder: Path, kill: Kill | None) -> bool:
    """One process. Says whether it was killed."""
    child = os.fork()
    if child == 0:
        asyncio.run(live(folder, Fate(kill)))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in {0, -signal.SIGKILL}, "a life ended in an error"
    return ended != 0


class Found(Struct, frozen=True):
    """What is on record of the run, and in the file of contacts."""

    contacts: tuple[tuple[str, str], ...]
    done: frozenset[str]
    """The effects whose result is on record."""
    tries: dict[str, int]
    """How often each effect was begun, by the log."""
    lost: frozenset[str]
    """The effects that the log says were lost."""
    out: Value
    verdict: str


async def look_at(folder: Path) -> Found:
    """Read the log and the file, and replay the run."""
    contacts = tuple(Contacts(folder, Fate()).read())
    async with SqliteEventStore(folder / "runs.db", clock=LoopClock().now) as store:
        if await store.find_run(TENANT, RUN) is None:
            return Found(contacts, frozenset(), {}, frozenset(), None, "")
        engine = Engine(store, tenant=TENANT, now=LoopClock().now, judge=allow)
        bodies = [event.body for event in await store.read(TENANT, RUN)]
        ended = [body for body in bodies if isinstance(body, RunEnded)]
        return Found(
            contacts,
            frozenset(body.effect for body in bodies if isinstance(body, EffectDone)),
            dict(Counter(body.effect for body in bodies if isinstance(body, EffectIntended))),
            frozenset(body.effect for body in bodies if isinstance(body, EffectUnknown)),
            ended[0].outcome.out if ended else None,
            (await replay_run(engine, RUN)).verdict if ended else "",
        )


def problems_of(at_kill: Found, in_the_end: Found) -> Iterator[str]:
    """In what the promise was not kept."""
    before, after = Counter(at_kill.contacts), Counter(in_the_end.contacts)
    for (name, effect), times in after.items():
        if effect in at_kill.done and times != before[name, effect]:
            yield f"{name} {effect} was on record and was made again"
        if times > 2 or (name == "pay" and times > 1):
            yield f"{name} {effect} was made {times} times"
        if times > 1 and (in_the_end.tries[effect] != times or effect not in in_the_end.lost):
            yield f"{name} {effect} was made {times} times, and the log does not tell of both"
    if len({effect for name, effect in after if name != "model"}) != TOOL_CALLS:
        yield f"{len(after)} contacts were made, and not the ones that the agent asked for"
    if in_the_end.out != {"fix": {"number": 42}}:
        yield f"the run came to {in_the_end.out}"
    if in_the_end.verdict != "same":
        yield f"its replay is {in_the_end.verdict or 'impossible'}"


def killed_at(folder: Path, kill: Kill) -> list[str]:
    """Kill the run at that moment, let another process go on, and say what was not as promised."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    assert one_life(folder, kill), f"the moment {kill} never came"
    at_kill = asyncio.run(look_at(folder))
    assert not one_life(folder, None)
    return list(problems_of(at_kill, asyncio.run(look_at(folder))))


def kills_of(folder: Path) -> list[Kill]:
    """Every moment of a run that nobody disturbs."""
    folder.mkdir(parents=True)
    fate = Fate()
    asyncio.run(live(folder, fate))
    assert list(problems_of(asyncio.run(look_at(folder)), asyncio.run(look_at(folder)))) == []
    return [Kill(moment, number) for moment in MOMENTS for number in range(1, fate.seen[moment] + 1)]


def replayed_by_command(folder: Path) -> str:
    """What the command line says of the run."""
    command = [sys.executable, "-c", "from interlock.cli.entry import main; main()", "replay", RUN]
    there = {**os.environ, "INTERLOCK_STORE": str(folder / "runs.db")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=there).stdout.strip()


def tried(folder: Path, kills: Iterable[Kill]) -> Iterator[tuple[Kill, list[str]]]:
    """Each of these kills, and what was not as promised after it."""
    for kill in kills:
        yield kill, killed_at(folder / str(kill).replace(" ", "-"), kill)


def main() -> None:
    """Kill at every moment there is, and say what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    began, broken = time.monotonic(), 0
    kills = kills_of(folder / "undisturbed")
    for kill, problems in tried(folder, kills):
        told = replayed_by_command(folder / str(kill).replace(" ", "-"))
        first = told.splitlines()[0] if told else "no replay"
        wrong = [*problems, *([] if first.startswith("the same") else [f"`interlock replay` says {first}"])]
        broken += bool(wrong)
        sys.stdout.write(f"{kill}: {'; '.join(wrong) or 'as promised'} ({first})\n")
    sys.stdout.write(f"{len(kills)} kills, {broken} of them not as promised, in {time.monotonic() - began:.0f} s\n")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
