"""The state of a run: a fold of its log, owned by whoever folds it and changed in place by `evolve` alone.

One `Scope` for each open copy of a list of nodes, held as flat arrays by node index; scopes that ended are dropped, so
memory follows what is open. Everything in it can be written to bytes and read back (`encode_state`, `decode_state`).
What is kept here is what a decision may need, and nothing that only people or pages want. What a node or a matter
holds has no cycles, so the collector of cycles need not walk it (`gc=False`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct, field

from interlock.core.events import Decision, Error, KnownKind, Question, RunStatus, ScopeOutcome, TimerKind, Undone
from interlock.core.lifecycle import RUN_ENDED, NodeStatus
from interlock.core.plan import Budget, Micros
from interlock.core.spending import Spending
from interlock.core.values import ENCODER, Value, decode_leaf

QUEUED: Final = 1
"""Flag: the node's fate is already a matter; later edges no longer count."""
COMPENSATED: Final = 2
"""Flag: what the node did has been undone."""

DEATHS_MAX: Final = 3
"""An effect whose worker died this often in it, in a row and with nothing settled between, fails as `lost`."""

MAILBOX_MAX: Final = 1_000
"""How many received events of one name wait for somebody, before the door refuses more."""

# --- What is open about a node or scope ------------------------------------------------------------------------------

MatterKind: TypeAlias = Literal[
    "ready",  # every edge it needs has fired: evaluate and start it
    "dead",  # it can never start: skip it (a fuse without candidates fails)
    "broken",  # the condition of an edge to it failed
    "again",  # it waits no longer (backoff over, remedy given): start another attempt
    "tried",  # an attempt has settled and was no plain success
    "due",  # its timer has fired
    "got",  # what it waited for has come
    "offer",  # an event came for which somebody may wait
    "next",  # a node that holds scopes may go on
    "edge",  # a conditional edge wants deciding
    "undo",  # it finished: the input of its undo wants fixing
    "end",  # nothing in the scope is left to do
    "compensate",  # the next thing to take back
    "cancel",  # it has to stop
    "stop",  # the scope has to stop
]


class Matter(Struct, gc=False, array_like=True):
    """One open question about a node (`node` >= 0) or a scope. Answered by exactly one command."""

    kind: MatterKind
    scope: str
    node: int = -1
    detail: Value = None
    cause: int = 0


class Agenda(Struct):
    """Matters, first in, first out. A list with a head: a dict as a queue is quadratic."""

    items: list[Matter] = field(default_factory=list[Matter])
    head: int = 0

    def add(self, matter: Matter) -> None:
        """Put a matter at the end."""
        self.items.append(matter)

    def first(self) -> Matter | None:
        """The oldest matter."""
        return self.items[self.head] if self.head < len(self.items) else None

    def drop_first(self) -> None:
        """The oldest matter is answered or overtaken."""
        self.head += 1
        if self.head == len(self.items):
            self.items.clear()
            self.head = 0
        elif self.head > 1_000 and self.head * 2 > len(self.items):
            del self.items[: self.head]
            self.head = 0

    def clear(self) -> None:
        """Nothing is open any more."""
        self.items.clear()
        self.head = 0

    def __len__(self) -> int:
        return len(self.items) - self.head


class Timers(Struct):
    """What is due when, by path and kind. A heap with lazy removal: an entry counts while `live` names its order."""

    heap: list[tuple[int, int, str, TimerKind]] = field(default_factory=list[tuple[int, int, str, TimerKind]])
    live: dict[str, int] = field(default_factory=dict[str, int])
    order: int = 0

    def set(self, path: str, kind: TimerKind, due: int) -> None:
        """Wake this path at that instant; an earlier wish of the kind is replaced."""
        self.order += 1
        self.live[f"{kind} {path}"] = self.order
        heapq.heappush(self.heap, (due, self.order, path, kind))

    def clear(self, path: str, *kinds: TimerKind) -> None:
        """Forget wishes to be woken."""
        for kind in kinds:
            self.live.pop(f"{kind} {path}", None)

    def first(self) -> tuple[int, str, TimerKind] | None:
        """The earliest timer."""
        if not self.heap:
            return None
        due, _, path, kind = self.heap[0]
        return due, path, kind

    def tidy(self) -> None:
        """Drops from the front what was cleared or set anew. For `evolve` alone: a reader must change nothing."""
        while self.heap and not self._is_live(self.heap[0]):
            heapq.heappop(self.heap)

    def due_by(self, at: int) -> list[tuple[str, TimerKind]]:
        """Paths and kinds of everything that is due at an instant, the earliest first."""
        return [
            (path, kind) for due, order, path, kind in sorted(self.heap) if due <= at and self.is_set(path, kind, order)
        ]

    def is_set(self, path: str, kind: TimerKind, order: int | None = None) -> bool:
        """Whether a wish to be woken stands (the one of that order, if it matters)."""
        found = self.live.get(f"{kind} {path}")
        return found is not None and (order is None or found == order)

    def _is_live(self, entry: tuple[int, int, str, TimerKind]) -> bool:
        _, order, path, kind = entry
        return self.is_set(path, kind, order)


