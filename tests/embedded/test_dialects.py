"""Documents of other systems at work: what they say happens, also where the system that ran them did not keep to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from interlock import Interlock, tool
from interlock.tools import ToolFailed
from tests.store.event_loop import in_event_loop

Document = dict[str, Any]


class Troupe:
    """Tools that stand in for agents: each says what it was told to, the last thing again and again.

    `played` are those that were called, in order, with what they were given; a failure is what one raises.
    """

    def __init__(self, **says: list[Any]) -> None:
        self.played: list[tuple[str, Document]] = []
        self.tools: list[Callable[..., Any]] = [self._part(name, lines) for name, lines in says.items()]

    @property
    def order(self) -> list[str]:
        """Who was called, in order."""
        return [name for name, _ in self.played]

    def _part(self, name: str, lines: list[Any]) -> Callable[..., Any]:
        async def play(topic: str = "", feedback: str = "", text: str = "") -> Any:  # noqa: ANN401 - JSON data
            await asyncio.sleep(0)
            given = {"topic": topic, "feedback": feedback, "text": text}
            self.played.append((name, {key: value for key, value in given.items() if value}))
            line = lines[min(self.order.count(name), len(lines)) - 1]
            if isinstance(line, Exception):
                raise line
            return line

        play.__name__ = name
        return tool(effect="read")(play)


def steps(*called: str, **keys: object) -> Document:
    """A step list in which each step calls one of them."""
    return {"name": "steps", "steps": [{"agent_type": name} for name in called], **keys}


def agentos(*edges: str, **keys: object) -> Document:
    """An AgentOS graph of edges written `source -type,type-> target`."""
    dag = [_edge(edge) for edge in edges]
    agents = dict.fromkeys(end for edge in dag for end in (edge["from"], edge["to"]))
    return {"name": "agentos", "agents": list(agents), "dag": [edge | keys for edge in dag]}


def _edge(written: str) -> Document:
    source, types, target = written.replace("-> ", "-").split("-")
    return {"from": source.strip(), "on": [each for each in types.split(",") if each], "to": target}


# --- step lists ------------------------------------------------------------------------------------------------------

REFINING: Document = {"coordination_type": "iterative_refinement", "max_iterations": 3}


def test_each_step_of_a_sequence_is_given_what_the_one_before_gave() -> None:
    """That is what a sequence is."""
    troupe = Troupe(find=[{"text": "a find"}], sum_up=["a sum"])

    result = Interlock(tools=troupe.tools).run(steps("find", "sum_up"), {"topic": "rails"})

    assert troupe.played == [("find", {"topic": "rails"}), ("sum_up", {"topic": "rails", "text": "a find"})]
    assert (result.outputs or {})["completion_reason"] == "all_steps_completed"


def test_rounds_end_when_the_assessment_approves() -> None:
    """Each round begins with the run's input and what was said of the round before."""
    troupe = Troupe(
        write=[{"text": "one"}, {"text": "two"}], judge=[{"approved": False, "feedback": "more"}, {"approved": True}]
    )

    result = Interlock(tools=troupe.tools).run(steps("write", "judge", **REFINING), {"topic": "rails"})

    assert [given for name, given in troupe.played if name == "write"] == [
        {"topic": "rails"},
        {"topic": "rails", "feedback": "more"},
    ]
    assert result.outputs == {
        "output": {"approved": True},
        "steps": {"write": {"text": "two"}, "judge": {"approved": True}},
        "iterations": 2,
        "completion_reason": "converged",
    }


@pytest.mark.parametrize(
    ("threshold", "reason", "rounds"), [({}, "max_iterations", 3), ({"quality_threshold": 0.5}, "converged", 1)]
)
def test_rounds_end_at_their_number_as_well(threshold: Document, reason: str, rounds: int) -> None:
    """What was not good enough is given all the same, and said to be so."""
    troupe = Troupe(write=[{"text": "one"}], judge=[{"score": 0.6}])
    document = steps("write", "judge", **REFINING, convergence_check="quality_threshold", **threshold)

    result = Interlock(tools=troupe.tools).run(document)

    assert result.outputs == {
        "output": {"score": 0.6},
        "steps": {"write": {"text": "one"}, "judge": {"score": 0.6}},
        "iterations": rounds,
        "completion_reason": reason,
    }


# --- AgentOS graphs --------------------------------------------------------------------------------------------------

PIPELINE = agentos("plan -plan_ready-> fix", "fix -patch_created-> test", "test -tests_passed-> ship")


def pipeline(*, passed: bool) -> Troupe:
    """Who plays the pipeline, with what came of its tests."""
    return Troupe(plan=[{"steps": []}], fix=[{"patch": ""}], test=[{"passed": passed}], ship=[{"version": "1"}])


def test_edges_fire_on_what_their_source_has_emitted() -> None:
    """The demonstration of the original, in small."""
    troupe = pipeline(passed=True)

    result = Interlock(tools=troupe.tools).run(PIPELINE)

    assert (result.status, result.outputs) == ("succeeded", {"ship": {"version": "1"}})
    assert troupe.order == ["plan", "fix", "test", "ship"]


