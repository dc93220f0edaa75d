"""Patterns 12 to 15, 26, 27 and 34 to 36: the same step many times over."""

from __future__ import annotations

from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_pattern_12_multiple_instances_without_synchronization() -> None:
    """Many are started and nobody waits for them: an `each` that nothing depends on."""
    run = Story("""
    inputs: {readers: list}
    nodes:
      publish: {tool: work}
      tell: {each: "${inputs.readers}", do: {tool: write, input: {to: "${item}"}}, after: publish}
      tidy: {tool: other, after: publish}
    """).starts(readers=["ann", "ben"])

    run.does("publish").does("tidy")

    assert run.ends == {"publish": "succeeded", "tidy": "succeeded"}
    assert run.in_flight == ["tell:0", "tell:1"]


def test_pattern_13_multiple_instances_known_at_design_time() -> None:
    """How many there are stands in the graph."""
    run = Story("""
    nodes:
      review: {each: [security, style, tests], do: {tool: work, input: {aspect: "${item}"}}}
      sum_up: {tool: other, input: {reviews: "${review}"}}
    """).starts()

    run.does("review:0", "a").does("review:1", "b").does("review:2", "c")

    assert run.given("sum_up") == {"reviews": ["a", "b", "c"]}


def test_pattern_14_multiple_instances_known_at_run_time() -> None:
    """How many there are is known when they start."""
    run = Story("""
    nodes:
      find: {tool: work}
      fix: {each: "${find.bugs}", do: {tool: write, input: {bug: "${item}"}}}
      report: {tool: other, after: fix}
    """).starts()

    run.does("find", {"bugs": ["x", "y"]}).does("fix:1").does("fix:0")

    assert run.in_flight == ["report"]


def test_pattern_15_instances_added_while_running_by_a_loop_of_waits() -> None:
    """A list is fixed when it opens; what comes later comes as an event, and another round works on it."""
    run = Story("""
    nodes:
      desk:
        loop:
          arrival: {wait: {event: claims}}
          handle: {each: "${arrival.claims}", do: {tool: work, input: {claim: "${item}"}}}
        until: "${arrival.is_last}"
        max: 100
    """).starts()

    run.sends("claims", {"claims": ["a", "b"], "is_last": False}).sends("claims", {"claims": ["c"], "is_last": True})
    run.does("desk:0/handle:0").does("desk:0/handle:1").does("desk:1/handle:0")

    assert run.paths("node.started") == ["desk:0/handle:0", "desk:0/handle:1", "desk:1/handle:0"]
    assert run.outcome.status == "succeeded"


def test_pattern_26_cancel_multiple_instances() -> None:
    """All that have not ended are withdrawn, and the rest of the run goes on without them."""
    run = Story("""
    nodes:
      survey: {each: [ann, ben, cem], do: {human: "Happy, ${item}?", choices: [y, n]}}
      deadline: {wait: 1d, cancels: survey}
      report: {tool: other, after: {survey: {on: [succeeded, cancelled]}}}
    """).starts()

    run.answers("survey:1", "y").waits_for(24 * 3600)

    assert run.ends == {
        "survey:1": "succeeded",
        "deadline": "succeeded",
        "survey:0": "cancelled",
        "survey:2": "cancelled",
        "survey": "cancelled",
    }
    assert run.in_flight == ["report"]


def test_pattern_27_complete_multiple_instances() -> None:
    """Somebody ends it with what it has: those that have not ended are withdrawn, and it has succeeded."""
    run = Story("""
    nodes:
      survey: {each: [ann, ben, cem], do: {human: "Happy, ${item}?", choices: [y, n]}}
      report: {value: "${survey.map(answer, answer != null)}"}
    """).starts()

    run.answers("survey:1", "y").completes("survey")

    assert run.outputs == {"report": [False, True, False]}


def test_pattern_34_static_partial_join_of_instances_as_nodes_with_a_quorum() -> None:
    """Some are enough and the rest runs on: a node ends after all it holds, so they are nodes of their own."""
    run = Story("""
    nodes:
      probe_a: {tool: work}
      probe_b: {tool: work}
      probe_c: {tool: work}
      decide: {tool: other, after: [probe_a, probe_b, probe_c], join: {quorum: 2}}
    """).starts()

    run.does("probe_a").does("probe_c").does("decide")

    assert run.in_flight == ["probe_b"]


def test_pattern_35_cancelling_partial_join_of_instances() -> None:
    """Some are enough and the rest is cancelled: an `each` with a quorum."""
    run = Story("""
    nodes:
      quote: {each: [ann, ben, cem], quorum: 2, do: {tool: work}}
      order: {tool: other, input: {quotes: "${quote}"}}
    """).starts()

    run.does("quote:2", 30).does("quote:0", 10).does("quote:1", 20)

    assert run.given("order") == {"quotes": [10, None, 30]}
    assert run.ends["quote:1"] == "cancelled"


def test_pattern_36_dynamic_partial_join_of_instances_is_not_supported() -> None:
    """It would add instances and decide anew how many are enough. Both are fixed when the `each` opens."""
    assert refusals("""
    nodes:
      ask: {tool: work}
      quote: {each: "${ask}", quorum: "${size(ask) / 2}", do: {tool: other}}
    """) == ["nodes.quote.quorum: `quorum` is a whole number, not the text `${size(ask) / 2}`"]
