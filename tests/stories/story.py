"""A story: a graph in YAML, driven step by step through the pure core, with the world played by the test.

Everything is real but the world: the graph is compiled as a user's would be, requests are admitted, the core settles.
Time stands still unless the story says that it passes. When its run ends, every story is read once more from its
log: that must give the same state again, and each decision in it must be the one that `decide` comes to (rule 47).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.admit import waits
from interlock.core.paths import node_at
from interlock.core.plan import EffectClass, Plan, ToolContract
from interlock.core.settle import admit_all, fold, settle, unpacked
from interlock.core.state import (
    Attempt,
    Calling,
    Live,
    RunState,
    Waiting,
    copy_state,
    encode_state,
    node_status,
    status_of,
)
from interlock.core.values import Pack, Packer, Value, decode
from interlock.core.verdicts import Judge
from interlock.core.verify import Verification
from tests.stories.graphs import TOOLS, Graphs, compiled

SECOND = 1_000_000


class Story:
    """One run, and what the test does to it. With a `packer`, large values are kept outside of the state."""

    def __init__(
        self,
        text: str,
        *,
        tools: tuple[ToolContract, ...] = TOOLS,
        graphs: Graphs | None = None,
        plan: Plan | None = None,
        packer: Packer | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.plan = plan or compiled(text, tools=tools, graphs=graphs)
        self.state = RunState("run")
        self.now = SECOND
        self.log: list[e.Event] = []
        self.kept: dict[str, Value] = {}
        """The values that are kept outside of the state, by digest."""
        self.needed: list[str] = []
        """The digests of those that a decision asked for, in order."""
        self.judge = judge
        """The policy in force, if there is one; a test may put another in force."""
        self._packer = packer
        self._pack: Pack = packer or unpacked

    @classmethod
    def of(cls, plan: Plan) -> Story:
        """Another run of a graph that is compiled already."""
        return cls("", plan=plan)

    # --- what happens: requests ---

    def starts(self, **inputs: Value) -> Story:
        """The run is started with these inputs."""
        return self.receives(r.StartRun(inputs=inputs))

    def receives(self, request: r.Request, by: str = "ada") -> Story:
        """A request that is admitted; a refusal fails the test."""
        refused = self.offers(request, by)
        assert refused is None, refused
        return self

    def receives_many(self, requests: Sequence[r.Request], by: str = "ada") -> Story:
        """Requests that are admitted one after the other, in one turn; a refusal fails the test."""
        refused = self._admit(requests, by)
        assert refused == [None] * len(requests), refused
        return self

    def offers(self, request: r.Request, by: str = "ada") -> str | None:
        """A request that may be refused: the reason, or None."""
        return self._admit([request], by)[0]

    def refusal(self, request: r.Request, by: str = "ada") -> r.Refused | None:
        """A request that may be refused: the whole refusal, or None."""
        return self._answers([request], by)[0]

    def _admit(self, requests: Sequence[r.Request], by: str) -> list[str | None]:
        return [refused.reason if refused else None for refused in self._answers(requests, by)]

    def _answers(self, requests: Sequence[r.Request], by: str) -> list[r.Refused | None]:
        asked = [(request, by) for request in requests]
        arrived = admit_all(self.plan, self.state, asked, at=self.now, pack=self._pack)
        self.log += arrived.events
        self.state = arrived.state
        self._settle()
        return list(arrived.refused)

    def _settle(self) -> None:
        had_ended = self.state.has_ended
        settled = settle(self.plan, self.state, at=self.now, blobs=self._load(), pack=self._pack, judge=self.judge)
        while settled.need:
            self.log += settled.events
            self.needed += sorted(settled.need)
            blobs = self._load(settled.need)
            settled = settle(self.plan, settled.state, at=self.now, blobs=blobs, pack=self._pack, judge=self.judge)
        self.log += settled.events
        self.state = settled.state
        if self.state.has_ended and not had_ended:
            self._read_again()

    def _load(self, digests: frozenset[str] = frozenset()) -> dict[str, Value]:
        """The values asked for. Whatever was put aside meanwhile is kept first."""
        if self._packer is not None:
            self.kept |= {digest: decode(data) for digest, data in self._packer.take_fresh().items()}
        return {digest: self.kept[digest] for digest in digests}

    def _read_again(self) -> None:
        self._load()
        verification = Verification(self.plan, RunState("run"), self.log, self._pack)
        found = verification.go_on(self.kept)
        assert found is None, found
        state = verification.state
        assert encode_state(state) == encode_state(self.state), "the log gives another state when it is read again"
        assert (state.calls_in_flight, state.waits, state.waiters) == (0, 0, {}), "something lives on after the end"

    def migrates_to(self, plan: Plan) -> Story:
        """The run goes on on another plan, by which its log is folded anew before anything is decided."""
        request = r.MigrateRun(bundle=plan.bundle_hash, graph_hash=plan.graph_hash, checked=self.state.seq)
        arrived = admit_all(self.plan, self.state, [(request, "ada")], at=self.now, pack=self._pack)
        assert arrived.refused == (None,), arrived.refused
        self.log += arrived.events
        self.plan = plan
        self.state = fold(plan, RunState("run"), self.log)
        self._settle()
        return self

    def answers(self, path: str, choice: str, by: str = "ada") -> Story:
        """A person answers a question with a choice."""
        return self.receives(r.Answer(path=path, by=by, choice=choice), by)

    def fills_in(self, path: str, by: str = "ada", **form: Value) -> Story:
        """A person answers a question with a form."""
        return self.receives(r.Answer(path=path, by=by, form=form), by)

    def says(
        self, path: str, verdict: Literal["promote", "block", "rollback"], by: str = "ada", why: str = ""
    ) -> Story:
        """A person's verdict on a held gate."""
        return self.receives(r.GiveVerdict(path=path, by=by, verdict=verdict, why=why), by)

    def remedies(
        self,
        path: str,
        act: Literal["retry", "edit", "skip", "fail"],
        input: Value = None,
        by: str = "ada",
    ) -> Story:
        """What a person wants done about a failure that is held."""
        return self.receives(r.GiveRemedy(path=path, by=by, act=act, input=input), by)

    def sends(self, name: str, data: Value = None, id: str = "") -> Story:
        """An event comes from outside; without an id it has one of its own."""
        return self.receives(r.SendEvent(id=id or f"event-{len(self.log)}", name=name, data=data))

    def pauses(self) -> Story:
        """Somebody pauses the run."""
        return self.receives(r.PauseRun(by="ada"))

    def resumes(self) -> Story:
        """Somebody lets the run go on."""
        return self.receives(r.ResumeRun(by="ada"))

    def cancels(self, path: str = "", *, rollback: bool = False) -> Story:
        """Somebody cancels the run, or a node of it."""
        return self.receives(r.CancelNode(path=path) if path else r.CancelRun(rollback=rollback))

    def moves_to(self, mode: Literal["normal", "degraded", "minimal"]) -> Story:
        """Somebody moves the run to another mode."""
        return self.receives(r.SetMode(mode=mode))

    def completes(self, path: str) -> Story:
        """Somebody ends an `each` with the items it has."""
        return self.receives(r.CompleteNode(path=path))

    def settles(
        self,
        path: str,
        status: Literal["done", "not_done"],
        out: Value = None,
    ) -> Story:
        """It is found out what became of the effect of a node (or of its undo: `pay!undo`)."""
        return self.receives(r.SettleEffect(effect=self.effect(path), status=status, out=out, by="ada"))

    def settles_step(self, path: str, status: Literal["done", "not_done"], out: Value = None) -> Story:
        """It is found out what became of a journaled step."""
        return self.receives(r.SettleEffect(effect=path, status=status, out=out, by="ada"))

    # --- what happens: the world ---

    def does(self, path: str, out: Value = None, *labels: str) -> Story:
        """The effect in flight at a path is done."""
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "done", out, labels)))

    def fails(
        self, path: str, kind: e.ErrorClass = "failed", message: str = "it broke", *, retryable: bool = True
    ) -> Story:
        """The effect in flight at a path has failed, and is known to have."""
        error = e.Error(kind, message, path)
        result = e.NodeResult(self.effect(path), "failed", error=error, retryable=retryable)
        return self.receives(r.Result(path=path, result=result))

    def gives(self, path: str, result: e.NodeResult) -> Story:
        """What came of the effect in flight at a path, in full."""
        return self.receives(r.Result(path=path, result=result))

    def is_lost(self, path: str, kind: e.ErrorClass = "lost") -> Story:
        """Nobody knows what became of the effect in flight at a path."""
        error = e.Error(kind, "nobody knows", path)
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "unknown", error=error)))

    def intends(
        self,
        path: str,
        ordinal: int,
        name: str = "step",
        *,
        effect: EffectClass = "once",
        question: e.Question | None = None,
    ) -> Story:
        """The code in flight at a path journals that it is about to make a step."""
        step = e.EffectIntended(ordinal, step_id(path, ordinal), name, effect_class=effect, question=question)
        return self.receives(r.StepNoted(path=path, step=step))

    def has_done(self, path: str, ordinal: int, out: Value = None) -> Story:
        """A journaled step is done."""
        return self.receives(r.StepNoted(path=path, step=e.EffectDone(ordinal, step_id(path, ordinal), out)))

    def has_lost(self, path: str, ordinal: int) -> Story:
        """Nobody knows what became of a journaled step."""
        step = e.EffectUnknown(ordinal, step_id(path, ordinal), e.Error("lost", "nobody knows"))
        return self.receives(r.StepNoted(path=path, step=step))

    def comes_to_a_doubt(self, path: str, ordinal: int) -> Story:
        """The call in flight at a path comes to a step that an earlier one had begun, and ends without making it."""
        self.has_lost(path, ordinal)
        error = e.Error("lost", "whether it happened is unknown", f"{path}.{ordinal}")
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "unknown", error=error)))

    def undoes(
        self, path: str, status: Literal["done", "failed", "unknown"] = "done", kind: e.ErrorClass = "failed"
    ) -> Story:
        """What came of taking back what a node did."""
        error = None if status == "done" else e.Error(kind, "it would not go back")
        result = e.UndoResult(self.effect(f"{path}!undo"), status, error)
        return self.receives(r.UndoneResult(path=f"{path}!undo", result=result))

    def waits_for(self, seconds: float) -> Story:
        """Time passes, and whatever is due fires."""
        self.now += round(seconds * SECOND)
        return self.receives(r.TimePassed())

    # --- what can be seen: now ---

    def effect(self, path: str) -> str:
        """The id of the effect in flight at a path, or of the one of which nobody knows what became."""
        if path in self.state.undoing:
            undoing = self.state.scopes[self.state.undoing[path]].undoing
            assert undoing is not None
            return undoing.attempt.effect
        return self.attempt(path).effect

    def attempt(self, path: str) -> Attempt:
        """The attempt that the node at a path is in, or of which nobody knows what became."""
        live = self._live(path)
        assert isinstance(live, Calling | Waiting), f"{path} is not in flight"
        assert live.attempt is not None, f"{path} has no effect"
        return live.attempt

    def _live(self, path: str) -> Live | None:
        found = node_at(self.plan, self.state, path)
        assert found is not None, f"{path} is not open"
        return found[0].live.get(found[1].index)

    def waiting(self, path: str) -> Waiting:
        """What the node at a path waits for."""
        live = self._live(path)
        assert isinstance(live, Waiting), f"{path} does not wait"
        return live

    @property
    def waits(self) -> dict[str, str]:
        """What every waiting node waits for, by path."""
        return {path: waiting.reason for path, waiting in waits(self.plan, self.state)}

    def status(self, path: str = "") -> str:
        """The status of the run, or of a node whose scope is open."""
        if not path:
            return status_of(self.state)
        found = node_at(self.plan, self.state, path)
        assert found is not None, f"{path} is not open"
        return node_status(found[0], found[1].index).word

    @property
    def in_flight(self) -> list[str]:
        """The paths of all effects in flight, and `x!undo` for what is being taken back."""
        started = [event.path for event in self.log if isinstance(event.body, e.NodeStarted)]
        undoing = [path for path, key in self.state.undoing.items() if self._is_being_undone(key)]
        return [path for path in dict.fromkeys(started) if self._is_in_flight(path)] + undoing

    def _is_in_flight(self, path: str) -> bool:
        found = node_at(self.plan, self.state, path)
        return found is not None and isinstance(found[0].live.get(found[1].index), Calling)

    def _is_being_undone(self, key: str) -> bool:
        undoing = self.state.scopes[key].undoing
        return undoing is not None and not undoing.waiting

    # --- what can be seen: the end ---

    @property
    def outcome(self) -> e.ScopeOutcome:
        """How the run ended."""
        assert self.state.outcome is not None, f"the run has not ended: it is {status_of(self.state)}"
        return self.state.outcome

    @property
    def outputs(self) -> Value:
        """What the run gave; it has succeeded."""
        assert self.outcome.status == "succeeded", self.outcome
        return self.outcome.out

    @property
    def error(self) -> e.Error:
        """Why the run did not succeed."""
        assert self.outcome.error is not None, self.outcome
        return self.outcome.error

    # --- what can be seen: the log ---

    @property
    def ends(self) -> dict[str, str]:
        """How each node ended, in the order of their ends. What a stopped scope never started is not told."""
        cancelling: set[str] = set()
        found: dict[str, str] = {}
        for event in self.log:
            match event.body:
                case e.NodeCancelling():
                    cancelling.add(event.path)
                case e.NodeResult(status="done") | e.EffectSettled(status="done") if event.path not in cancelling:
                    found[event.path] = "succeeded"
                case e.NodeSucceeded() | e.NodeFailed() | e.NodeSkipped() | e.NodeCancelled():
                    found[event.path] = event.type.removeprefix("node.")
                case _:
                    pass
        return {path: word for path, word in found.items() if "!" not in path and "." not in path}

    def told(self, *types: str) -> list[str]:
        """The log as `type path` lines, perhaps only events of some types."""
        return [f"{event.type} {event.path}".rstrip() for event in self.log if not types or event.type in types]

    def paths(self, event_type: str) -> list[str]:
        """The paths of all events of a type."""
        return [event.path for event in self.log if event.type == event_type]

    def bodies(self, event_type: str, path: str | None = None) -> list[Value]:
        """The bodies of all events of a type, perhaps only of one path."""
        return [event.body for event in self.log if event.type == event_type and path in {None, event.path}]

    def last(self, event_type: str, path: str | None = None) -> Value:
        """The body of the last event of a type."""
        return self.bodies(event_type, path)[-1]

    def given(self, path: str) -> Value:
        """The input with which the node at a path was last started."""
        return self.last("node.started", path).input

    def decision(self, path: str) -> e.Decision:
        """The last decision on record about a node."""
        decisions = [getattr(event.body, "decision", None) for event in self.log if event.path == path]
        return next(decision for decision in reversed(decisions) if decision is not None)

    # --- and again ---

    def replayed(self) -> RunState:
        """The state by the log alone."""
        return fold(self.plan, RunState("run"), self.log)

    def copy(self) -> RunState:
        """A state of one's own, as it is now."""
        return copy_state(self.state)


def step_id(path: str, ordinal: int) -> str:
    """The id that these stories give to a journaled step."""
    return f"{path}.{ordinal}"