# --- Limits ----------------------------------------------------------------------------------------------------------


class Account(Struct, gc=False):
    """A limit, what was spent of it, and what is held for calls that are out."""

    limit: Budget
    grants: int = 1
    """How often it was granted: a person may grant as much again."""
    calls: int = 0
    steps: int = 0
    usd: int = 0
    tokens: int = 0
    usd_held: int = 0
    tokens_held: int = 0


# --- Live nodes ------------------------------------------------------------------------------------------------------


class Step(Struct, gc=False):
    """A step that a node's own code journaled: a contact with the world, or a question to a person."""

    effect: str
    name: str
    key: str
    effect_class: str
    status: Literal["intended", "done", "failed", "unknown", "not_done", "ended"] = "intended"
    """`ended`: the graph that it has called has, and the agent has not taken that in."""
    out: Value = None
    error: Error | None = None
    question: Question | None = None
    input: Value = None
    """Of a call that may be made only once: its arguments, until it is known what became of it."""
    holds: bool = False
    """Its node neither ends nor is tried again while nobody knows what became of it."""
    kind: KnownKind = ""
    digest: str = ""
    tries: int = 1
    reserve: Spending | None = None
    """What is held for it while it is under way."""
    raises: str = ""
    account: Account | None = None
    """The limits of everything inside it."""
    tainted: bool = False
    """Of a graph that it called, once that has ended: whether the run was tainted by then."""
    steps: dict[int, Step] = field(default_factory=dict[int, Any])
    """The steps inside it."""

    @property
    def must_be_known(self) -> bool:
        """Whether somebody has to say what became of it, once it is lost. An agent makes others of its steps anew."""
        return self.kind == "" or self.effect_class == "once"


def all_steps(steps: Mapping[int, Step]) -> Iterator[tuple[str, Step]]:
    """Steps and the steps inside them, each with its address: `3`, `3.1`."""
    for ordinal, step in steps.items():
        yield str(ordinal), step
        for inner, each in all_steps(step.steps):
            yield f"{ordinal}.{inner}", each


class Attempt(Struct, gc=False):
    """One try at an effect, and what came of it."""

    number: int
    effect: str
    digest: str
    input: Value
    first: int = 1
    """The attempt that first used the effect's id: the ids of its steps carry that number."""
    deaths: int = 0
    deaths_in_a_row: int = 0
    """Those since something in it last settled."""
    moved: bool = False
    """Something in it has settled since a worker last died in it."""
    status: Literal["", "done", "failed", "unknown", "not_done"] = ""
    out: Value = None
    labels: tuple[str, ...] = ()
    error: Error | None = None
    retryable: bool = True
    has_failed: bool = False
    """It is known to have failed, and only of some of its steps is it still to be known what became."""
    steps: dict[int, Step] = field(default_factory=dict[int, Step])
    waits: bool = False
    """While it is in flight: all that is under way in it waits for people, or for a graph that it has called."""


class Calling(Struct, gc=False, tag="calling"):
    """An effect of it is in flight."""

    attempt: Attempt
    since: int = 0
    cancelling: bool = False


class BackingOff(Struct, gc=False, tag="backing_off"):
    """The next attempt is due later. Holds no slot."""

    attempt: Attempt
    cancelling: bool = False


