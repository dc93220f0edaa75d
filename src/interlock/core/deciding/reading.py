"""Reading values: what a name means in a scope, and what a template or a condition comes to.

Raises `Missing` where a value is kept outside the state, and `EvaluationError` where an expression cannot be answered;
`decide` turns the one into `Need` and the other into a failure. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from interlock.core import plan as p
from interlock.core.deciding.missing import Missing
from interlock.core.events import ScopeOutcome
from interlock.core.expressions import EvaluationError, Expression
from interlock.core.kept_lists import NoListError, appended, tail_of
from interlock.core.node_facts import node_facts
from interlock.core.paths import body_of
from interlock.core.state import Opened, RunState, Scope
from interlock.core.values import Blobs, KeptList, Ref, Secret, Value, instant_text, is_map, refs_in, with_refs_replaced

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Absent:
    """The value of a name that has none: a node that did not succeed, the round before the first."""


ABSENT: Final = _Absent()


def instant(at: int) -> datetime:
    """An event's time as expressions see it."""
    return EPOCH + timedelta(microseconds=at)


class Reader:
    """What can be read from one scope. `extra` holds names that exist only here: `candidate`, `event`, a round's."""

    __slots__ = ("blobs", "extra", "plan", "scope", "state")

    def __init__(
        self, plan: p.Plan, state: RunState, scope: Scope, blobs: Blobs, extra: Mapping[str, Value] | None = None
    ) -> None:
        self.plan = plan
        self.state = state
        self.scope = scope
        self.blobs = blobs
        self.extra = extra or {}

    def template(self, template: p.Template) -> Value:
        """What a template comes to. A value passed on unchanged stays a reference."""
        match template:
            case p.Constant():
                return template.value
            case p.BarePath():
                return self._bare_path(template.chain)
            case p.Computed():
                return template.expression.evaluate(self.values_for(template.expression))
            case p.SecretNamed():
                return Secret(template.name)
            case p.Text():
                return "".join(self._text(part) for part in template.parts)
            case p.MapOf():
                return {key: self.template(item) for key, item in template.items}
            case p.Appended():
                return self._appended(template)
            case p.Tail():
                return self._tail(template)
            case p.ListOf():
                return [self.template(item) for item in template.items]

    def _appended(self, template: p.Appended) -> Value:
        try:
            return appended(self.template(template.list), self.template(template.item), self.blobs)
        except NoListError as problem:
            raise EvaluationError(f"nothing can be appended: {problem}") from problem

    def _tail(self, template: p.Tail) -> Value:
        try:
            return tail_of(self.template(template.list), template.count, self.blobs)
        except NoListError as problem:
            raise EvaluationError(f"it has no tail: {problem}") from problem

    def holds(self, condition: Expression) -> bool:
        """Whether a condition is exactly true."""
        return condition.holds(self.values_for(condition))

    def values_for(self, expression: Expression) -> dict[str, Value]:
        """What an expression may see, and no more: the names it mentions, loaded."""
        values: dict[str, Value] = {}
        for root in expression.roots:
            match root:
                case "nodes":
                    values[root] = self._settled([chain[1] for chain in expression.mentions if chain[0] == "nodes"])
                case "now":
                    values[root] = instant(self.state.at)
                case "run":
                    values[root] = self._run() | {"started_at": instant(self.state.started_at)}
                case _:
                    chains = [chain for chain in expression.mentions if chain[0] == root]
                    values[root] = self._loaded_along(self._root(root), chains)
        return values

    def is_absent(self, chain: p.Chain) -> bool:
        """Whether a bare path begins with a node that has no value."""
        return chain[0] not in {"nodes", "now", "run"} and self._root(chain[0]) is ABSENT

    # --- names ---

    def _root(self, name: str) -> Value:
        """The value behind a name, innermost scope first; a graph is a wall."""
        if name in self.extra:
            return self.extra[name]
        scope = self.scope
        while True:
            body = body_of(self.plan, scope)
            index = body.index.get(name)
            if index is not None and not body.single:
                return scope.values.get(index, ABSENT)
            if body.kind == "graph":
                return self._graph_root(name, scope)
            variable = self._variable(name, scope, body)
            if variable is not ABSENT:
                return variable
            scope = self.state.scopes[scope.parent]

    def _graph_root(self, name: str, scope: Scope) -> Value:
        match name:
            case "inputs":
                return scope.inputs
            case "run":
                return self._run()
            case _:
                raise EvaluationError(f"`{name}` means nothing here")

    def _variable(self, name: str, scope: Scope, body: p.ScopePlan) -> Value:
        """The variable of the `each` or `loop` that holds this scope; absent if that has another name."""
        if body.kind not in {"item", "round"}:
            return ABSENT
        parent = self.state.scopes[scope.parent]
        work = body_of(self.plan, parent).nodes[scope.owner].work
        held = parent.live[scope.owner]
        assert isinstance(held, Opened)
        match work:
            case p.EachWork() if name == work.item:
                return self.loaded(held.items)[scope.index]
            case p.EachWork() if name == f"{work.item}_index":
                return scope.index
            case p.LoopWork() if name == work.round:
                return round_value(scope.index, held.last)
            case _:
                return ABSENT

    def _run(self) -> dict[str, Value]:
        run: dict[str, Value] = {"id": self.state.run, "mode": self.state.mode}
        ended = self._graph_ended()
        return run if ended is None else run | {"status": ended.status}

    def _graph_ended(self) -> ScopeOutcome | None:
        """How the graph ended in whose `finally` this stands; of one inside another, the innermost counts."""
        scope = self.scope
        while scope.key:
            if body_of(self.plan, scope).kind == "finally":
                return self.state.scopes[scope.parent].outcome
            scope = self.state.scopes[scope.parent]
        return None

    def _settled(self, names: list[str]) -> dict[str, Value]:
        return {name: self._node_facts(name) for name in names}

    def _node_facts(self, name: str) -> Value:
        """What is known of a node, innermost scope first. Of a round that has ended it was kept."""
        if name in self.extra.get("nodes", ()):
            return self.extra["nodes"][name]
        scope = self.scope
        while (index := body_of(self.plan, scope).index.get(name)) is None:
            assert scope.key, f"the compiler let `nodes.{name}` pass, and there is no such node here"
            scope = self.state.scopes[scope.parent]
        return node_facts(self.plan, scope, index)

    # --- values ---

    def _bare_path(self, chain: p.Chain) -> Value:
        root, *fields = chain
        if root in {"nodes", "now", "run"}:
            value: Value = self._special(chain)
            fields = fields[1:] if root == "nodes" else fields
        else:
            value = self._root(root)
        for position, name in enumerate(fields):
            if value is ABSENT:
                return None
            value = self.loaded(value)
            if not is_map(value) or name not in value:
                place = ".".join(chain[: position + 1])
                raise EvaluationError(f"`{place}` has no `{name}`, so `${{{'.'.join(chain)}}}` has no value")
            value = value[name]
        return None if value is ABSENT else value

    def _special(self, chain: p.Chain) -> Value:
        match chain[0]:
            case "nodes":
                return self._node_facts(chain[1])
            case "now":
                return instant_text(instant(self.state.at))
            case _:
                return self._run() | {"started_at": instant_text(instant(self.state.started_at))}

    def _text(self, part: str | Expression) -> str:
        if isinstance(part, str):
            return part
        for root in part.roots:
            if root not in {"nodes", "now", "run"} and self._root(root) is ABSENT and not part.is_guarded(root):
                raise EvaluationError(f"`{root}` has no value, so the text with `${{{part.source}}}` cannot be made")
        value = part.evaluate(self.values_for(part))
        return as_text(value)

    def loaded(self, value: Value) -> Value:
        """The value itself where it is a reference; what lies deeper in it stays as it is."""
        if isinstance(value, KeptList):
            return self._loaded_whole(value)
        if not isinstance(value, Ref):
            return value
        if value.digest not in self.blobs:
            raise Missing(frozenset({value.digest}))
        return self.loaded(self.blobs[value.digest])

    def _loaded_along(self, value: Value, chains: list[p.Chain]) -> Value:
        """The value with everything loaded that the chains reach; what they do not reach stays out."""
        if value is ABSENT:
            return {}
        value = self.loaded(value)
        if not is_map(value) or any(len(chain) == 1 for chain in chains):
            return self._loaded_whole(value)
        by_field: dict[str, list[p.Chain]] = {}
        for chain in chains:
            by_field.setdefault(chain[1], []).append(chain[1:])
        return {name: self._loaded_along(value[name], rest) for name, rest in by_field.items() if name in value}

    def _loaded_whole(self, value: Value) -> Value:
        if is_map(value) and value.get("last") is ABSENT:
            nothing: Value = {}
            value = value | {"last": nothing}
        missing = {ref.digest for ref in refs_in(value)} - self.blobs.keys()
        if missing:
            raise Missing(frozenset(missing))
        return with_refs_replaced(value, lambda ref: self._loaded_whole(self.blobs[ref.digest]))


def round_value(index: int, last: Value) -> dict[str, Any]:
    """The variable of a loop: its number, and the values of the round before (absent in the first)."""
    return {"index": index, "last": ABSENT if last is None else last}


def as_text(value: Value) -> str:
    """How a value stands within text: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
