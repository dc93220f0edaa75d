"""The plan: a compiled graph, everything the core has to know about it, and nothing that it would have to look up.

Made by `compile`, read by `admit`, `decide` and `evolve`, never changed. Names are resolved to indexes, text to
templates, durations to microseconds; every default is filled in. A plan is derived from a bundle and is not stored.
Nothing in it refers back to what holds it, so the garbage collector is told not to look (`gc=False`): a plan may be
large, and stays.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.durations import Micros as Micros  # noqa: PLC0414 - plans are full of them, and found with them
from interlock.core.spending import MicroUsd
from interlock.core.values import JsonSchema as JsonSchema  # noqa: PLC0414 - as are schemas

if TYPE_CHECKING:
    from interlock.core.agent_contract import AgentContract
    from interlock.core.cron import Cron
    from interlock.core.expressions import Expression
    from interlock.core.schemas import Schema
    from interlock.core.values import Value

LANGUAGE: Final = 1
"""The version of the graph language that this release compiles and decides."""

Chain: TypeAlias = tuple[str, ...]
EffectClass: TypeAlias = Literal["read", "idempotent", "once"]
OnFailure: TypeAlias = Literal["stop", "rollback", "hold"]
Otherwise: TypeAlias = Literal["block", "hold", "rollback"]
OUTCOMES: Final = ("succeeded", "failed", "skipped", "cancelled")

ROOT: Final = 0
"""The index of the root graph's scope in `Plan.scopes`."""


POOL_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
DEFAULT_POOL: Final = "default"
"""The pool of what says nothing of pools."""


