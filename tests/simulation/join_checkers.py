"""Watchers of what may begin: joins and edges (rules 8 to 15), items and rounds, and limits on calls."""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from interlock.core import events as e
from interlock.core import plan as p
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Instance, Shadow


class CountsJoins:
    """Rule 8: a node begins when its edges say so and is skipped when they can say so no more; each once."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.may_cancel: set[str] = set()
        """Paths that somebody or something may cancel."""
        self.must_cancel: dict[str, str] = {}
        """Paths that must be settled, or on their way, before anything else starts; and why."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeCancelAsked():
                self.may_cancel.add(event.path)
            case e.NodeStarted() | e.NodeOpened() | e.NodeWaiting() | e.NodeSucceeded() | e.NodeFailed():
                instance = self.shadow.get(event.path)
                if instance.status == "pending" or isinstance(event.body, e.NodeStarted | e.NodeOpened):
                    self._see_first(instance, event)
                if isinstance(event.body, e.NodeStarted | e.NodeOpened):
                    self._see_obligations(event)
            case e.NodeSkipped() as body:
                self._see_skip(self.shadow.get(event.path), body)
            case e.NodeCancelled() | e.NodeCancelling():
                self._see_cancel(self.shadow.get(event.path))
            case e.ScopeOpened(outcome=None) as body:
                self._see_copy(self.shadow.owner(event.path), body)
            case _:
                pass

    def saw(self, event: e.Event) -> None:
        for instance in self.shadow.settled_last:
            if instance.status == "succeeded":
                self._note(instance, instance.node.cancels, f"{instance.path} succeeded and cancels it")
            stood_in_for = instance.node.stands_in_for
            failed = () if stood_in_for is None else instance.scope.nodes[stood_in_for].node.edges
            for edge in (*instance.node.edges, *failed):
                self._note_rest(instance.scope.nodes[edge.target])
        if isinstance(event.body, e.EdgeDecided):
            on = self.shadow.get(event.path)
            self._note_rest(on.scope.nodes[on.node.edges[event.body.ordinal].target])

    def _note_rest(self, target: Instance) -> None:
        if target.node.cancels_rest and target.is_ready and target.status == "pending" and not target.broken:
            self._note(target, target.node.cancels_rest, f"{target.path} is ready and needs it no more")

    def _note(self, by: Instance, indexes: tuple[int, ...], why: str) -> None:
        if by.scope.stopping is not None:
            return
        for index in indexes:
            other = by.scope.nodes[index]
            self.may_cancel.add(other.path)
            if not other.is_settled:
                self.must_cancel[other.path] = why

    def _see_obligations(self, event: e.Event) -> None:
        for path, why in list(self.must_cancel.items()):
            instance = self.shadow.get(path)
            if not (instance.is_settled or instance.is_cancelling or instance.scope.has_ended):
                stopping = any(scope.stopping is not None for scope in self.shadow.above(instance.scope))
                if not stopping:
                    raise BrokenRule(8, f"{event.path} starts before {path} is cancelled, although {why}")
            del self.must_cancel[path]

    def _see_first(self, instance: Instance, event: e.Event) -> None:
        if instance.scope.stopping is not None:
            raise BrokenRule(2, f"{event.type} {event.path} begins in a scope that has been stopped")
        if isinstance(event.body, e.NodeFailed | e.NodeWaiting) and self._may_fail_unready(instance):
            return  # the condition of an edge to it failed, or it is a fuse that has lost its candidates
        if instance.node.stands_in_for is not None:
            failed = instance.scope.nodes[instance.node.stands_in_for]
            if failed.status != "failed":
                raise BrokenRule(8, f"{event.path} stands in for {failed.path}, which has not failed")
        elif not instance.is_ready:
            raise BrokenRule(8, f"{event.type} {event.path} with {_counts(instance)}")

    @staticmethod
    def _may_fail_unready(instance: Instance) -> bool:
        return instance.broken or (isinstance(instance.node.work, p.FuseWork) and instance.can_never_be)

    def _see_skip(self, instance: Instance, body: e.NodeSkipped) -> None:
        if instance.scope.stopping is not None and instance.status == "pending":
            raise BrokenRule(2, f"{instance.path} is skipped in a scope that has been stopped")
        match body.because:
            case ("cancelled",):
                if instance.path not in self.may_cancel:
                    raise BrokenRule(8, f"{instance.path} is cancelled and nobody asked for it")
            case ("when",):
                if not instance.is_ready and instance.node.stands_in_for is None:
                    raise BrokenRule(8, f"{instance.path} is skipped by its `when` with {_counts(instance)}")
            case ("join",) | ("requirement",):
                if instance.node.stands_in_for is None and not instance.can_never_be:
                    raise BrokenRule(8, f"{instance.path} is skipped with {_counts(instance)}")
            case _:
                pass

    def _see_cancel(self, instance: Instance) -> None:
        is_asked = instance.path in self.may_cancel or instance.is_cancelling
        if not is_asked and instance.scope.stopping is None and not _inner_was_cancelled(self.shadow, instance):
            raise BrokenRule(8, f"{instance.path} is cancelled and nobody asked for it")

    @staticmethod
    def _see_copy(owner: Instance, body: e.ScopeOpened) -> None:
        match owner.node.work:
            case p.EachWork() as work:
                if owner.open >= work.parallel:
                    raise BrokenRule(8, f"{owner.path} opens item {body.index} with {owner.open} open")
            case p.LoopWork() as work:
                if owner.open or body.index >= work.max:
                    raise BrokenRule(8, f"{owner.path} opens round {body.index} with {owner.open} open")
            case _:
                pass
        if body.index != owner.opened:
            raise BrokenRule(8, f"{owner.path} opens copy {body.index} after {owner.opened} others")


def _inner_was_cancelled(shadow: Shadow, instance: Instance) -> bool:
    """A graph whose scope was cancelled as a whole is cancelled with it."""
    return isinstance(instance.node.work, p.GraphWork)


def _counts(on: Instance) -> str:
    return (
        f"{on.fired} edges fired and {on.dead} dead of {on.node.control} (join {on.node.join.how} {on.node.join.n}), "
        f"{on.unmet} requirements open and {on.dead_requirements} dead"
    )


class KeepsLimits:
    """Rule 6: no limit on calls is passed, counted from intents alone."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self._intended: set[str] = set()

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeStarted():
                self._charge(self.shadow.get(event.path))
            case e.EffectIntended(question=None, effect=effect) if effect not in self._intended:
                self._intended.add(effect)  # begun once more under its id, it is still one call
                self._charge(self.shadow.instance(event.path))  # of an undo there is none, and it is free
            case _:
                pass

    def _charge(self, instance: Instance | None) -> None:
        while instance is not None:
            instance.calls += 1
            budget = instance.node.budget
            if budget is not None and budget.calls is not None and instance.calls > budget.calls:
                raise BrokenRule(6, f"{instance.path} makes call {instance.calls} of {budget.calls}")
            scope = instance.scope
            scope.calls += 1
            if scope.body.budget and scope.body.budget.calls and scope.calls > scope.body.budget.calls:
                raise BrokenRule(6, f"{scope.key!r} makes call {scope.calls} of {scope.body.budget.calls}")
            instance = scope.owner
