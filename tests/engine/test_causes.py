"""Why a run went as it did: every event is linked to those it follows from."""

from __future__ import annotations

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.plan import ToolContract
from interlock.engine.telling.causes import Cause, Links, cause
from interlock.engine.telling.lineage import Lineage
from tests.engine.recorded_runs import RecordedRun

READ = ToolContract(name="look", effect="read")


def chain_of(run: RecordedRun) -> tuple[Cause, ...]:
    """How a run came to where it is, event by event."""
    links = Links(run.plan)
    return tuple(cause(run.plan, event, links.causes_of(event)) for event in run.events)


def led_to(run: RecordedRun, path: str) -> tuple[Cause, ...]:
    """Only what led to a node."""
    lineage = Lineage(run.plan, path)
    for event in run.events:
        lineage.take(event)
    led = lineage.found()
    return tuple(cause(run.plan, event, lineage.causes_of(event.seq)) for event in run.events if led[event.seq])


def told(chain: tuple[Cause, ...]) -> list[tuple[int, str, str, tuple[int, ...]]]:
    """The links alone."""
    return [(cause.seq, cause.type, cause.path, cause.causes) for cause in chain]


def test_a_chain_leads_from_a_node_back_to_the_start_of_the_run() -> None:
    """Asked why a node ran, one wants what led to it, and not what happened beside it."""
    nodes = {"a": {"tool": "look"}, "b": {"tool": "look", "after": "a"}, "beside": {"tool": "look"}}
    run = RecordedRun(nodes, tools=(READ,))

    run.starts()
    run.returns("beside")
    run.returns("a", 1)

    assert told(led_to(run, "b")) == [
        (1, "run.started", "", ()),
        (2, "node.started", "a", (1,)),
        (5, "node.result", "a", (2,)),
        (6, "node.started", "b", (5,)),
    ]


def test_a_node_that_joins_several_follows_from_all_of_them() -> None:
    """The last edge raised the matter, but the node began because all of them had fired."""
    nodes = {"a": {"tool": "look"}, "b": {"tool": "look"}, "c": {"tool": "look", "after": ["a", "b"]}}
    run = RecordedRun(nodes, tools=(READ,))

    run.starts()
    run.returns("b")
    run.returns("a")
    began = chain_of(run)[-1]

    assert (began.path, sorted(began.causes)) == ("c", [4, 5])


def test_a_node_that_takes_the_first_names_the_one_that_came() -> None:
    """With a join that does not wait for all, which of them it was is the whole answer."""
    after = {"after": ["a", "b"], "join": "first"}
    run = RecordedRun({"a": {"tool": "look"}, "b": {"tool": "look"}, "c": {"tool": "look", **after}}, tools=(READ,))

    run.starts()
    run.returns("b")
    began = chain_of(run)[-1]

    assert (began.causes, began.what) == ((4,), "calls look with {}, after b")


def test_what_holds_copies_follows_from_all_that_ended_in_it() -> None:
    """The list that the next node reads was made by all items, and the end of an item by all its branches."""
    items = {"each": [1, 2], "nodes": {"a": {"tool": "look"}, "b": {"tool": "look"}}}
    run = RecordedRun({"e": items, "x": {"tool": "look", "after": "e"}}, tools=(READ,))

    run.starts()
    for path in ("e:0/a", "e:1/b", "e:1/a", "e:0/b"):
        run.returns(path)
    chain = led_to(run, "x")

    numbers = {(cause.type, cause.path): cause.seq for cause in chain}
    assert {(cause.type, cause.path): set(cause.causes) for cause in chain if "ended" in cause.type} == {
        ("scope.ended", "e:0/"): {numbers["node.result", "e:0/a"], numbers["node.result", "e:0/b"]},
        ("scope.ended", "e:1/"): {numbers["node.result", "e:1/a"], numbers["node.result", "e:1/b"]},
    }
    [succeeded] = [cause for cause in chain if cause.type == "node.succeeded"]
    assert set(succeeded.causes) == {numbers["scope.ended", "e:0/"], numbers["scope.ended", "e:1/"]}


def test_a_graph_ends_with_its_last_nodes_and_not_with_what_those_held() -> None:
    """Each link once: the items are named by their `each`, so whoever reads the graph's end is not shown them again."""
    body = {"e": {"each": [1, 2], "do": {"tool": "look"}}, "b": {"tool": "look"}, "c": {"tool": "look", "after": "b"}}
    run = RecordedRun({"g": {"graph": {"nodes": body}}}, tools=(READ,))

    run.starts()
    for path in ("g/b", "g/e:0", "g/e:1", "g/c"):
        run.returns(path)
    chain = chain_of(run)

    ended = next(cause for cause in chain if (cause.type, cause.path) == ("scope.ended", "g/"))
    assert {(cause.type, cause.path) for cause in chain if cause.seq in ended.causes} == {
        ("node.succeeded", "g/e"),
        ("node.result", "g/c"),
    }


def test_a_conditional_edge_tells_its_condition_and_whether_it_was_taken() -> None:
    """`why did nobody ask me?` is answered by the edge that was not taken, in its author's words."""
    nodes = {
        "n": {"value": 3},
        "big": {"tool": "look", "after": {"n": {"when": "${n > 5}"}}},
        "small": {"tool": "look", "after": {"n": {"when": "${n < 5}"}}},
    }
    run = RecordedRun(nodes, tools=(READ,))

    run.starts()
    whats = [cause.what for cause in chain_of(run) if cause.type == "edge.decided"]

    assert whats == ["the edge to big is not taken: n > 5", "the edge to small is taken: n < 5"]
    assert "edge.decided" in [cause.type for cause in led_to(run, "big")]