def test_a_failed_check_fails_the_run() -> None:
    """There the run went no further, and had succeeded."""
    troupe = pipeline(passed=False)

    result = Interlock(tools=troupe.tools).run(PIPELINE)

    assert (result.status, result.error.path if result.error else "") == ("failed", "test_goes_on")
    assert troupe.order == ["plan", "fix", "test"]


@pytest.mark.parametrize(
    ("said", "status", "order"),
    [
        ({"event": "good"}, "succeeded", ["judge", "keep"]),
        ({"events": ["other", "bad"]}, "succeeded", ["judge", "drop"]),
        ({"event": "run_completed"}, "succeeded", ["judge"]),
        ({"event": "other"}, "failed", ["judge"]),
        ({"events": ["good", "style_failed"]}, "failed", ["judge"]),
        ("good", "failed", ["judge"]),
    ],
)
def test_what_a_node_says_decides_where_it_goes_on(said: Any, status: str, order: list[str]) -> None:  # noqa: ANN401 - JSON data
    """Nothing that a node says is passed over: an edge waits for it, or it ends there, or the run fails."""
    troupe = Troupe(judge=[said], keep=["kept"], drop=["dropped"])

    result = Interlock(tools=troupe.tools).run(agentos("judge -good-> keep", "judge -bad-> drop"))

    assert (result.status, troupe.order) == (status, order)


def test_a_check_at_the_end_fails_the_run_too() -> None:
    """Nothing follows it, and all the same it has failed."""
    troupe = Troupe(build=["built"], scan=[{"high": 2}])

    assert Interlock(tools=troupe.tools).run(agentos("build --> scan")).status == "failed"


def test_a_failure_goes_on_where_an_edge_waits_for_it() -> None:
    """`error` is an event like any other."""
    troupe = Troupe(fetch=[ToolFailed("nothing there")], read=["read"], apologise=["sorry"])

    result = Interlock(tools=troupe.tools).run(agentos("fetch -node_done-> read", "fetch -error-> apologise"))

    assert (result.status, troupe.order) == ("succeeded", ["fetch", "apologise"])


@pytest.mark.parametrize(
    ("join", "status", "order"),
    [
        ("all", "succeeded", ["one", "two"]),
        ("any", "succeeded", ["one", "two", "three"]),
        ("first", "succeeded", ["one", "three", "two"]),
        ({"quorum": 2}, "succeeded", ["one", "two"]),
    ],
)
def test_a_join_counts_the_edges_that_have_fired(join: object, status: str, order: list[str]) -> None:
    """Of two edges one fires here: whether that is enough is for the join to say."""
    troupe = Troupe(one=[{"event": "yes"}], two=[{"event": "run_completed"}], three=["joined"])

    result = Interlock(tools=troupe.tools).run(agentos("one -yes-> three", "two -yes-> three", join=join))

    assert result.status == status
    assert sorted(troupe.order) == sorted(order)


def test_targets_that_are_not_parallel_take_turns() -> None:
    """There only what was said to be parallel was, and files of one folder were edited one after another."""
    troupe = Troupe(plan=["planned"], a=["a"], b=["b"], c=["c"])

    Interlock(tools=troupe.tools).run(agentos("plan --> c", "plan --> a", "plan --> b"))

    assert troupe.order == ["plan", "c", "a", "b"]


# --- node lists ------------------------------------------------------------------------------------------------------

RELEASE: Document = {
    "id": "release",
    "nodes": [
        {"id": "build", "kind": "task"},
        {"id": "good", "kind": "task", "expr": "build['text'].startswith('b') and len(topic) > 2"},
        {"id": "approve", "name": "Release?", "kind": "human", "approval_key": "ok"},
        {"id": "ship", "kind": "task"},
    ],
    "edges": [
        {"from": "approve", "to": "ship"},
        {"from": "good", "to": "approve"},
        {"from": "build", "to": "good"},
    ],
}


@pytest.mark.parametrize(
    ("choice", "status", "order"),
    [("approve", "succeeded", ["build", "ship"]), ("reject", "failed", ["build"])],
)
@in_event_loop
async def test_a_person_lets_a_node_list_go_on_or_ends_it(choice: str, status: str, order: list[str]) -> None:
    """There whatever was answered was approval."""
    troupe = Troupe(build=[{"text": "built"}], ship=["shipped"])

    async with Interlock(tools=troupe.tools) as interlock:
        run = await interlock.start(RELEASE, {"topic": "rails"})
        await run.rested()
        await run.answer("approve", by="ada", choice=choice)
        result = await run.wait()

    assert (result.status, troupe.order) == (status, order)


def test_a_retry_of_an_edge_holds_for_the_node_it_leads_to() -> None:
    """There nothing was tried again."""
    troupe = Troupe(build=["built"], ship=[ToolFailed("busy"), ToolFailed("busy"), "shipped"])
    retry = {"max_attempts": 3, "backoff_ms": 1, "jitter": True}
    nodes = [{"id": "build", "kind": "task"}, {"id": "ship", "kind": "task"}]
    document = {"id": "r", "nodes": nodes, "edges": [{"from": "build", "to": "ship", "retry": retry}]}

    assert Interlock(tools=troupe.tools).run(document).outputs == {"ship": "shipped"}
    assert troupe.order == ["build", "ship", "ship", "ship"]
