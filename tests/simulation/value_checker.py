"""A watcher of values: what nodes that hold others give, and what is passed on, is put together a second time.

Values that are kept outside of the events are not looked into.
"""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.values import Value, is_map, refs_in
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Instance, Scope, Shadow


class GivesValues:
    """Rule 8: an `each` gives a list in the order of its items, a loop its last round, a graph what it leaves over."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.values: dict[str, Value] = {}
        """By the path of a node that has a value."""
        self.copies: dict[str, dict[int, Value]] = {}
        """By the path of a node that holds scopes: what came of each that ended well."""
        self.counts: dict[str, int] = {}

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeOpened(count=count):
                self.counts[event.path], self.copies[event.path] = count, {}
            case e.ScopeEnded() as body:
                self._see_end(self.shadow.scopes[event.path], body)
            case e.RunEnded() as body if body.outcome.status == "succeeded":
                scope = self.shadow.scopes[""]
                if scope.body.outputs is None:
                    self._compare("the run", body.outcome.out, self._left_over(scope))
            case _:
                pass

    def saw(self, event: e.Event) -> None:
        for instance in self.shadow.settled_last:
            if instance.status == "succeeded":
                self.values[instance.path] = self._value_of(instance, event)
                self._see_value(instance, event)
                self._stand_in(instance)

    def _stand_in(self, instance: Instance) -> None:
        """What stands in for a failed node gives that its value, and so on outwards."""
        while instance.node.stands_in_for is not None:
            failed = instance.scope.nodes[instance.node.stands_in_for]
            self.values[failed.path] = self.values[instance.path]
            instance = failed

    def _see_end(self, scope: Scope, body: e.ScopeEnded) -> None:
        if scope.owner is not None and body.outcome.status == "succeeded":
            out = self._composed(scope) if body.composed else body.outcome.out
            self.copies[scope.owner.path][scope.index] = out

    def _value_of(self, instance: Instance, event: e.Event) -> Value:
        match event.body:
            case e.NodeSucceeded(composed=True):
                return self._held(instance)
            case e.NodeSucceeded(out=out) | e.NodeResult(out=out) | e.EffectSettled(out=out):
                return out
            case _:
                return None

    def _held(self, instance: Instance) -> Value:
        copies = self.copies[instance.path]
        match instance.node.work:
            case p.EachWork():
                return [copies.get(index) for index in range(self.counts[instance.path])]
            case _:
                return copies.get(max(copies, default=0))

    def _composed(self, scope: Scope) -> Value:
        if scope.body.single:
            return self.values.get(scope.nodes[0].path)
        if scope.body.kind in {"graph", "block"}:
            return self._left_over(scope)
        return {node.node.name: self.values[node.path] for node in scope.nodes if node.path in self.values}

    def _left_over(self, scope: Scope) -> Value:
        nodes = [scope.nodes[index] for index in scope.body.unfollowed]
        return {node.node.name: self.values.get(node.path) for node in nodes}

    def _see_value(self, instance: Instance, event: e.Event) -> None:
        """What a `value` passes on unchanged is what the named node has given, or null."""
        work = instance.node.work
        given: Value = event.body.out if isinstance(event.body, e.NodeSucceeded) else None
        if not isinstance(work, p.ValueWork) or not isinstance(work.template, p.MapOf) or not is_map(given):
            return
        for key, template in work.template.items:
            if isinstance(template, p.BarePath) and len(template.chain) == 1:
                named = self._named(instance.scope, template.chain[0])
                if named is not None:
                    self._compare(f"{instance.path}.{key}", given[key], self.values.get(named.path))

    def _named(self, scope: Scope, name: str) -> Instance | None:
        """The nearest node of that name, looking outwards."""
        for here in self.shadow.above(scope):
            if not here.body.single and name in here.body.index:
                return here.nodes[here.body.index[name]]
        return None

    @staticmethod
    def _compare(what: str, given: Value, expected: Value) -> None:
        if given != expected and not refs_in(given) and not refs_in(expected):
            raise BrokenRule(8, f"{what} gives {given}, and its parts give {expected}")