def test_a_node_that_its_own_condition_kept_from_running_tells_it() -> None:
    """The event says `when`; a person wants to read the condition."""
    run = RecordedRun({"a": {"tool": "look", "when": "${inputs.n > 5}"}}, tools=(READ,), inputs={"n": "integer"})

    run.starts({"n": 1})
    [skipped] = [cause for cause in chain_of(run) if cause.type == "node.skipped"]

    assert skipped.what == "skipped: its `when` is not true: inputs.n > 5"


def test_an_answer_tells_who_gave_it_and_why() -> None:
    """The word of a person is a cause like any other, with a name on it."""
    run = RecordedRun({"ask": {"human": "Release?", "choices": ["yes", "no"]}, "x": {"value": "${ask.choice}"}})

    run.starts()
    run.receives(r.Answer(path="ask", by="bob", choice="yes", why="looks fine"), by="bob")
    [answer] = [cause for cause in led_to(run, "x") if cause.type == "answer.given"]

    assert (answer.actor, answer.what) == ("bob", "answered yes (looks fine)")


def test_a_choice_is_told_with_every_option_and_its_score() -> None:
    """Why the second was picked is only seen beside what the others scored."""
    nodes = {
        "a": {"value": {"score": 1}},
        "b": {"value": {"score": 2}},
        "pick": {"fuse": "best_of", "from": ["a", "b"], "by": "${candidate.score}"},
    }
    run = RecordedRun(nodes)

    run.starts()
    [picked] = [cause.decision for cause in led_to(run, "pick") if cause.decision]

    assert picked.chosen == "b"
    assert [(option.name, option.score) for option in picked.options] == [("a", 1), ("b", 2)]


def test_a_path_to_which_nothing_happened_has_no_chain() -> None:
    """Whoever asked can then be told the path they may have meant."""
    run = RecordedRun({"a": {"value": 1}})

    run.starts()

    assert led_to(run, "b") == ()


def test_the_nodes_of_an_item_follow_from_the_opening_of_their_scope() -> None:
    """From a node deep inside, the chain leads out through what holds it."""
    run = RecordedRun({"g": {"each": [1], "nodes": {"x": {"tool": "look"}}}}, tools=(READ,))

    run.starts()

    assert [cause.type for cause in led_to(run, "g:0/x")] == [
        "run.started",
        "node.opened",
        "scope.opened",
        "node.started",
    ]


def test_a_result_that_comes_after_its_scope_has_ended_follows_from_what_became_of_its_call() -> None:
    """Most of a scope is forgotten with its end, but not what became of its calls."""
    body = {"a": {"tool": "look", "on_error": "continue"}}
    ask = {"human": "Go on?", "choices": ["yes"]}
    run = RecordedRun({"g": {"graph": {"nodes": body}}, "ask": ask}, tools=(READ,))

    run.starts()
    run.fails("g/a", retryable=False)
    run.returns("g/a")
    chain = chain_of(run)

    [failed] = [cause for cause in chain if cause.type == "node.failed"]
    [late] = [cause for cause in chain if cause.type == "result.late"]
    assert "scope.ended" in [cause.type for cause in chain if failed.seq < cause.seq < late.seq]
    assert late.causes == (failed.seq,)


def test_a_node_is_led_to_by_the_same_links_that_the_whole_run_has() -> None:
    """Who looks at one node and who looks at the run must not be told two stories."""
    body = {"x": {"tool": "look"}, "y": {"value": "${round.index}", "after": "x"}}
    run = RecordedRun(
        {"go": {"loop": body, "until": "${y == 2}", "max": 3}, "z": {"value": 1, "after": "go"}}, tools=(READ,)
    )

    run.starts()
    for number in range(3):
        run.returns(f"go:{number}/x")
    whole = chain_of(run)

    assert led_to(run, "z") == tuple(cause for cause in whole if cause.type != "run.ended")
    assert {cause.path for cause in led_to(run, "go:0/y")} == {"", "go", "go:0/", "go:0/x", "go:0/y"}


def test_a_step_inside_a_node_is_led_to_by_what_came_before_it_and_by_nothing_after() -> None:
    """Every list of steps names them `a.2`: whoever looks at one of them by that name is told how it came about."""
    run = RecordedRun({"a": {"tool": "look"}}, tools=(READ,))
    run.starts()
    began = run.events[-1].seq
    steps = [
        e.EffectIntended(1, "s1", "look"),
        e.EffectDone(1, "s1", "seen"),
        e.EffectIntended(2, "s2", "look"),
        e.EffectFailed(2, "s2", e.Error("failed", "it is dark")),
        e.EffectIntended(12, "s12", "look"),
    ]
    run.events += [e.Event(began + number, began + number, "a", body) for number, body in enumerate(steps, start=1)]

    assert [cause.what for cause in led_to(run, "a.2")][-3:] == [
        'step 1 gave "seen"',
        "step 2 (look) begins",
        "step 2 failed: it is dark (failed)",
    ]
    assert led_to(run, "a.3") == ()
