"""Budgets: limits on calls, money, tokens, turns and running time, which no interleaving passes (rules 30 and 31)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core.agent_contract import AgentContract
from interlock.core.plan import Budget, ToolContract, ToolTerms
from interlock.core.spending import Spending
from interlock.core.state import Account
from tests.stories.agent_steps import RAISE_OR_STOP, AgentSteps
from tests.stories.graphs import TOOLS, compiled, refusals
from tests.stories.story import Story

BUY = ToolContract(name="buy", effect="idempotent", terms=ToolTerms(usd=200_000))
"""A tool that costs twenty cents."""
CENT = 10_000


def test_a_run_whose_calls_are_spent_fails_before_the_next_one() -> None:
    """Rule 30: it is charged before it is made, so the limit is never passed."""
    run = Story(
        "budget: {calls: 2}\nnodes: {a: {tool: work}, b: {tool: work}, c: {tool: work, after: [a, b]}}"
    ).starts()

    run.does("a").does("b")

    assert run.error == e.Error("exhausted", "the budget of 2 calls is spent", "c")
    assert run.paths("node.started") == ["a", "b"]


def test_a_limit_holds_for_what_starts_at_once_too() -> None:
    """Rule 30: of many that are ready together only as many start as may."""
    run = Story("budget: {calls: 2}\nnodes: {g: {each: [1, 2, 3], do: {tool: work}}}").starts()

    assert run.paths("node.started") == ["g:0", "g:1"]
    assert run.ends == {"g:2": "failed"}


def test_an_attempt_is_a_call() -> None:
    """Rules 30 and 32: what is tried three times is paid three times."""
    run = Story("nodes: {a: {tool: work, budget: {calls: 2}, retry: {attempts: 5, backoff: 1s}}}").starts()

    run.fails("a").waits_for(1).fails("a").waits_for(2)

    assert run.error == e.Error("exhausted", "the budget of 2 calls is spent", "a")


def test_a_node_that_holds_others_limits_all_inside() -> None:
    """Rule 30: the limit stands above every call in it, in any depth."""
    run = Story("""
    nodes:
      part: {budget: {calls: 1}, on_error: continue, graph: {nodes: {g: {each: [1, 2], parallel: 1, do: {tool: work}}}}}
      after: {tool: work, after: part}
    """).starts()

    run.does("part/g:0")

    assert run.ends == {"part/g:0": "succeeded", "part/g:1": "failed", "part/g": "failed", "part": "failed"}
    assert run.in_flight == ["after"]


def test_a_graph_inside_keeps_its_own_limit() -> None:
    """Rule 30: what it says of itself holds wherever it is called."""
    sub = "graph: sub\nbudget: {calls: 1}\nnodes: {a: {tool: work}, b: {tool: work, after: a}}"
    run = Story("nodes: {s: {graph: sub}}", graphs={"sub": sub}).starts()

    run.does("s/a")

    assert run.error.path == "s/b"


def test_a_spent_budget_does_not_keep_a_run_from_tidying_up() -> None:
    """Rule 30: what is to be done in any case is done also where the limit is what ended the run."""
    run = Story("""
    budget: {calls: 1}
    nodes: {a: {tool: work}, b: {tool: work, after: a}}
    finally: {close: {tool: write}}
    """).starts()

    run.does("a").does("finally/close")

    assert run.ends == {"a": "succeeded", "b": "failed", "finally/close": "succeeded"}
    assert run.error == e.Error("exhausted", "the budget of 1 calls is spent", "b")


def test_a_spent_budget_is_held_like_any_failure() -> None:
    """Rules 16 and 30: a person may let it fail, skip it, or raise the limit elsewhere."""
    run = Story("on_failure: hold\nbudget: {calls: 1}\nnodes: {a: {tool: work}, b: {tool: work, after: a}}").starts()

    run.does("a")

    assert run.waits == {"b": "failure"}


def test_the_budget_of_time_counts_only_while_something_runs() -> None:
    """Rule 31: waiting for a person costs nothing."""
    run = Story("""
    budget: {wall: 1m}
    nodes:
      a: {tool: work}
      ask: {human: "Go?", choices: [go], after: a}
      b: {tool: work, after: ask}
    """).starts()

    run.waits_for(50).does("a").waits_for(3600).answers("ask", "go").waits_for(9)
    before = run.in_flight
    run.waits_for(1).does("b")

    assert before == ["b"]
    assert (run.outcome.status, run.error.kind) == ("failed", "exhausted")
    assert run.error.message == "the run's budget of 60 s of running time is spent"


def test_a_run_whose_time_is_spent_pauses_where_its_author_says_so() -> None:
    """Rule 52: who resumes it grants as much again, and once more when that is spent."""
    run = Story("""
    budget: {wall: 1m, on_limit: ask}
    nodes: {a: {tool: work}, b: {tool: work, after: a}}
    """).starts()

    run.waits_for(60)
    spent, why = run.status(), run.last("run.paused").why
    while_paused = run.waits_for(600).does("a").in_flight
    run.resumes().waits_for(59)
    before = run.status()
    run.waits_for(1)

    assert (spent, while_paused, before, run.status()) == ("paused", [], "running", "paused")
    assert why == "the run's budget of 60 s of running time is spent: who resumes it grants as much again"
    run.resumes().does("b")
    assert run.outcome.status == "succeeded"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("nodes: {a: {tool: work, budget: {wall: 1m}}}", "nodes.a.budget.wall: `wall` is not a key of `budget`"),
        ("nodes: {a: {value: 1, budget: {calls: 1}}}", "nodes.a.budget: `budget` is not a key of a value node"),
    ],
)
def test_a_limit_that_would_have_no_effect_is_refused(text: str, refusal: str) -> None:
    """A limit that is written down and not kept is worse than none."""
    assert refusals(text) == [refusal]


# --- money, tokens and turns -----------------------------------------------------------------------------------------


def buying(text: str) -> Story:
    """A run of this graph, whose tools may cost something."""
    return Story(text, tools=(*TOOLS, BUY)).starts()


def with_agent(budget: str = "", *, of_run: str = "", agent: AgentContract | None = None) -> tuple[Story, AgentSteps]:
    """A run of one agent within limits, and the steps of that agent."""
    fixer = agent or AgentContract(name="fixer")
    within = f", budget: {{{budget}}}" if budget else ""
    text = f"{of_run}\nnodes: {{fix: {{agent: fixer{within}}}}}"
    run = Story.of(compiled(text, agents=(fixer, AgentContract(name="helper")))).starts()
    return run, AgentSteps(run, "fix")


def account(run: Story, node: int = -1) -> Account:
    """The limit of the run, or of one of its nodes."""
    return run.state.scopes[""].accounts[node]


def test_money_is_held_before_a_call_and_spent_by_it() -> None:
    """Rule 30: two calls of twenty cents do not fit into thirty, and the second waits while that may still change."""
    run = buying('budget: {usd: "0.30"}\nnodes: {a: {tool: buy}, b: {tool: buy, input: {n: 1}}}')

    at_first = (run.in_flight, run.waits, account(run).usd_held)
    run.does("a")

    assert at_first == (["a"], {"b": "budget"}, 20 * CENT)
    assert run.error == e.Error("exhausted", "the budget of $0.30 is spent", "b")
    assert (account(run).usd, account(run).usd_held) == (20 * CENT, 0)


def test_what_was_held_for_a_call_that_was_never_made_lets_another_go() -> None:
    """Rule 30: a call that is stopped before it is made costs nothing."""
    run = buying('budget: {usd: "0.30"}\nnodes: {a: {tool: buy, on_error: continue}, b: {tool: buy, input: {n: 1}}}')
    error = e.Error("refused", "it was never called", "a")

    run.gives("a", e.NodeResult(run.effect("a"), "failed", error=error, retryable=False, calls=0)).does("b")

    assert run.outcome.status == "succeeded"
    assert (account(run).usd, account(run).usd_held) == (20 * CENT, 0)


def test_a_call_that_costs_more_than_its_own_node_may_spend_is_not_made() -> None:
    """Rule 30: the limit of a node holds for its first call too."""
    run = buying('nodes: {a: {tool: buy, budget: {usd: "0.10"}}}')

    assert run.error == e.Error("exhausted", "the budget of $0.10 is spent", "a")


@pytest.mark.parametrize(("choice", "status"), [("raise", "running"), ("stop", "failed")])
def test_a_spent_limit_of_a_node_may_be_raised_by_a_person(choice: str, status: str) -> None:
    """Rule 30: as much again is granted, or nothing more is done."""
    run = buying('nodes: {a: {tool: buy, budget: {usd: "0.10", on_limit: ask}}}')

    waits = run.waits
    run.answers("a", choice)

    assert waits == {"a": "budget"}
    assert run.status() == status


BOTH_ASK = """
budget: {usd: "0.20", on_limit: ask}
nodes: {a: {tool: buy}, b: {tool: buy, after: a, input: {n: 1}}, c: {tool: buy, after: a, input: {n: 2}}}
"""


def test_who_raises_a_limit_has_answered_all_who_ask_about_it() -> None:
    """Rule 52: it is granted once. Who still has too little asks anew."""
    run = buying(BOTH_ASK).does("a")

    asked = run.waits
    run.answers("b", "raise")

    assert asked == {"b": "budget", "c": "budget"}
    assert (run.in_flight, run.waits, account(run).grants) == (["b"], {"c": "budget"}, 2)
    run.does("b")
    assert run.waits == {"c": "budget"}
    run.answers("c", "raise").does("c")
    assert (run.outcome.status, account(run).grants) == ("succeeded", 3)


def test_who_grants_no_more_says_so_of_one_alone() -> None:
    """Rule 52: what the others would do with more is asked for itself."""
    run = buying(BOTH_ASK.replace("{n: 1}", "{n: 1}, on_error: continue")).does("a")

    run.answers("b", "stop")

    assert (run.waits, account(run).grants) == ({"c": "budget"}, 1)


def test_a_raised_limit_is_given_to_who_waits_for_what_others_hold() -> None:
    """Rule 52: it waited for what another holds, and has enough before that comes back."""
    nodes = "{a: {tool: buy}, b: {tool: buy, input: {n: 1}}, c: {tool: work}, d: {tool: work, input: {n: 1}}}"
    run = buying(f'budget: {{usd: "0.30", calls: 2, on_limit: ask}}\nnodes: {nodes}')

    in_flight, waits = run.in_flight, run.waits
    run.answers("d", "raise")

    assert (in_flight, waits) == (["a", "c"], {"b": "budget", "d": "budget"})
    assert sorted(run.in_flight) == ["a", "b", "c", "d"]


def test_a_turn_of_an_agent_counts_against_every_limit_above_it() -> None:
    """Rule 30: what its model may cost is held, and what it did cost is spent."""
    run, fix = with_agent('usd: "0.50", steps: 3', of_run="budget: {tokens: 1000, calls: 9}")

    fix.begins(1, held=Spending(usd=40 * CENT, tokens=500))
    held = (account(run).tokens_held, account(run, 0).usd_held)
    fix.has_done(1, spent=Spending(usd=CENT, tokens=20))

    assert held == (500, 40 * CENT)
    assert (account(run).tokens, account(run).tokens_held, account(run).calls) == (20, 0, 1)
    assert (account(run, 0).usd, account(run, 0).usd_held, account(run, 0).steps) == (CENT, 0, 1)


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        ('usd: "0.50"', "the budget of $0.50 has $0.10 left, and `script/any` may need $0.20"),
        ("tokens: 1000", "the budget of 1,000 tokens has 200 left, and `script/any` may need 400"),
        ('usd: "0.40"', "the budget of $0.40 is spent"),
        ("calls: 2", "the budget of 2 calls is spent"),
        ("steps: 2", "the budget of 2 steps is spent"),
        ('usd: "0.50", on_limit: ask', "the budget of $0.50 is spent"),
    ],
)
def test_a_turn_that_might_pass_a_limit_is_refused(budget: str, why: str) -> None:
    """Rule 30: it is refused for good where nothing is held that might come back, and what is left is told."""
    _, fix = with_agent(budget)
    spent = Spending(usd=20 * CENT, tokens=400)

    fix.begins(1, held=spent)
    fix.has_done(1, spent=spent)
    fix.begins(2, held=spent)
    fix.has_done(2, spent=spent)
    refused = fix.begins(3, held=spent)

    assert refused is not None
    assert (refused.reason, refused.limit, refused.later) == (why, "fix", False)


def test_a_turn_that_another_holds_the_money_for_is_put_off() -> None:
    """Rule 30: it may be asked for again once the other has settled."""
    _, fix = with_agent('usd: "0.50"')

    first = fix.begins(1, held=Spending(usd=40 * CENT))
    second = fix.begins(2, held=Spending(usd=20 * CENT))
    fix.has_done(1, spent=Spending(usd=CENT))
    again = fix.begins(2, held=Spending(usd=20 * CENT))

    assert (first, again) == (None, None)
    assert second is not None
    assert second.later


def test_what_was_lost_counts_as_spent_and_is_held_once_more_when_it_is_made_again() -> None:
    """Rule 30: nobody knows better, and a limit is kept by assuming the worst."""
    run, fix = with_agent('usd: "0.50"')
    fix.begins(1, held=Spending(usd=20 * CENT))

    fix.has_lost(1)
    fix.begins(1, held=Spending(usd=20 * CENT), tries=2)

    assert (account(run, 0).usd, account(run, 0).usd_held, account(run, 0).calls) == (20 * CENT, 20 * CENT, 2)


def test_what_is_under_way_when_an_agent_ends_counts_as_spent() -> None:
    """Rule 30: nothing stays held for a call of which nobody will ever tell."""
    run, fix = with_agent('usd: "0.50"')
    fix.begins(1, held=Spending(usd=20 * CENT))

    run.does("fix")

    assert (account(run, 0).usd, account(run, 0).usd_held) == (20 * CENT, 0)


def test_an_agent_inside_another_has_limits_of_its_own_within_those_of_the_other() -> None:
    """Rule 30: whatever stands above a call counts it."""
    run, fix = with_agent("calls: 5")
    fix.begins(1, "agent", "helper", limits=Budget(calls=1))
    helper = AgentSteps(run, "fix.1")

    first = helper.begins(1)
    helper.has_done(1)
    second = helper.begins(2)

    assert first is None
    assert second is not None
    assert (second.limit, account(run, 0).calls) == ("fix.1", 1)


def test_a_limit_that_was_raised_is_granted_as_much_again() -> None:
    """Rule 30: the question names the limit, and its answer binds to that."""
    run, fix = with_agent("steps: 1", agent=AgentContract(name="fixer", on_limit="ask"))
    fix.begins(1)
    fix.has_done(1)

    refused = fix.begins(2)
    fix.asks(2, "limit", *RAISE_OR_STOP, raises="fix")
    run.answers("fix.2", "raise")

    assert refused is not None
    assert (refused.asks, refused.limit) == (True, "fix")
    assert fix.begins(3) is None
    assert account(run, 0).grants == 2


def test_an_agent_of_a_paused_run_begins_nothing() -> None:
    """It waits, and asks again when the run goes on; what is under way may end."""
    run, fix = with_agent()
    fix.begins(1)

    run.pauses()
    fix.has_done(1)
    put_off = fix.begins(2)
    run.resumes()

    assert put_off is not None
    assert put_off.later
    assert fix.begins(2) is None
