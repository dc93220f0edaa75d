"""What is on record of one agent's work: its attempts, the steps of each, and its calls of models. Pure.

An agent works at the path of its node (`fix`), or of the step by which another agent has called it (`lead.2`). The
steps are those that the core's own state holds for it, so an agent that is stepped over them is told what it was told.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.evolve import evolve
from interlock.core.evolving.under_way import attempt_at
from interlock.core.paths import node_of_step, split_step, step_path
from interlock.core.plan import Plan
from interlock.core.spending import NOTHING, Spending
from interlock.core.state import RunState
from interlock.core.values import Value
from interlock.engine.journaling import journaled
from interlock.tools.journal import JournaledStep, StepEvent, StepStatus

TURN: Final = "turn "
"""How the keys of an agent's calls of models begin: `turn 3`."""


class ModelCall(Struct, frozen=True, kw_only=True):
    """One call of a model by an agent, as it is on record. One that was lost and made once more is two."""

    path: str
    attempt: int
    turn: int
    agent: str
    model: str
    """The model that was chosen; nothing where none could be."""
    tries: int = 1
    digest: str = ""
    """The digest of what was asked."""
    manifest: Value = None
    decisions: tuple[e.Decision, ...] = ()
    """What the policy said of the models, and which was chosen of which."""
    at: int = 0
    ended_at: int | None = None
    status: StepStatus = "intended"
    reply: Value = None
    error: e.Error | None = None
    held: Spending = NOTHING
    spent: Spending = NOTHING
    simulated: bool = False


class AgentAttempt(Struct, frozen=True, kw_only=True):
    """One attempt of an agent: what it was given, and what was on record of its steps when it ended, or is by now."""

    agent: str
    path: str
    number: int
    input: Value
    steps: tuple[JournaledStep, ...] = ()


class _Begun(Struct):
    """What an agent was called with."""

    agent: str
    input: Value


class AgentRecord:
    """Takes the events of a run from its first on, and keeps what is about the agent at one path."""

    def __init__(self, plan: Plan, run: str, path: str) -> None:
        self._plan = plan
        self._path = path
        self._node = node_of_step(path)
        self._ordinals = _ordinals_to(path)
        self._state = RunState(run)
        self._begun: _Begun | None = None
        self._attempt = 0
        self._attempts: dict[int, AgentAttempt] = {}
        self._calls: dict[tuple[str, int], ModelCall] = {}
        """By the effect's id, and the try: an attempt may settle what one before it began under the same id."""
        self._decided: dict[int, list[e.Decision]] = {}
        """What was decided about a step that has not begun."""

    def take(self, event: e.Event) -> None:
        """One more event, the next of the log."""
        if isinstance(event.body, e.NodeResult) and event.path == self._node:
            self._keep_attempt()
        self._state = evolve(self._plan, self._state, event)
        match event.body:
            case e.NodeStarted() as body if event.path == self._node:
                self._attempt = body.attempt
                if event.path == self._path:
                    self._begun = _Begun(body.tool, body.input)
            case e.EffectIntended(kind="agent") as body:
                path = step_path(event.path, body.ordinal)
                if path == self._path:
                    self._begun = _Begun(body.name, body.input)
            case _:
                pass
        if event.path == self._path:
            self._note(event)

    def attempts(self) -> dict[int, AgentAttempt]:
        """Its attempts, by number."""
        self._keep_attempt()
        return self._attempts

    def calls(self) -> list[ModelCall]:
        """Its calls of models, in the order in which they began."""
        return list(self._calls.values())

    # --- attempts ---

    def _keep_attempt(self) -> None:
        """The steps as they are just now: of an attempt that has ended the state keeps none."""
        attempt = attempt_at(self._plan, self._state, self._node)
        begun = self._begun
        if attempt is None or begun is None:
            return
        steps = tuple(journaled(ordinal, step) for ordinal, step in attempt.steps.items())
        for ordinal in self._ordinals:
            inner = next((step for step in steps if step.ordinal == ordinal), None)
            steps = () if inner is None else inner.inside
        self._attempts[attempt.number] = AgentAttempt(
            agent=begun.agent,
            path=self._path,
            number=attempt.number,
            input=begun.input,
            steps=steps,
        )

    # --- calls of models ---

    def _note(self, event: e.Event) -> None:
        match event.body:
            case e.DecisionMade() as body if body.ordinal:
                self._decided.setdefault(body.ordinal, []).append(body.decision)
                if body.error is not None and body.key.startswith(TURN):
                    self._note_refusal(event, body, body.error)
            case e.EffectIntended(kind="model") as body:
                self._note_begun(event, body)
            case e.EffectDone() as body:
                known = self._calls.get((body.effect, body.tries))
                if known is not None:
                    settled = replace(known, status="done", reply=body.out, spent=body.spent or NOTHING)
                    self._keep(body, replace(settled, ended_at=event.at, simulated=body.simulated))
            case e.EffectFailed() as body:
                known = self._calls.get((body.effect, body.tries))
                if known is not None and known.status == "intended":
                    settled = replace(known, status="failed", error=body.error, spent=body.spent or NOTHING)
                    self._keep(body, replace(settled, ended_at=event.at, simulated=body.simulated))
            case e.EffectUnknown() as body:
                known = self._calls.get((body.effect, body.tries))
                if known is not None:
                    lost = replace(known, status="unknown", error=body.error, spent=known.held, ended_at=event.at)
                    self._keep(body, lost)
            case _:
                pass

    def _note_begun(self, event: e.Event, body: e.EffectIntended) -> None:
        begun = replace(
            self._call_at(event, body.ordinal, body.key),
            model=body.name,
            tries=body.tries,
            digest=body.digest,
            manifest=body.manifest,
            held=body.reserve or NOTHING,
        )
        self._keep(body, begun)

    def _note_refusal(self, event: e.Event, body: e.DecisionMade, error: e.Error) -> None:
        refused = self._call_at(event, body.ordinal, body.key)
        self._keep(body, replace(refused, ended_at=event.at, status="failed", error=error))

    def _call_at(self, event: e.Event, ordinal: int, key: str) -> ModelCall:
        """What every call is known by, with the decisions that were made about it."""
        return ModelCall(
            path=step_path(self._path, ordinal),
            attempt=self._attempt,
            turn=_turn_of(key),
            agent=self._begun.agent if self._begun else "",
            model="",
            decisions=tuple(self._decided.pop(ordinal, ())),
            at=event.at,
        )

    def _keep(self, body: StepEvent, call: ModelCall) -> None:
        self._calls[body.effect, body.tries if not isinstance(body, e.DecisionMade) else 1] = call


def _turn_of(key: str) -> int:
    return int(key.removeprefix(TURN))


def _ordinals_to(path: str) -> list[int]:
    """By which steps a path leads into its node: those of `lead.2.5` are 2 and 5."""
    ordinals: list[int] = []
    while (address := split_step(path)) is not None:
        path, ordinal = address
        ordinals.insert(0, ordinal)
    return ordinals