class Permissions(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a tool needs of the world around it. What is not named it does not get where it is kept in a sandbox."""

    hosts: tuple[str, ...] = ()
    """The hosts it speaks to: `api.example.com`, `*.example.com`, `*`."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    """Files, as patterns within the run's workspace."""
    external: bool = False
    """Whether it changes something outside this project and its workspace."""


NO_PERMISSIONS: Final = Permissions()
"""Those of a tool that speaks to nobody and touches no file."""

Risk: TypeAlias = Literal["low", "medium", "high"]


class ToolTerms(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """On what terms a tool is called: what may go wrong, what it needs, how often it may be called, what it costs."""

    risk: Risk = "low"
    permissions: Permissions = NO_PERMISSIONS
    rate_per_minute: int | None = None
    usd: int = 0
    """What a call costs, in micro-dollars: held before it, booked after it."""
    undo: str = ""
    """The tool that takes back what a call did."""
    sandbox: bool = False
    """Whether it runs in a sandbox, or not at all."""


class ToolContract(Struct, frozen=True, gc=False, kw_only=True):
    """What a graph may know of a tool: data, so that compiling needs no code. Part of the bundle."""

    name: str
    effect: EffectClass = "once"
    description: str = ""
    input: JsonSchema | None = None
    output: JsonSchema | None = None
    labels: tuple[str, ...] = ()
    can_reconcile: bool = False
    terms: ToolTerms | None = None
    """None: the plain ones. A bundle of a tool without terms is what it was before there were any."""

    @property
    def is_foreign(self) -> bool:
        """Whether its results may hold what somebody outside has written: in an answer, or in a file that it reads."""
        return self.terms is not None and bool(self.terms.permissions.hosts or self.terms.permissions.reads)


# --- Templates: how an input is made of literals and expressions -----------------------------------------------------


class Constant(Struct, frozen=True, gc=False, tag=True):
    """A value that stands in the document as it is."""

    value: Value


class BarePath(Struct, frozen=True, gc=False, tag=True):
    """`${a.b.c}` as a whole string: the value itself, or null where `a` is absent. Needs no evaluation."""

    chain: Chain


class Computed(Struct, frozen=True, gc=False, tag=True):
    """Any other whole `${…}`: the expression's value, of its own type."""

    expression: Expression


class SecretNamed(Struct, frozen=True, gc=False, tag=True):
    """`${secrets.name}`: an opaque handle, filled at the door when the call is dispatched."""

    name: str


class Text(Struct, frozen=True, gc=False, tag=True):
    """Text in which expressions stand; an absent value in it is an error."""

    parts: tuple[str | Expression, ...]


class Appended(Struct, frozen=True, tag=True):
    """`${append(list, item)}`: the list with one more item, at a cost that does not grow with the list."""

    list: Template
    item: Template


class Tail(Struct, frozen=True, tag=True):
    """`${tail(list, n)}`: the last items of a list, of which the rest need not be loaded."""

    list: Template
    count: int


class MapOf(Struct, frozen=True, gc=False, tag=True):
    """A map whose values are templates."""

    items: tuple[tuple[str, Template], ...]


class ListOf(Struct, frozen=True, gc=False, tag=True):
    """A list whose items are templates."""

    items: tuple[Template, ...]


Template: TypeAlias = Constant | BarePath | Computed | SecretNamed | Text | Appended | Tail | MapOf | ListOf


# --- What a node does ------------------------------------------------------------------------------------------------


class ToolWork(Struct, frozen=True, gc=False, tag="tool"):
    """Call a tool with the node's input."""

    tool: str


class AgentWork(Struct, frozen=True, gc=False, tag="agent"):
    """Let an agent work with the node's input, until it finishes."""

    agent: str


class ValueWork(Struct, frozen=True, gc=False, tag="value"):
    """Compute a value at once."""

    template: Template


class Check(Struct, frozen=True, gc=False):
    """One check of a gate: `text` is how the author wrote it."""

    expression: Expression
    text: str


class GateWork(Struct, frozen=True, gc=False, tag="gate"):
    """Let the run pass only if every check is true."""

    checks: tuple[Check, ...]
    otherwise: Otherwise


class HumanWork(Struct, frozen=True, gc=False, tag="human"):
    """Ask a person: `choices` or a `form` (a JSON Schema), never both."""

    question: Template
    choices: tuple[str, ...]
    form: JsonSchema | None
    quorum: int
    otherwise: str | None


class FuseWork(Struct, frozen=True, gc=False, tag="fuse"):
    """Make one value of several candidates. `sources` are node indexes in the order of `from`."""

    how: Literal["best_of", "vote", "weighted", "merge"]
    sources: tuple[int, ...]
    by: Expression | None
    weights: tuple[tuple[int, float], ...]
    conflict: Literal["fail", "first"]
    need: int


class EachWork(Struct, frozen=True, gc=False, tag="each"):
    """One scope of `body` for each item of a list."""

    items: Template
    item: str
    parallel: int
    quorum: int | None
    body: int


class LoopWork(Struct, frozen=True, gc=False, tag="loop"):
    """Rounds of `body`, one after the other, until `until` is true."""

    round: str
    until: Expression | None
    max: int
    at_max: Literal["fail", "accept"]
    body: int


class GraphWork(Struct, frozen=True, gc=False, tag="graph"):
    """Another graph, or an inline block, as a scope of the same run. A named graph's inputs are the node's input."""

    name: str | None
    body: int


class WaitWork(Struct, frozen=True, gc=False, tag="wait"):
    """Wait for a time, an instant or an event; exactly one of the three is given."""

    duration: Micros | None
    at: Template | None
    event: str | None
    match: Template | None
    where: Expression | None
    drops_early: bool


class EmitWork(Struct, frozen=True, gc=False, tag="emit"):
    """Send an event out, and offer it to the waits of this run. Its data is the node's input."""

    event: str


class ChooseCase(Struct, frozen=True, gc=False):
    """One case of a `choose`; without `when` it always holds."""

    label: str
    when: Expression | None


class ChooseWork(Struct, frozen=True, gc=False, tag="choose"):
    """Take the first case that holds as the label."""

    cases: tuple[ChooseCase, ...]


Work: TypeAlias = (
    ToolWork
    | AgentWork
    | ValueWork
    | GateWork
    | HumanWork
    | FuseWork
    | EachWork
    | LoopWork
    | GraphWork
    | WaitWork
    | EmitWork
    | ChooseWork
)


CallWork: TypeAlias = ToolWork | AgentWork | EmitWork
"""What is attempted: it may fail, and be tried again."""


# --- Nodes, edges, scopes --------------------------------------------------------------------------------------------


class Role(IntEnum):
    """What an edge counts for at its target."""

    CONTROL = 0
    """Counted by the join."""
    REQUIREMENT = 1
    """Must fire besides the join; dead, it skips the target."""


class Edge(Struct, frozen=True, gc=False):
    """A dependency of `target` on `source` (node indexes of one scope).

    `on`: the words it fires on; None means a plain edge (fires if the source succeeded, or failed with `continue`).
    `when`: decided by an event of its own. `handles`: a failure of the source counts as handled if this edge fires.
    `candidate`: an edge of a fuse's `from`: fires only if the source succeeded with a value.
    """

    source: int
    target: int
    role: Role = Role.CONTROL
    on: frozenset[str] | None = None
    when: Expression | None = None
    handles: bool = False
    candidate: bool = False


class Join(Struct, frozen=True, gc=False):
    """How control edges are counted: `all`, `any`, or a `quorum` of n (`first` is a quorum of one)."""

    how: Literal["all", "any", "quorum"] = "all"
    n: int = 0


class Retry(Struct, frozen=True, gc=False):
    """How failed attempts are repeated. `attempts` includes the first."""

    attempts: int = 1
    backoff: Micros = 1_000_000
    backoff_max: Micros = 60_000_000
    on: frozenset[str] = frozenset({"timeout", "unavailable", "rate_limited", "failed"})


class Budget(Struct, frozen=True, gc=False, omit_defaults=True):
    """Limits of a node or graph: `calls` counts contacts with the world, `wall` the time in which something runs.

    `usd` is money in micro-dollars, `steps` counts the turns of agents. With `asks` a person may raise a spent limit.
    """

    calls: int | None = None
    wall: Micros | None = None
    usd: int | None = None
    tokens: int | None = None
    steps: int | None = None
    asks: bool = False

    @property
    def counts(self) -> bool:
        """Whether anything of it is counted: `wall` is measured."""
        return not (self.calls is None and self.usd is None and self.tokens is None and self.steps is None)


class Undo(Struct, frozen=True, gc=False):
    """How a node's effect is taken back. The input is fixed when the node has finished."""

    tool: str
    input: Template
    retry: Retry
    timeout: Micros | None


class Node(Struct, frozen=True, gc=False, kw_only=True):
    """One node of a scope."""

    index: int
    name: str
    work: Work
    join: Join = Join()
    control: int = 0
    """How many control edges lead here."""
    requirements: int = 0
    """How many requirement edges lead here."""
    edges: tuple[Edge, ...] = ()
    """The edges that leave this node."""
    when: Expression | None = None
    input: Template | None = None
    retry: Retry = Retry()
    timeout: Micros | None = None
    continues: bool = False
    """`on_error: continue`."""
    fallback: int | None = None
    """The node that stands in when this one fails."""
    stands_in_for: int | None = None
    """The node whose fallback this is; such a node starts only by that failure."""
    budget: Budget | None = None
    undo: Undo | None = None
    cancels: tuple[int, ...] = ()
    """The nodes that are cancelled or skipped when this one succeeds."""
    cancels_rest: tuple[int, ...] = ()
    """What `cancel_rest` cancels when this node is ready: its direct sources and what led only to them."""
    labels: tuple[str, ...] = ()
    description: str = ""
    sources: tuple[str, ...] = ()
    """The nodes whose edges lead here."""
    price: MicroUsd = 0
    """What a call costs by the terms of its tool."""
    pool: str = ""
    """The workers that may perform its calls; nothing: those of the tool's own pool."""
    tags: tuple[str, ...] = ()
    """What such a worker must be besides."""

    @property
    def kind(self) -> str:
        """The kind key, such as `tool`."""
        return str(self.work.__struct_config__.tag)


ScopeKind: TypeAlias = Literal["graph", "block", "item", "round", "finally"]


class ScopePlan(Struct, frozen=True, gc=False, kw_only=True):
    """One list of nodes: the root, a sub-graph, a block, the body of an `each` or a `loop`, or a `finally`."""

    kind: ScopeKind
    nodes: tuple[Node, ...]
    index: dict[str, int]
    """Node name to index."""
    single: bool = False
    """The one node of an `each` with `do`: its path is the item's own."""
    outputs: tuple[tuple[str, Template], ...] | None = None
    """Declared outputs; None: the default value of this kind of scope."""
    unfollowed: tuple[int, ...] = ()
    """The nodes that no edge leaves: their values are a graph's default value."""
    # The rest is said by graphs alone.
    name: str = ""
    inputs: JsonSchema | None = None
    takes: Schema | None = None
    """The same, ready to judge what is given."""
    timeout: Micros | None = None
    budget: Budget | None = None
    on_failure: OnFailure = "stop"
    finally_: int | None = None


Overlap: TypeAlias = Literal["skip", "queue", "allow", "cancel"]
CatchUp: TypeAlias = Literal["none", "last", "all"]


class OnCron(Struct, frozen=True, gc=False, tag=True):
    """Runs are started at instants."""

    cron: Cron
    zone: str
    catch_up: CatchUp


class OnEvent(Struct, frozen=True, gc=False, tag=True):
    """Runs are started by events of a name."""

    event: str
    where: Expression | None
    key: Template | None
    """What may start one run at most; None: the event's id."""


class Trigger(Struct, frozen=True, gc=False, kw_only=True):
    """What starts runs of a released graph by itself."""

    name: str
    on: OnCron | OnEvent
    inputs: Template
    overlap: Overlap
    meaning: str
    """The same for triggers that are written alike."""


class Plan(Struct, frozen=True, gc=False, kw_only=True):
    """A compiled bundle. `scopes[ROOT]` is the graph itself; bodies are found by index."""

    name: str
    graph_hash: str
    bundle_hash: str
    language: int
    scopes: tuple[ScopePlan, ...]
    tools: dict[str, ToolContract]
    secrets: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    agents: dict[str, AgentContract] = {}
    called_graphs: dict[str, int] = {}
    """The graphs that agents may call, by the index of their scope."""

    @property
    def root(self) -> ScopePlan:
        """The graph's own scope."""
        return self.scopes[ROOT]

    def effect_of(self, work: Work) -> EffectClass:
        """How a node's effect may be repeated. Sending an event is repeated under its id, which is its key.

        So is an agent: what it did is on record step by step, and is not done again.
        """
        return self.tools[work.tool].effect if isinstance(work, ToolWork) else "idempotent"
