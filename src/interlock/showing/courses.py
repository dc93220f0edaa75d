"""Other courses of runs, as programs are shown them: forks that are planned, replays, differences."""

from __future__ import annotations

from msgspec import structs

from interlock.engine.courses.differing import Difference, RunDifference
from interlock.engine.courses.forking import PreparedFork
from interlock.engine.courses.redeciding import OnAnotherGraph
from interlock.engine.courses.verifying import Replayed
from interlock.engine.telling.history import RunView
from interlock.engine.telling.spending import NO_COSTS
from interlock.wire import acts as wire
from interlock.wire import differences


def fork_plan(prepared: PreparedFork, parent: RunView) -> wire.ForkPlan:
    """What a fork would be made of. What it would take is judged by its parent."""
    fork = prepared.fork
    return wire.ForkPlan(
        parent=prepared.parent,
        start=fork.start,
        set=list(fork.edited),
        changed=list(fork.changed),
        gone=list(fork.gone),
        taken_over=[path for path, _ in fork.adopted],
        runs_again=list(fork.again),
        done_again=[
            wire.Repeat(path=each.path, tool=each.tool, effect_class=each.effect_class, effect=each.effect)
            for each in fork.repeats
        ],
        asked_anew=list(fork.asked),
        estimate=_estimate(fork.again, parent),
        token="",  # whoever gives the plan out says what proves that it was seen
    )


def _estimate(again: tuple[str, ...], parent: RunView) -> wire.Estimate:
    nodes = [parent.nodes[path] for path in again if path in parent.nodes]
    return wire.Estimate(
        usd=sum(parent.node_costs.get(node.path, NO_COSTS).usd for node in nodes),
        micros=sum(node.lasted(parent.at) or 0 for node in nodes),
    )


def replayed(found: Replayed) -> wire.Replayed:
    """What deciding a run anew came to."""
    return wire.Replayed(**structs.asdict(found))


def run_difference(found: RunDifference) -> differences.RunDifference:
    """In what two runs differ."""
    return differences.RunDifference(
        same=found.is_same,
        left=found.left,
        right=found.right,
        run=[_difference(each) for each in found.run],
        nodes=[
            differences.NodeDifference(
                path=node.path,
                on=node.on,
                differences=[_difference(each) for each in node.differences],
                took=list(node.took),
            )
            for node in found.nodes
        ],
        alike=found.alike,
        took=list(found.took),
    )


def _difference(each: Difference) -> differences.Difference:
    return differences.Difference(what=each.what, left=each.left, right=each.right)


def redecided(found: OnAnotherGraph) -> differences.Redecided:
    """How a run would have gone on another graph."""
    return differences.Redecided(
        same=found.is_same,
        difference=run_difference(found.difference),
        would_do=[differences.EffectOnOneSide(**structs.asdict(each)) for each in found.would_do],
        would_not_do=[differences.EffectOnOneSide(**structs.asdict(each)) for each in found.would_not_do],
        ends=[differences.AnswersEnd(path=each.path, why=each.why) for each in found.ends],
    )