class Waiting(Struct, gc=False, tag="waiting"):
    """It waits for a person, a time, an event, a verdict, a remedy, or for what became of its effect."""

    reason: Literal["person", "hold", "failure", "time", "event", "reconcile", "approval", "budget"]
    since: int = 0
    attempt: Attempt | None = None
    question: Question | None = None
    answers: dict[str, Value] = field(default_factory=dict[str, Any])
    event: str = ""
    match: str = ""
    error: Error | None = None
    decision: Decision | None = None
    given: Value = None
    has_held: bool = False
    """Scopes of it have run, under paths that are taken: it cannot be opened again."""
    errors: tuple[tuple[int, Error], ...] = ()
    """What items of it have failed with, where it is an `each` that is held."""
    cancelling: bool = False
    limit: str = ""
    """Whose limit it waits for."""


class Opened(Struct, tag="opened"):
    """It holds scopes: the items of an `each`, the round of a `loop`, the body of a graph."""

    count: int = 0
    items: Value = None
    inputs: Value = None
    next: int = 0
    open: int = 0
    succeeded: int = 0
    results: dict[int, Value] = field(default_factory=dict[int, Any])
    errors: dict[int, Error] = field(default_factory=dict[int, Error])
    outcome: ScopeOutcome | None = None
    round: Value = None
    """The values of the round that has just ended."""
    last: Value = None
    """The values of the round before it."""
    facts: Value = None
    """What `nodes.x` tells of the round that has just ended, if the loop's `until` asks."""
    closing: Literal["", "failed", "timeout", "quorum", "complete"] = ""
    error: Error | None = None
    undos: list[Undone] = field(default_factory=list[Undone])
    standing: list[str] = field(default_factory=list[str])
    cancelling: bool = False


Live: TypeAlias = Calling | BackingOff | Waiting | Opened


class Note(Struct, gc=False):
    """What is known of a settled node besides its value, where there is anything to say."""

    labels: tuple[str, ...] = ()
    error: Error | None = None
    attempts: int = 1
    errors: tuple[tuple[int, Error], ...] = ()


class Undoing(Struct, gc=False):
    """The one thing of a scope that is being taken back."""

    entry: Undone
    attempt: Attempt
    waiting: Literal["", "backoff", "reconcile"] = ""
    """What the next move waits for: time, or somebody who knows what became of the last one."""
    since: int = 0
    """The number of the event with which it began to wait."""


# --- Scopes and the run ----------------------------------------------------------------------------------------------


class Scope(Struct):
    """One open copy of a list of nodes. `body` is its place in the plan, `key` begins the paths of its nodes."""

    key: str
    body: int
    status: bytearray
    flags: bytearray
    fired: list[int]
    dead: list[int]
    unmet: list[int]
    unsettled: int
    parent: str = ""
    owner: int = -1
    """The node of the parent scope that holds this one; -1 for the root and for a `finally`."""
    index: int = 0
    inputs: Value = None
    values: dict[int, Value] = field(default_factory=dict[int, Any])
    notes: dict[int, Note] = field(default_factory=dict[int, Note])
    live: dict[int, Live] = field(default_factory=dict[int, Live])
    fired_by: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    unhandled: dict[int, int] = field(default_factory=dict[int, int])
    """Failed nodes whose fate hangs on conditional edges: how many are still undecided."""
    broken: dict[int, Error] = field(default_factory=dict[int, Error])
    accounts: dict[int, Account] = field(default_factory=dict[int, Account])
    """Limits: of nodes by index, of the graph itself at -1."""
    stopping: Literal["", "failed", "cancelled", "blocked", "closing"] = ""
    stop_queued: bool = False
    end_queued: bool = False
    error: Error | None = None
    rollback: bool = False
    undos: list[Undone] = field(default_factory=list[Undone])
    standing: list[str] = field(default_factory=list[str])
    not_undone: list[str] = field(default_factory=list[str])
    compensating: bool = False
    """Something is still to be taken back."""
    is_taking_back: bool = False
    """It has begun to take back what it did, and has neither ended since nor come to its `finally`."""
    undoing: Undoing | None = None
    outcome: ScopeOutcome | None = None
    """How it ended, while its `finally` still runs."""
    finishing: bool = False


