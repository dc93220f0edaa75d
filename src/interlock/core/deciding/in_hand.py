"""What a decision is made with: the plan, the state, the matter in hand, and a reader of the scope it is about.

Reads only. The kinds of decisions each have a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from interlock.core import events as e
from interlock.core.deciding.failing import is_held
from interlock.core.deciding.reading import Reader
from interlock.core.expressions import EvaluationError, Expression
from interlock.core.paths import body_of, path_of
from interlock.core.plan import Node, Plan, ScopePlan, Template
from interlock.core.state import Live, Matter, RunState, Scope
from interlock.core.values import Blobs, Pack, Value
from interlock.core.verdicts import AskPolicy


class Deciding:
    """One matter in its place."""

    __slots__ = ("_path", "blobs", "body", "judge", "matter", "pack", "plan", "scope", "state")

    def __init__(
        self, plan: Plan, state: RunState, blobs: Blobs, pack: Pack, matter: Matter, *, judge: AskPolicy | None = None
    ) -> None:
        self.plan = plan
        self.state = state
        self.blobs = blobs
        self.pack = pack
        self.matter = matter
        self.judge = judge
        self._path: str | None = None
        self.scope: Scope = state.scopes[matter.scope]
        self.body: ScopePlan = body_of(plan, self.scope)

    @property
    def node(self) -> Node:
        """The matter's node."""
        return self.body.nodes[self.matter.node]

    @property
    def live(self) -> Live | None:
        """What the matter's node does, if it lives."""
        return self.scope.live.get(self.matter.node)

    @property
    def path(self) -> str:
        """The path of the matter's node."""
        if self._path is None:
            self._path = path_of(self.plan, self.scope, self.matter.node)
        return self._path

    def reader(self, extra: Mapping[str, Value] | None = None) -> Reader:
        """What can be read from the matter's scope."""
        return Reader(self.plan, self.state, self.scope, self.blobs, extra)

    def template(self, template: Template) -> Value:
        """What a template comes to, with what is too large put aside."""
        return self.pack(self.reader().template(template))

    def holds(self, condition: Expression) -> bool:
        """Whether a condition is exactly true here."""
        return self.reader().holds(condition)

    def command(self, body: e.Decided) -> e.Command:
        """The command about the matter's node."""
        return e.Command(self.path, body, self.matter.cause)

    def scope_command(self, body: e.Decided) -> e.Command:
        """The command about the matter's scope."""
        return e.Command(self.scope.key, body, self.matter.cause)

    def failed(self, error: e.Error, decision: e.Decision | None = None) -> e.Command:
        """The node fails; where the graph holds failures for people and nothing handles this one, it waits for them."""
        if is_held(self.reader(), self.node, error):
            return self.command(e.NodeWaiting("failure", error=error, decision=decision))
        return self.command(e.NodeFailed(error, decision))

    def invalid(self, problem: EvaluationError | str, decision: e.Decision | None = None) -> e.Command:
        """The node fails because something it was told to evaluate cannot be."""
        return self.failed(e.Error("invalid", str(problem), self.path), decision)
