"""Nodes that hold no others, drawn by dice: one method for each kind, and what they share."""

from __future__ import annotations

from random import Random
from typing import Any, Final, TypeAlias

from tests.simulation.contracts import UNDOERS, WORKERS
from tests.simulation.random_expressions import Expressions, Place, maybe

Written: TypeAlias = dict[str, Any]
"""A part of a document."""

EVENTS: Final = ("merged", "closed", "paid")
DURATIONS: Final = ("1s", "5s", "20s", "1m", "10m")


class Leaves:
    """Writes nodes that hold no others."""

    def __init__(self, dice: Random, write: Expressions) -> None:
        self.dice = dice
        self.write = write
        self.events = dice.sample(EVENTS, dice.choice((1, 1, 2)))
        """The names of the events of this graph: few, so that waits meet."""

    def leaf(self, kind: str, place: Place, name: str) -> Written:
        """A node of that kind."""
        match kind:
            case "tool":
                return self.tool(place, name)
            case "value":
                return self.value(place)
            case "gate":
                return self.gate(place)
            case "human":
                return self.human()
            case "fuse":
                return self.fuse(place)
            case "wait":
                return self.wait(place)
            case "emit":
                return self.emit(place)
            case _:
                return self.choose(place)

    def tool(self, place: Place, name: str) -> Written:
        """A call, often with an undo."""
        node: Written = {"tool": self.dice.choice(WORKERS)}
        if maybe(self.dice, 0.7):
            first = "${secrets.token}" if maybe(self.dice, 0.1) else self.write.template(place)
            node["input"] = {"a": first, "b": self.write.template(place)}
        if maybe(self.dice, 0.35):
            node["retry"] = self.retry()
        if maybe(self.dice, 0.3):
            node["timeout"] = self.dice.choice(DURATIONS)
        if maybe(self.dice, 0.1):
            node["budget"] = {"calls": self.dice.randint(1, 3)}
        if maybe(self.dice, 0.5):
            node["undo"] = self.undo(place, name, holds=False)
        return node

    def retry(self) -> Written:
        """How often it is tried."""
        retry: Written = {"attempts": self.dice.randint(1, 3), "backoff": self.dice.choice(("1s", "10s"))}
        if maybe(self.dice, 0.2):
            retry["on"] = ["timeout", "unavailable"]
        return retry

    def undo(self, place: Place, name: str, *, holds: bool) -> Written:
        """How it is taken back; of a node that holds others, with an input of its own."""
        undo: Written = {"tool": self.dice.choice(UNDOERS)}
        if maybe(self.dice, 0.5):
            own = "whole" if holds else f"${{{name}.?n.orValue(0)}}"
            undo["input"] = {"of": own if not place.is_single else 1, "a": self.write.template(place)}
        elif holds:
            undo["input"] = {}
        if maybe(self.dice, 0.4):
            undo["retry"] = self.retry()
        if maybe(self.dice, 0.2):
            undo["timeout"] = "20s"
        return undo

    def value(self, place: Place) -> Written:
        """Something computed."""
        return {"value": {"n": f"${{{self.write.number(place)}}}", "passed": self.write.template(place)}}

    def gate(self, place: Place) -> Written:
        """Checks that mostly pass."""
        checks = [self.write.condition(place, mostly_true=True) for _ in range(self.dice.randint(1, 2))]
        node: Written = {"gate": checks, "otherwise": self.dice.choice(("block", "hold", "hold", "rollback"))}
        if node["otherwise"] == "hold" and maybe(self.dice, 0.4):
            node["timeout"] = self.dice.choice(DURATIONS)
        return node

    def human(self) -> Written:
        """A question, with choices or a form."""
        node: Written = {"human": "Go on?"}
        if maybe(self.dice, 0.15):
            node["form"] = {"type": "object", "properties": {"note": {"type": "string"}}}
        else:
            node |= {"choices": ["yes", "no"], "quorum": self.dice.choice((1, 1, 1, 2))}
        if maybe(self.dice, 0.5):
            node["timeout"] = self.dice.choice(DURATIONS)
            if "choices" in node and maybe(self.dice, 0.5):
                node["otherwise"] = "no"
        return node

    def fuse(self, place: Place) -> Written:
        """One of what stands before it."""
        sources = self.dice.sample(place.before, self.dice.randint(2, min(3, len(place.before))))
        names = [known.name for known in sources]
        how = self.dice.choice(("best_of", "vote", "weighted", "merge"))
        node: Written = {"fuse": how, "from": names}
        if how == "merge":
            node["conflict"] = self.dice.choice(("fail", "first", "first"))
        else:
            is_known = all(known.gives == "fields" for known in sources)
            node["by"] = "${candidate.n}" if is_known and maybe(self.dice, 0.5) else "${1}"
        if how == "weighted":
            node["weights"] = {source: self.dice.choice((0.5, 1.0, 2.0)) for source in names}
        if maybe(self.dice, 0.2):
            node["need"] = self.dice.randint(1, len(names))
        return node

    def wait(self, place: Place) -> Written:
        """For a time, an instant or an event."""
        match self.dice.choice(("duration", "at", "event", "event", "event")):
            case "duration":
                return {"wait": self.dice.choice(DURATIONS)}
            case "at":
                return {"wait": {"at": f"${{now + duration('{self.dice.choice((0, 5, 60))}s')}}"}}
            case _:
                return self._wait_for_event(place)

    def _wait_for_event(self, place: Place) -> Written:
        wait: Written = {"event": self.dice.choice(self.events)}
        if maybe(self.dice, 0.5):
            wait["match"] = {"key": self.dice.choice((1, 2, f"${{{self.write.number(place)} % 3}}"))}
        if maybe(self.dice, 0.25):
            wait["where"] = self.dice.choice(("${event.data.key > 1}", "${event.data.?key.orValue(0) > 0}"))
        if maybe(self.dice, 0.3):
            wait["early"] = "drop"
        node: Written = {"wait": wait}
        if maybe(self.dice, 0.5):
            node["timeout"] = self.dice.choice(DURATIONS)
        return node

    def emit(self, place: Place) -> Written:
        """An event sent out, and heard by the run itself."""
        node: Written = {"emit": self.dice.choice(self.events), "data": {"key": self.dice.choice((1, 2))}}
        if maybe(self.dice, 0.3):
            node["data"] = {"key": f"${{{self.write.number(place)} % 3}}"}
        if maybe(self.dice, 0.3):
            node["retry"] = self.retry()
        return node

    def choose(self, place: Place) -> Written:
        """Cases, of which the last mostly always holds."""
        cases: list[Written] = [{"label": "big", "when": self.write.condition(place)}]
        if maybe(self.dice, 0.4):
            cases.append({"label": "middle", "when": self.write.condition(place)})
        if maybe(self.dice, 0.85):
            cases.append({"label": "small"})
        return {"choose": cases}