class Received(Struct, gc=False, array_like=True):
    """An event that came from outside, or was emitted by the run itself."""

    id: str
    name: str
    data: Value
    seq: int


class Adopted(Struct, gc=False):
    """A result of the parent run that stands in for running the node again."""

    seq: int
    out: Value
    labels: tuple[str, ...]
    attempts: int
    effect: str = ""
    sent: Value = None
    is_shared: bool = False


class RunState(Struct):
    """Everything that a decision about a run may depend on."""

    run: str
    tenant: str = "local"
    seq: int = 0
    at: int = 0
    started_at: int = 0
    outcome: ScopeOutcome | None = None
    is_paused: bool = False
    is_cancel_asked: bool = False
    mode: Literal["normal", "degraded", "minimal"] = "normal"
    policy: str = ""
    """The digest of the policy that was in force at the last movement."""
    is_refused: bool = False
    """Whether it may not run at all: it ends at once, and tidies nothing up."""
    is_tainted: bool = False
    """Something in it has read what somebody outside may have written: agents that begin later may hear of it."""
    budget_line: list[str] = field(default_factory=list[str])
    """The nodes that wait until what is held for other calls is given back, in the order of their coming."""
    scopes: dict[str, Scope] = field(default_factory=dict[str, Scope])
    stops: Agenda = field(default_factory=Agenda)
    matters: Agenda = field(default_factory=Agenda)
    timers: Timers = field(default_factory=Timers)
    calls_in_flight: int = 0
    calls_waiting: int = 0
    """Of those, the ones that do nothing but wait."""
    waits: int = 0
    compensating: int = 0
    undoing: dict[str, str] = field(default_factory=dict[str, str])
    """Undo path to the key of the scope that takes it back."""
    wall_limit: int = 0
    wall_used: int = 0
    wall_since: int = 0
    mailbox: dict[str, list[Received]] = field(default_factory=dict[str, list[Received]])
    waiters: dict[str, dict[str, list[str]]] = field(default_factory=dict[str, dict[str, list[str]]])
    seen_events: dict[str, None] = field(default_factory=dict[str, None])
    adopted: dict[str, Adopted] = field(default_factory=dict[str, Adopted])

    @property
    def has_ended(self) -> bool:
        """Whether the run is over, for good."""
        return self.outcome is not None


StatusWord: TypeAlias = RunStatus | Literal["pending", "running", "waiting", "paused", "compensating"]


def status_of(state: RunState) -> StatusWord:
    """The one word for where a run stands."""
    if state.outcome is not None:
        return state.outcome.status
    if state.seq == 0:
        return "pending"
    if state.is_paused:
        return "paused"
    if state.compensating:
        return "compensating"
    is_moving = state.calls_in_flight > state.calls_waiting or state.matters or state.stops
    if (state.waits or state.calls_waiting) and not is_moving:
        return "waiting"
    return "running"


def is_ended(status: str) -> bool:
    """Whether a run's status is for good."""
    return status in RUN_ENDED


def next_due(state: RunState) -> Micros | None:
    """When the run wants to be woken, if nothing else happens before."""
    if state.outcome is not None:
        return None
    timer = state.timers.first()
    due = timer[0] if timer else None
    if state.wall_limit and state.wall_since:
        wall = state.wall_since + state.wall_limit - state.wall_used
        due = wall if due is None else min(due, wall)
    return due


def node_status(scope: Scope, index: int) -> NodeStatus:
    """The status of one node of a scope."""
    return NodeStatus(scope.status[index])


STATE_FORM: Final = 8
"""Which form of the state `encode_state` writes: raised with every change of its shape or of what it means."""

_DECODER: Final = msgspec.msgpack.Decoder(RunState, ext_hook=decode_leaf)


def encode_state(state: RunState) -> bytes:
    """The state as bytes: equal states give equal bytes."""
    return ENCODER.encode(state)


def decode_state(data: bytes) -> RunState:
    """A state as it was when it was written; it decides as the one that was written would have."""
    return _DECODER.decode(data)


def copy_state(state: RunState) -> RunState:
    """A state of one's own, for whoever does not own the original."""
    return decode_state(encode_state(state))
