"""Watchers of effects: intents, results, repeats (rule 5), and of what is taken back (rule 4)."""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from msgspec import Struct

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.identity import effect_id
from interlock.core.values import digest_of
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Instance, Scope, Shadow


class Line(Struct):
    """What the log says of one effect."""

    path: str
    tool: str
    status: str = "intended"
    tries: int = 1
    settled: str = ""
    """What was found out after its outcome had been unknown."""


class KeepsLedger:
    """Rule 5: an intent before each result, a new id after a known failure, the same after an unknown one."""

    def __init__(self, shadow: Shadow, run: str) -> None:
        self.shadow = shadow
        self.run = run
        self.lines: dict[str, Line] = {}
        self.doubted: dict[str, set[str]] = {}
        """By path: the steps of which nobody knows what became."""
        self.last: dict[str, str] = {}
        """The last effect of each path."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeStarted() as body:
                self._see_intent(event.path, body.effect, body.tool, body.attempt)
                self._see_attempt(self.shadow.get(event.path), body)
            case e.UndoStarted() as body:
                self._see_intent(event.path, body.effect, body.tool, body.attempt)
            case e.NodeResult() | e.UndoResult() as body:
                line = self.lines.get(body.effect)
                if line is None or line.status != "intended":
                    raise BrokenRule(5, f"{event.path} has a result of {body.effect}, which is not in flight")
                # Who stopped the call before it was made has said so: there is nobody to ask.
                line.status, line.settled = ("unknown", "not_done") if body.status == "not_done" else (body.status, "")
            case e.RemedyGiven(act="edit"):
                # What is asked for now is something else, so it is another effect.
                self.last.pop(event.path, None)
            case e.EffectUnknown() as body:
                self.doubted.setdefault(event.path, set()).add(body.effect)
            case e.EffectSettled() as body:
                self._see_settled(event.path, body)
            case _:
                pass

    def _see_settled(self, path: str, body: e.EffectSettled) -> None:
        line = self.lines.get(body.effect)
        if line is not None and line.status == "unknown":
            line.settled = body.status
            return
        # A call that finds one of its steps in doubt does nothing else: with the last of them it is known as not done.
        node = path.rpartition(".")[0]
        doubted = self.doubted.get(node, set())
        doubted.discard(body.effect)
        if not doubted and node in self.last:
            self.lines[self.last[node]].settled = "not_done"

    def _see_intent(self, path: str, effect: str, tool: str, attempt: int) -> None:
        before = self.lines.get(self.last.get(path, ""))
        line = self.lines.get(effect)
        if line is None:
            if before is not None and before.status == "unknown" and before.settled != "not_done":
                raise BrokenRule(5, f"{path} takes a new id, and nobody knows what became of the one before")
            if effect != effect_id(self.run, path, attempt, 0):
                raise BrokenRule(5, f"{path} attempt {attempt} is named {effect}")
            if before is not None and before.status == "done":
                raise BrokenRule(5, f"{path} is attempted again after it was done")
            self.lines[effect] = Line(path, tool)
        else:
            self._see_repeat(path, effect, line)
        self.last[path] = effect

    def _see_repeat(self, path: str, effect: str, line: Line) -> None:
        if line.path != path or self.last.get(path) != effect:
            raise BrokenRule(5, f"{path} repeats {effect}, which is not its last")
        if line.status != "unknown" or line.settled == "done":
            raise BrokenRule(5, f"{path} repeats {effect}, of which it is known that it is {line.status}")
        is_once = bool(line.tool) and self._effect_class(line.tool) == "once"
        if is_once and line.settled != "not_done":
            raise BrokenRule(5, f"{path} repeats a `once` effect of which nobody knows what became")
        line.status, line.settled = "intended", ""
        line.tries += 1

    def _effect_class(self, tool: str) -> str:
        found = self.shadow.plan.tools.get(tool)
        return found.effect if found is not None else "idempotent"

    @staticmethod
    def _see_attempt(instance: Instance, body: e.NodeStarted) -> None:
        if body.digest != digest_of([body.tool, body.input]):
            raise BrokenRule(5, f"{instance.path} is intended under a digest that is not its request's")


class Kept(Struct):
    """Something that was done and can be taken back."""

    path: str
    of: int
    is_hopeless: bool = False
    """Whether the input of its undo could not be made, so that taking it back fails without a try."""


class Compensation(Struct):
    """A scope that takes back what it did."""

    scope: Scope
    left: list[Kept]
    under_way: Kept | None = None


class TakesBack:
    """Rule 4: what was done is taken back once each, one at a time, the last first; what cannot be is named."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.owed: dict[str, int] = {}
        """Nodes that have done something and whose undo is not fixed yet, with the number of what finished them."""
        self.kept: dict[str, Kept] = {}
        self.started: set[tuple[str, int]] = set()
        self.under_way: dict[str, Compensation] = {}
        self.failed: dict[str, list[str]] = {}
        self.standing: set[str] = set()
        """What was done and has no undo."""
        self.shared: set[str] = set()
        """What a fork has taken over: it is its parent's to take back."""
        self.wants: dict[str, bool] = {}
        """By scope: whether somebody asked for taking back."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeResult(status="done") | e.EffectSettled(status="done") | e.NodeSucceeded():
                self._see_done(event)
            case e.ResultAdopted(undo=e.Undone() as undone):
                self.kept[event.path] = Kept(event.path, undone.seq, is_hopeless=undone.error is not None)
            case e.ResultAdopted(is_shared=True):
                self.shared.add(event.path)
            case e.UndoKept() as body:
                self._see_kept(event.path, body)
            case e.RunStarted(kind="rollback"):
                self.wants[""] = True
            case e.RunCancelAsked(rollback=True):
                if not ("" in self.shadow.scopes and "finally/" in self.shadow.scopes):
                    self.wants[""] = True
            case e.NodeFailed(verdict="rollback"):
                scopes = list(self.shadow.above(self.shadow.get(event.path).scope))
                if not any(scope.body.kind == "finally" for scope in scopes):
                    self.wants[""] = True
            case e.ScopeCompensating() as body:
                self._see_begin(self.shadow.scopes[event.path], body)
            case e.UndoStarted() as body:
                self._see_undo(event.path, body)
            case e.UndoResult(status="done"):
                self._leave(event.path)
            case e.EffectSettled(status="done") if event.path.endswith("!undo"):
                self._leave(event.path)
            case e.UndoFailed():
                self._see_failed(event.path)
            case e.ScopeEnded() | e.RunEnded():
                self._see_end(self.shadow.scopes[event.path], event.body.outcome)
            case _:
                pass
        if isinstance(event.body, e.EffectSettled) and event.body.status == "done" and event.path.endswith("!undo"):
            self._leave(event.path)

    def _see_done(self, event: e.Event) -> None:
        instance = self.shadow.instance(event.path)
        if instance is None or event.path in self.owed:
            return
        if isinstance(event.body, e.NodeSucceeded) and event.body.adopted and event.path in self.shared:
            return
        if instance.node.undo is None:
            self._see_standing(instance)
            return
        if isinstance(event.body, e.NodeSucceeded) and not event.body.adopted:
            if not isinstance(instance.node.work, p.EachWork | p.LoopWork | p.GraphWork):
                return
            self._replace_inside(instance)
        self.owed[event.path] = event.seq

    def _see_standing(self, instance: Instance) -> None:
        """What has an effect and no undo stands, and is named where the run is rolled back."""
        work = instance.node.work
        if isinstance(work, p.ToolWork) and self.shadow.plan.tools[work.tool].effect != "read":
            self.standing.add(instance.path)

    def _replace_inside(self, instance: Instance) -> None:
        """The undo of a node that holds scopes stands for all that was done inside (rule 39)."""
        self.standing = {path for path in self.standing if not _is_inside(path, instance.path)}
        for path in [path for path in self.kept if _is_inside(path, instance.path)]:
            del self.kept[path]

    def _see_kept(self, path: str, body: e.UndoKept) -> None:
        if self.owed.get(path) != body.of:
            raise BrokenRule(4, f"the undo of {path} is fixed for event {body.of}, which did not finish it")
        del self.owed[path]
        self.kept[path] = Kept(path, body.of, is_hopeless=body.error is not None)

    def _see_begin(self, scope: Scope, body: e.ScopeCompensating) -> None:
        if any(_is_inside(path, scope.key) or scope.key == "" for path in self.owed):
            raise BrokenRule(4, f"{scope.key!r} takes back before the undos of {list(self.owed)} are fixed")
        left = [kept for kept in self.kept.values() if self._belongs(kept.path, scope)]
        if scope.key != "" and (scope.stopping is None or scope.stopping.cause != "failed"):
            raise BrokenRule(4, f"{scope.key} takes back what it did, and has not failed by itself")
        if body.n != len(left):
            raise BrokenRule(4, f"{scope.key!r} takes back {body.n} things and did {[kept.path for kept in left]}")
        if scope.key in self.under_way:
            raise BrokenRule(4, f"{scope.key!r} takes back twice")
        for kept in left:
            del self.kept[kept.path]
        self.under_way[scope.key] = Compensation(scope, sorted(left, key=lambda kept: kept.of))

    def _belongs(self, path: str, scope: Scope) -> bool:
        """What a `finally` did is not what its graph did."""
        instance = self.shadow.instance(path)
        if instance is None:
            return scope.key == ""  # taken over from the run before, whose scopes are gone
        scopes = list(self.shadow.above(instance.scope))
        return scope in scopes and not any(here.body.kind == "finally" for here in scopes[: scopes.index(scope)])

    def _see_undo(self, path: str, body: e.UndoStarted) -> None:
        compensation = self.under_way.get(body.scope)
        if compensation is None:
            raise BrokenRule(4, f"{path} starts and {body.scope!r} takes nothing back")
        if compensation.under_way is not None:
            if compensation.under_way.path + "!undo" != path:
                raise BrokenRule(4, f"{path} starts while {compensation.under_way.path} is being taken back")
            return
        expected = compensation.left.pop() if compensation.left else None
        if expected is None or expected.path + "!undo" != path or expected.of != body.of:
            raise BrokenRule(4, f"{path} of {body.of} starts, and {expected} comes first")
        if expected.is_hopeless:
            raise BrokenRule(4, f"{path} starts and its input could not be made")
        if (path, body.of) in self.started:
            raise BrokenRule(4, f"{path} is taken back twice")
        self.started.add((path, body.of))
        compensation.under_way = expected

    def _of(self, path: str) -> Compensation | None:
        found = (each for each in self.under_way.values() if each.under_way and each.under_way.path + "!undo" == path)
        return next(found, None)

    def _leave(self, path: str) -> None:
        compensation = self._of(path)
        if compensation is not None:
            compensation.under_way = None

    def _see_failed(self, path: str) -> None:
        compensation = self._of(path) or self._hopeless_in(path)
        if compensation is None:
            raise BrokenRule(4, f"{path} fails and was not under way")
        self.failed.setdefault(compensation.scope.key, []).append(path.removesuffix("!undo"))
        compensation.under_way = None

    def _hopeless_in(self, path: str) -> Compensation | None:
        """Where it is the turn of something that cannot even be tried to be taken back."""
        for compensation in self.under_way.values():
            is_next = compensation.under_way is None and bool(compensation.left)
            if is_next and compensation.left[-1].is_hopeless and compensation.left[-1].path + "!undo" == path:
                compensation.left.pop()
                return compensation
        return None

    def _see_end(self, scope: Scope, outcome: e.ScopeOutcome) -> None:
        owed = [path for path in self.owed if self._belongs(path, scope)]
        if owed:
            raise BrokenRule(4, f"{scope.key!r} ends before the undos of {owed} are fixed")
        compensation = self.under_way.pop(scope.key, None)
        if compensation is not None and (compensation.left or compensation.under_way):
            raise BrokenRule(4, f"{scope.key!r} ends and {compensation.left} was not taken back")
        missing = [path for path in self.failed.get(scope.key, []) if path not in outcome.not_undone]
        if missing:
            raise BrokenRule(4, f"{scope.key!r} ends and does not say that {missing} could not be taken back")
        if scope.key == "":
            self._see_run_end(scope, outcome)
        elif scope.body.on_failure == "rollback" and scope.stopping is not None and scope.stopping.cause == "failed":
            left = [kept.path for kept in self.kept.values() if self._belongs(kept.path, scope)]
            if left:
                raise BrokenRule(4, f"the graph {scope.key} failed by itself and {left} was not taken back")

    def _see_run_end(self, scope: Scope, outcome: e.ScopeOutcome) -> None:
        cause = scope.stopping.cause if scope.stopping else ""
        asked = self.wants.get("", False) and bool(cause)
        declared = scope.body.on_failure == "rollback" and cause in {"failed", "blocked"}
        left = [kept.path for kept in self.kept.values() if self._belongs(kept.path, scope)]
        if (asked or declared) and left:
            raise BrokenRule(4, f"a rollback was wanted and {left} was not taken back")
        if outcome.status == "rolled_back" and not (asked or declared):
            raise BrokenRule(4, "the run is rolled back and nobody asked for it")
        # What a graph in a `finally` could not take back is on record and changes no status.
        failed = [path for key, paths in self.failed.items() if "finally/" not in key for path in paths]
        if outcome.status != "failed" and failed:
            raise BrokenRule(4, f"the run {outcome.status} although {failed} could not be taken back")
        # What a `finally` did stands, though it has an undo; that of the run itself comes after its outcome.
        finals = {kept.path for kept in self.kept.values() if "finally/" in kept.path}
        standing = {path for path in self.standing | finals if not path.startswith("finally/")}
        if (asked or declared) and set(outcome.left_standing) != standing:
            raise BrokenRule(4, f"left standing are {standing}, and the run says {outcome.left_standing}")
        if (asked or declared) and outcome.status not in {"rolled_back", "failed"}:
            raise BrokenRule(4, f"a rollback was wanted and the run {outcome.status}")


def _is_inside(path: str, container: str) -> bool:
    return path != container and path.startswith((container + "/", container + ":"))
