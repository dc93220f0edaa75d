"""The core on simulated time: one scheduler owns every interleaving, and a seed gives the same run again.

At each step the dice choose one thing that can happen: a call lands, time passes, somebody answers, pauses, cancels or
sends an event, a result is told twice, a write is refused, the worker dies. Watchers look at every event.
No process is here into which `interlock.faults` could be put: `engine_simulator` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.continuing.adopting import results_to_adopt, undos_to_adopt
from interlock.core.continuing.forking import plan_fork
from interlock.core.continuing.past import Past
from interlock.core.decide import decide
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.settle import admit_all, fold, record, unpacked
from interlock.core.state import RunState, next_due
from interlock.engine.effects import FindOut, effects_in, interrupted, still_unknown
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.contracts import TOOLS
from tests.simulation.people import Asked, People
from tests.simulation.random_graphs import RandomGraph, random_graph
from tests.simulation.replaying import Replay
from tests.simulation.steps import attempt_of
from tests.simulation.watching import Watch
from tests.simulation.world import Flight, Temper, World

SECOND: Final = 1_000_000
STEPS_MAX: Final = 120
"""After so many steps nobody disturbs the run any more: it has to come to its end."""
ENDING_MAX: Final = 600
"""How many more steps it may take then."""
FORKED: Final = 0.3
"""How many of the runs that have ended are forked."""
CANCELS: Final = (150, 300, 400, 500)
"""After how many of them somebody loses patience: a cancel, and cancels of what `finally` still does."""
NAME_MAX: Final = 10
"""A run is continued twice at most: "run again again"."""
SETTLED_MAX: Final = 3_000
"""So many events at once no generated graph can give."""

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

    def __init__(self, seed: int, *, continues: Simulation | None = None) -> None:
        self.name = "run" if continues is None else f"{continues.name} again"
        self.graph = random_graph(seed) if continues is None else continues.graph
        self.plan = compiled(self.graph) if continues is None else continues.plan
        self.start = r.StartRun(inputs=self.graph.inputs)
        self.dice = Random(f"{self.name} {seed}")  # noqa: S311 - a schedule has to be the same again
        self.habits = habits_from(self.dice)
        temper = Temper(
            fails=self.dice.choice((0, 0.03, 0.1, 0.3)),
            vanishes=self.dice.choice((0, 0.02, 0.15)),
            odd=self.dice.choice((0, 0.1)),
        )
        self.world = World(self.name, self.dice, temper)
        self.state = RunState(self.name)
        self.log: list[e.Event] = []
        self.batches: list[int] = []
        """Where each append ended."""
        self.now = SECOND
        self.watch = Watch(self.plan, self.name)
        self.refused: tuple[r.Refused | None, ...] = ()
        self.held: list[Asked] = []
        """What waits to be recorded together with what comes next."""
        self.people = People(self.dice, self.plan, self.world)

    # --- the schedule ---

    def run(self) -> None:
        """From the start to the end, and a little beyond it."""
        self._record([(self.start, "ada")])
        for _ in range(STEPS_MAX):
            if self.state.has_ended:
                break
            self._step()
        self._come_to_an_end()
        self._echo_after_the_end()
        self.watch.ended(self.state)
        Replay(self.plan).verify(self.log, self.state, self.dice, rests=frozenset(self.batches))

    def next_run(self) -> Simulation | None:
        """A run that continues this one, if somebody wants one: it goes on where this failed, takes back, or forks."""
        assert self.state.outcome is not None
        chance = Random(f"{self.name} fork {self.graph.seed}")  # noqa: S311 - a schedule has to be the same again
        if len(self.name) <= NAME_MAX and chance.random() < FORKED:
            return self._fork(chance)
        if self.state.outcome.status in {"succeeded", "rolled_back"} or len(self.name) > NAME_MAX:
            return None
        following = Simulation(self.graph.seed, continues=self)
        kind: Literal["retry", "rollback"] = self.dice.choice(("retry", "retry", "rollback"))
        adopt = results_to_adopt if kind == "retry" else undos_to_adopt
        adopted = tuple(adopt(self.plan, self.name, self.log))
        following.start = r.StartRun(inputs=self.graph.inputs, kind=kind, parent=self.name, adopted=adopted)
        return following

    def _fork(self, chance: Random) -> Simulation | None:
        """Another course from any node on, whatever came of it."""
        paths = list(Past(self.plan, self.name).after(self.log).status)
        if not paths:
            return None
        fork = plan_fork(self.plan, self.name, self.log, start=chance.choice(paths))
        following = Simulation(self.graph.seed, continues=self)
        following.start = r.StartRun(inputs=fork.inputs, kind="fork", parent=self.name, adopted=fork.adopted)
        return following

    def _come_to_an_end(self) -> None:
        """Nobody disturbs it any more. What waits for ever is cancelled in the end."""
        self.people.is_eager = True
        if self.held and not self.state.has_ended:
            self._record([])
        for step in range(ENDING_MAX):
            if self.state.has_ended:
                return
            if step in CANCELS:
                self._record([(r.CancelRun(rollback=self.dice.random() < 0.3), "ada")])
            else:
                self._step()
        raise BrokenRule(10, f"the run has not ended after {STEPS_MAX + ENDING_MAX} steps")

    def _step(self) -> None:
        self.now += self.dice.choice((0, 1, 1000, SECOND // 2))
        moves = self._moves()
        if not self.people.is_eager:
            moves += self._disturbances()
        if not moves:
            raise BrokenRule(10, "nothing can move the run on, and it has not ended")
        weights = [weight for weight, _ in moves]
        _, move = self.dice.choices(moves, weights)[0]
        move()

    def _moves(self) -> list[Move]:
        """What moves the run on."""
        found: list[Move] = [(5, partial(self._go_on, flight)) for flight in self.world.flights.values()]
        found += [(5, partial(self._find_out, each)) for each in self.world.findings]
        due = self._next_due()
        if due is not None:
            found.append((2, lambda: self._pass_time(due)))
        said = 3 if self.people.is_eager else self.habits.people
        found += [(said, partial(self._ask, *asked)) for asked in self.people.could_say(self.state)]
        return found

    def _disturbances(self) -> list[Move]:
        habits = self.habits
        found: list[Move] = [
            (habits.events, lambda: self._ask(*self.people.any_event())),
            (habits.pauses, lambda: self._ask(r.PauseRun(), "ben")),
            (habits.pauses, lambda: self._ask(*self.people.some_mode())),
            (habits.cancels, lambda: self._ask(*self.people.some_cancel(self.state))),
            (habits.crashes, self._crash),
            (habits.crashes / 2, self._lose_an_append),
            (habits.crashes / 2, self._leave),
        ]
        if self.world.told:
            found.append((habits.echoes, self._tell_again))
        return [(weight, move) for weight, move in found if weight]

    # --- recording ---

    def _ask(self, request: r.Request, by: str) -> None:
        """A request, recorded at once or together with the next."""
        if isinstance(request, r.GiveRemedy) and request.act == "edit":
            self.world.truth.is_asked_for_anew(request.path)
        self.held.append((request, by))
        if self.dice.random() >= self.habits.batches or self.people.is_eager:
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
        self.state, self.refused = arrived.state, arrived.refused
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

    def _go_on(self, flight: Flight) -> None:
        """A call goes on: with its next step, or with what came of it."""
        attempt = attempt_of(self.plan, self.state, flight.path, flight.effect)
        noted = self.world.go_on(flight, attempt)
        if noted is None:
            self._ask(self.world.land(flight, self.now), "")
        elif isinstance(noted, r.StepNoted):
            self._record([(noted, "")])
            self.world.was_noted(flight, noted, is_refused=self.refused[-1] is not None)

    def _find_out(self, finding: FindOut) -> None:
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

    def _leave(self) -> None:
        """The worker leaves in good order: what came of its calls is put on record, and nothing is decided."""
        asked = [*self.held, *((told, "") for told in self.world.stop())]
        self.held = []
        arrived = admit_all(self.plan, self.state, asked, at=self.now)
        self.log += arrived.events
        for event in arrived.events:
            self.watch.see(event)
        self._reload()

    def _compare_flights(self) -> None:
        in_state = sorted((call.path, call.effect) for call in interrupted(self.plan, self.state))
        if in_state != list(self.world.in_flight()):
            raise BrokenRule(5, f"in flight are {self.world.in_flight()}, and the state says {in_state}")

    def _reload(self) -> None:
        self.state = fold(self.plan, RunState(self.name), self.log)
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
