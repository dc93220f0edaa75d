"""Stories of graphs that agents call: scopes inside a step of an agent, of the same run."""

from __future__ import annotations

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract, AgentLimits
from interlock.core.plan import Budget
from interlock.core.values import Value
from tests.stories.graphs import compiled, refusals
from tests.stories.story import Story

BUILDING = {
    "build": """
        graph: build
        language: 1
        inputs: {n: integer}
        nodes: {make: {tool: work}, twice: {value: "${inputs.n * 2}", after: make}}
        outputs: {twice: "${twice}"}
    """
}
FIXER = AgentContract(name="fixer", tools=("graph:build", "pay"))


def story(text: str = "nodes: {fix: {agent: fixer}}", *, agent: AgentContract = FIXER) -> Story:
    """A run whose agent may call the graph `build`."""
    return Story.of(compiled(text, graphs=BUILDING, agents=(agent,))).starts()


def calls_graph(run: Story, ordinal: int, inputs: Value, *, path: str = "fix") -> str | None:
    """The agent puts it on record that it calls the graph; why that is refused, or None."""
    intended = e.EffectIntended(
        ordinal, f"{path}.{ordinal}", "build", effect_class="idempotent", kind="graph", input=inputs
    )
    return run.offers(r.StepNoted(path=path, step=intended))


def test_a_called_graph_runs_inside_the_step_that_calls_it() -> None:
    """Its nodes have paths of their own, and are performed as those of any graph."""
    run = story()

    calls_graph(run, 3, {"n": 4})
    in_flight = run.in_flight
    run.does("fix.3/make")

    assert in_flight == ["fix", "fix.3/make"]
    step = run.attempt("fix").steps[3]
    assert (step.status, step.out) == ("ended", {"twice": 8})


def test_the_agent_takes_in_what_the_graph_gave_and_goes_on() -> None:
    """Whether it does anything with it is its own affair; the graph has ended."""
    run = story()
    calls_graph(run, 1, {"n": 4})
    run.does("fix.1/make").has_done("fix", 1, {"twice": 8}).does("fix", {"ok": True})

    assert run.outcome == e.ScopeOutcome("succeeded", {"fix": {"ok": True}})


def test_a_called_graph_that_fails_fails_the_step_alone() -> None:
    """The agent hears of it, and may try something else."""
    run = story()
    calls_graph(run, 1, {"n": 4})

    run.fails("fix.1/make", "failed")

    step = run.attempt("fix").steps[1]
    assert (step.status, run.in_flight) == ("ended", ["fix"])
    assert step.error is not None
    assert step.error.path == "fix.1/make"


def test_two_graphs_may_run_at_once() -> None:
    """An agent may ask for several things in one turn."""
    run = story()
    calls_graph(run, 1, {"n": 1})
    calls_graph(run, 2, {"n": 2})

    run.does("fix.2/make").does("fix.1/make")

    assert [run.attempt("fix").steps[ordinal].out for ordinal in (1, 2)] == [{"twice": 2}, {"twice": 4}]


def test_a_graph_that_is_not_given_what_it_takes_is_not_begun() -> None:
    """What a model makes up is checked before anything happens."""
    run = story()

    refused = calls_graph(run, 1, {"m": 4})

    assert (
        refused
        == "graph build was not given what it takes: inputs.m is not a field that is known here; inputs.n is missing"
    )
    assert run.in_flight == ["fix"]


def test_a_cancelled_agent_ends_when_its_graph_has_wound_up() -> None:
    """What it called is cancelled with it, and what was done by then is known before it ends."""
    run = story()
    calls_graph(run, 1, {"n": 4})

    run.receives(r.CancelNode(path="fix"))
    stopping = run.in_flight
    run.does("fix.1/make")
    after = run.in_flight
    run.receives(r.Result(path="fix", result=e.NodeResult(run.effect("fix"), "not_done")))

    assert (stopping, after) == (["fix", "fix.1/make"], ["fix"])
    assert [event.path for event in run.log if event.type == "node.cancelled"] == ["fix.1/make", "fix"]


def test_a_worker_that_dies_leaves_the_graph_running() -> None:
    """Who takes the agent up again finds the step begun, and does not begin it anew."""
    run = story()
    calls_graph(run, 1, {"n": 4})

    run.is_lost("fix")

    assert run.in_flight == ["fix", "fix.1/make"]
    assert run.attempt("fix").steps[1].status == "intended"


def test_what_a_called_graph_does_is_undone_with_the_run() -> None:
    """It happened in this run, whoever asked for it."""
    text = """
    on_failure: rollback
    nodes: {fix: {agent: fixer}, next: {tool: work, after: fix}}
    """
    graphs = {"build": "graph: build\nlanguage: 1\nnodes: {make: {tool: work, undo: {tool: unpay}}}"}
    run = Story.of(compiled(text, graphs=graphs, agents=(FIXER,))).starts()
    calls_graph(run, 1, {})
    run.does("fix.1/make").has_done("fix", 1).does("fix")

    run.fails("next", "failed")

    assert run.in_flight == ["fix.1/make!undo"]


def test_what_a_called_graph_calls_counts_against_the_agent_and_the_run() -> None:
    """No graph is a way round a limit."""
    agent = AgentContract(name="fixer", tools=("graph:build",), limits=AgentLimits(calls=1))
    run = story("budget: {calls: 9}\nnodes: {fix: {agent: fixer}}", agent=agent)
    calls_graph(run, 1, {"n": 1})
    run.does("fix.1/make").has_done("fix", 1)

    calls_graph(run, 2, {"n": 2})

    step = run.attempt("fix").steps[2]
    assert step.error == e.Error("exhausted", "the budget of 1 calls is spent", "fix.2/make")
    assert run.state.scopes[""].accounts[-1].limit == Budget(9)


def test_an_agent_that_may_call_what_is_not_there_is_refused() -> None:
    """It would be found out in the middle of a run."""
    agent = AgentContract(name="fixer", tools=("graph:bild",))

    found = refusals("nodes: {fix: {agent: fixer}}", graphs=BUILDING, agents=(agent,))

    assert found == ["nodes.fix.agent: there is no graph `bild`"]


def test_a_graph_whose_agent_calls_it_is_a_circle() -> None:
    """What a run costs could not be bounded."""
    graphs = {"build": "graph: build\nlanguage: 1\nnodes: {make: {agent: fixer}}"}

    found = refusals("nodes: {fix: {agent: fixer}}", graphs=graphs, agents=(FIXER,))

    assert found == ["nodes.fix.agent: graphs name one another in a circle: build -> build"]


def test_an_agent_comes_on_with_the_graph_that_it_has_called() -> None:
    """Rule 33: its workers die while it only waits for the graph, and of that something is done each time."""
    run = story("nodes: {fix: {agent: fixer}}")
    calls_graph(run, 1, {"n": 4})
    run.is_lost("fix").is_lost("fix")

    run.does("fix.1/make").is_lost("fix")

    assert (run.in_flight, run.attempt("fix").deaths_in_a_row) == (["fix"], 1)
