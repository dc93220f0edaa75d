"""The core on simulated time: one scheduler owns every interleaving, nothing sleeps, and a seed gives the same run again.

At each step the dice choose one thing that can happen: a call lands, time passes, somebody answers, pauses, cancels or
sends an event, a result is told twice, a write is refused, the worker dies. Watchers look at every event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.admit import unknown_effects, waits
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.decide import decide
from interlock.core.evolve import evolve
from interlock.core.plan import EachWork, HumanWork, Plan
from interlock.core.settle import admit_all, fold, record, unpacked
from interlock.core.state import Opened, RunState, Waiting, next_due
from interlock.engine.effects import effects_in, interrupted, still_unknown
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.random_graphs import EVENTS, TOOLS, RandomGraph, random_graph
from tests.simulation.replaying import verify
from tests.simulation.watching import Watch
from tests.simulation.world import Temper, World

SECOND: Final = 1_000_000
STEPS_MAX: Final = 120
"""After so many steps nobody disturbs the run any more: it has to come to its end."""
ENDING_MAX: Final = 600
"""How many more steps it may take then."""
SETTLED_MAX: Final = 3_000
"""So many events at once no generated graph can give."""
PEOPLE: Final = ("ada", "ben", "cyd")
RUN: Final = "run"

Asked: TypeAlias = tuple[r.Request, str]
Move: TypeAlias = tuple[float, Callable[[], None]]


class Habits(Struct, frozen=True):
    """How often what happens in a schedule. A quiet one shows that graphs succeed, a rough one that they survive."""

    people: float
    pauses: float
    cancels: float
    crashes: float
    echoes: float
    events: float
    batches: float


def habits_from(dice: Random) -> Habits:
    """The habits of one schedule."""

    def rarely(*often: float) -> float:
        return dice.choice(often)

    return Habits(
        people=rarely(0.3, 2, 6),
        pauses=rarely(0, 0, 0.1, 0.4),
        cancels=rarely(0, 0, 0, 0.05, 0.2),
        crashes=rarely(0, 0, 0.3, 1),
        echoes=rarely(0, 0.3),
        events=rarely(0.1, 0.5, 1.5),
        batches=rarely(0, 0.2, 0.5),
    )


def compiled(graph: RandomGraph) -> Plan:
    """The plan of a generated graph: that it compiles is itself a claim."""
    catalogue = Catalogue({tool.name: tool for tool in TOOLS}, graph.graphs)
    found = compile_graph(graph.document, catalogue)
    problems = [(problem.place, problem.message) for problem in found.errors]
    assert found.plan is not None, f"the graph of seed {graph.seed} does not compile: {problems}"
    return found.plan


class Simulation:
    """One run of one graph under one schedule."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.graph = random_graph(seed)
        self.plan = compiled(self.graph)
        self.dice = Random(f"schedule {seed}")
        self.habits = habits_from(self.dice)
        temper = Temper(
            fails=self.dice.choice((0, 0.03, 0.1, 0.3)),
            vanishes=self.dice.choice((0, 0.02, 0.15)),
            odd=self.dice.choice((0, 0.1)),
        )
        self.world = World(self.dice, temper)
        self.state = RunState(RUN)
        self.log: list[e.Event] = []
        self.batches: list[int] = []
        """Where each append ended."""
        self.now = SECOND
        self.watch = Watch(self.plan, RUN)
        self.held: list[Asked] = []
        """What waits to be recorded together with what comes next."""
        self.sent = 0
        self.is_ending = False

    # --- the schedule ---

    def run(self) -> None:
        """From the start to the end, and a little beyond it."""
        self._record([(r.StartRun(inputs=self.graph.inputs), "ada")])
        for _ in range(STEPS_MAX):
            if self.state.has_ended:
                break
            self._step()
        self._come_to_an_end()
        self._echo_after_the_end()
        self.watch.ended(self.state)
        verify(self.plan, self.log, self.batches, self.state, self.dice)

    def _come_to_an_end(self) -> None:
        """Nobody disturbs it any more. What waits for ever is cancelled in the end."""
        self.is_ending = True
        for step in range(ENDING_MAX):
            if self.state.has_ended:
                return
            if step == ENDING_MAX // 4 and not self.state.is_cancel_asked:
                self._record([(r.CancelRun(rollback=self.dice.random() < 0.3), "ada")])
            else:
                self._step()
        raise BrokenRule(10, f"the run has not ended after {STEPS_MAX + ENDING_MAX} steps")

    def _step(self) -> None:
        self.now += self.dice.choice((0, 1, 1000, SECOND // 2))
        moves = self._moves()
        if not self.is_ending:
            moves += self._disturbances()
        if not moves:
            raise BrokenRule(10, "nothing can move the run on, and it has not ended")
        weights = [weight for weight, _ in moves]
        _, move = self.dice.choices(moves, weights)[0]
        move()

    def _moves(self) -> list[Move]:
        """What moves the run on."""
        found: list[Move] = [
            (5, lambda flight=flight: self._land(flight.path)) for flight in self.world.flights.values()
        ]
        found += [(5, lambda each=each: self._find_out(each)) for each in self.world.findings]
        due = self._next_due()
        if due is not None:
            found.append((2, lambda: self._pass_time(due)))
        eager = 3 if self.is_ending else self.habits.people
        found += [(eager, lambda asked=asked: self._ask(*asked)) for asked in self._asked_of_people()]
        if self.state.is_paused:
            found.append((1, lambda: self._ask(r.ResumeRun(), "ada")))
        return found

    def _disturbances(self) -> list[Move]:
        habits = self.habits
        found: list[Move] = [
            (habits.events, self._send_event),
            (habits.pauses, lambda: self._ask(r.PauseRun(), "ben")),
            (habits.cancels, self._cancel_something),
            (habits.crashes, self._crash),
            (habits.crashes / 2, self._lose_an_append),
            (habits.pauses / 2, lambda: self._ask(r.SetMode(mode=self.dice.choice(("normal", "degraded"))), "ada")),
        ]
        if self.world.told:
            found.append((habits.echoes, self._tell_again))
        return [(weight, move) for weight, move in found if weight]

    # --- recording ---

    def _ask(self, request: r.Request, by: str) -> None:
        """A request, recorded at once or together with the next."""
        self.held.append((request, by))
        if self.dice.random() >= self.habits.batches or self.is_ending:
            self._record([])

    def _record(self, requests: Sequence[Asked]) -> None:
        """Admits and settles, and hands the effects to the world: what the engine does in one append."""
        asked = [*self.held, *requests]
        self.held = []
        events = self._advance(asked)
        self.log += events
        self.batches.append(len(self.log))
        for event in events:
            self.watch.see(event)
        self.watch.rest(self.state)
        self.world.take(effects_in(self.plan, self.state, events))

    def _advance(self, asked: Sequence[Asked]) -> list[e.Event]:
        arrived = admit_all(self.plan, self.state, asked, at=self.now)
        self.state = arrived.state
        return [*arrived.events, *self._settle()]

    def _settle(self) -> list[e.Event]:
        """As `settle` does it, within far fewer events: what goes on for longer goes on for ever."""
        events: list[e.Event] = []
        while isinstance(command := decide(self.plan, self.state, {}, unpacked), e.Command):
            events.append(record(self.state, command, at=self.now))
            self.state = evolve(self.plan, self.state, events[-1])
            if len(events) > SETTLED_MAX:
                self.log += events
                raise BrokenRule(10, f"the core decides for ever; last {events[-1].type} {events[-1].path}")
        assert command is None
        return events

    # --- what happens ---

    def _land(self, path: str) -> None:
        self._ask(self.world.land(self.world.flights[path], self.now), "")

    def _find_out(self, finding: Any) -> None:
        found = self.world.find_out(finding)
        if found is not None:
            self._ask(found, "reconcile")

    def _next_due(self) -> int | None:
        due = [flight.due for flight in self.world.flights.values() if flight.due is not None]
        run_due = next_due(self.state)
        return min([*due, *([run_due] if run_due is not None else [])], default=None)

    def _pass_time(self, due: int) -> None:
        self.now = max(self.now, due) + self.dice.choice((0, 0, 1, 10 * SECOND))
        self._ask(r.TimePassed(), "")

    def _asked_of_people(self) -> list[Asked]:
        """What people can do about what waits for them."""
        asked: list[Asked] = []
        for path, live in waits(self.plan, self.state):
            asked += self._about(path, live)
        settling = [finding.effect for finding in self.world.findings]
        for effect in unknown_effects(self.plan, self.state):
            if effect not in settling:
                asked.append((self.world.settle(effect, by="cyd"), "cyd"))
        return asked

    def _about(self, path: str, live: Waiting) -> list[Asked]:
        dice, by = self.dice, self.dice.choice(PEOPLE)
        match live.reason:
            case "person":
                assert live.question is not None
                choice = dice.choice(live.question.choices) if live.question.choices else ""
                form = None if live.question.choices else {"note": "fine"}
                free = [name for name in PEOPLE if name not in live.answers]
                if not free:
                    return []
                by = dice.choice(free)
                return [(r.Answer(path=path, by=by, choice=choice, form=form), by)]
            case "hold":
                return [
                    (
                        r.GiveVerdict(
                            path=path, by=by, verdict=dice.choice(("promote", "promote", "block", "rollback"))
                        ),
                        by,
                    )
                ]
            case "failure":
                act = dice.choice(("retry", "edit", "skip", "fail", "fail") if not self.is_ending else ("skip", "fail"))
                if act == "edit":
                    self.world.times.pop(path, None)  # another request is another effect
                return [(r.GiveRemedy(path=path, by=by, act=act, input={"a": 1}), by)]
            case "event" if self.is_ending or dice.random() < 0.3:
                return [self._event(live.event)]
            case _:
                return []

    def _event(self, name: str) -> Asked:
        self.sent += 1
        id = f"event {self.dice.randint(1, self.sent)}" if self.dice.random() < 0.1 else f"event {self.sent}"
        data = self.dice.choice(({"key": 1}, {"key": 2}, {"key": 0}, {}, "text", None))
        return r.SendEvent(id=id, name=name, data=data), "outside"

    def _send_event(self) -> None:
        self._ask(*self._event(self.dice.choice(EVENTS)))

    def _cancel_something(self) -> None:
        if self.dice.random() < 0.3:
            self._ask(r.CancelRun(rollback=self.dice.random() < 0.5), "ben")
            return
        paths = [path for path, _ in self._open_nodes()]
        holders = [path for path, live in self._open_nodes() if isinstance(live, Opened)]
        if holders and self.dice.random() < 0.5:
            self._ask(r.CompleteNode(path=self.dice.choice(holders)), "ben")
        elif paths:
            self._ask(r.CancelNode(path=self.dice.choice(paths)), "ben")

    def _open_nodes(self) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = []
        for scope in self.state.scopes.values():
            body = self.plan.scopes[scope.body]
            for node in body.nodes:
                path = scope.key if body.single else scope.key + node.name
                found.append((path, scope.live.get(node.index)))
        return found

    def _tell_again(self) -> None:
        self._ask(self.world.tell_again(), "")

    # --- crashes ---

    def _crash(self) -> None:
        """The worker dies. What it had in flight may have taken place; the next one has nothing but the log."""
        if not self.held:
            self._compare_flights()
        self.held = []
        self.world.die()
        self._reload()

    def _lose_an_append(self) -> None:
        """The lease is lost: the write is refused, the state has run ahead of the log and is thrown away."""
        moves = [move for _, move in self._moves()]
        if self.held:
            self._advance(self.held)
        elif moves and self.world.flights:
            flight = self.dice.choice(list(self.world.flights.values()))
            self._advance([(self.world.land(flight, self.now), "")])
        self.held = []
        self.world.die()
        self._reload()

    def _compare_flights(self) -> None:
        in_state = sorted((call.path, call.effect) for call in interrupted(self.plan, self.state))
        if in_state != list(self.world.in_flight()):
            raise BrokenRule(5, f"in flight are {self.world.in_flight()}, and the state says {in_state}")

    def _reload(self) -> None:
        self.state = fold(self.plan, RunState(RUN), self.log)
        unknown = still_unknown(self.plan, self.state)
        self._record([*self._lost(), (r.TimePassed(), "")])
        self.world.take(effect for effect in unknown if effect not in self.world.findings)

    def _lost(self) -> list[Asked]:
        asked: list[Asked] = []
        for call in interrupted(self.plan, self.state):
            lost = e.Error("lost", "its worker went while it was in flight", call.path)
            if call.is_undo:
                asked.append((r.UndoneResult(path=call.path, result=e.UndoResult(call.effect, "unknown", lost)), ""))
            else:
                asked.append((r.Result(path=call.path, result=e.NodeResult(call.effect, "unknown", error=lost)), ""))
        return asked

    def _echo_after_the_end(self) -> None:
        """Whatever comes after the end is refused."""
        echoes: list[r.Request] = [r.TimePassed(), r.CancelRun(), r.PauseRun(), *self.world.told[-3:]]
        arrived = admit_all(self.plan, self.state, [(echo, "ada") for echo in echoes], at=self.now)
        if arrived.events:
            raise BrokenRule(2, f"{[event.type for event in arrived.events]} after the end of the run")
