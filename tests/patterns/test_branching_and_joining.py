"""Patterns 6 to 9, 28 to 33, 37, 38, 41 and 42: how many ways are taken, and how many of them are waited for."""

from __future__ import annotations

from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_pattern_06_multi_choice() -> None:
    """Any number of ways is taken, each by a condition of its own."""
    run = Story("""
    inputs: {changed: list}
    nodes:
      look: {value: "${inputs.changed}"}
      python: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".py"))}'}}}
      pages: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".html"))}'}}}
      images: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".png"))}'}}}
    """).starts(changed=["a.py", "b.png"])

    assert run.in_flight == ["python", "images"]


def test_pattern_07_structured_synchronizing_merge() -> None:
    """As many ways as were taken are waited for: dead edges tell the join what cannot come any more."""
    run = Story("""
    inputs: {changed: list}
    nodes:
      look: {value: "${inputs.changed}"}
      python: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".py"))}'}}}
      pages: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".html"))}'}}}
      images: {tool: work, after: {look: {when: '${look.exists(path, path.endsWith(".png"))}'}}}
      report: {tool: other, after: [python, pages, images], join: any}
    """).starts(changed=["a.py", "b.png"])

    run.does("python")
    before = run.status("report")
    run.does("images")

    assert (before, run.in_flight) == ("pending", ["report"])


def test_pattern_08_multi_merge_by_calling_a_graph_from_each_branch() -> None:
    """What follows runs once for every branch that arrives: each calls it as a graph of its own."""
    publish = "graph: publish\ninputs: {what: string}\nnodes: {send: {tool: work, input: {what: '${inputs.what}'}}}"

    run = Story(
        """
        nodes:
          build: {tool: work}
          document: {tool: work}
          publish_build: {graph: publish, input: {what: "${build}"}}
          publish_document: {graph: publish, input: {what: "${document}"}}
        """,
        graphs={"publish": publish},
    ).starts()
    run.does("build", "app").does("document", "manual")

    assert run.in_flight == ["publish_build/send", "publish_document/send"]


def test_pattern_09_structured_discriminator() -> None:
    """The first branch to arrive lets the next step start; the others run on and are ignored."""
    run = Story("""
    nodes:
      mirror_a: {tool: work}
      mirror_b: {tool: work}
      unpack: {tool: other, after: [mirror_a, mirror_b], join: first}
    """).starts()

    run.does("mirror_b")
    before = run.in_flight
    run.does("mirror_a").does("unpack")

    assert before == ["mirror_a", "unpack"]
    assert run.paths("node.started") == ["mirror_a", "mirror_b", "unpack"]


def test_pattern_28_blocking_discriminator() -> None:
    """In a loop the first arrival counts, and the next round waits until all of this one have arrived."""
    run = Story("""
    nodes:
      poll:
        loop:
          mirror_a: {tool: work}
          mirror_b: {tool: work}
          unpack: {tool: other, after: [mirror_a, mirror_b], join: first}
        until: "${unpack.ok}"
        max: 5
    """).starts()

    run.does("poll:0/mirror_a").does("poll:0/unpack", {"ok": False})
    before = run.in_flight
    run.does("poll:0/mirror_b")

    assert before == ["poll:0/mirror_b"]
    assert run.in_flight == ["poll:1/mirror_a", "poll:1/mirror_b"]


def test_pattern_29_cancelling_discriminator() -> None:
    """The first to arrive lets the next step start, and the others are cancelled."""
    run = Story("""
    nodes:
      mirror_a: {tool: work}
      mirror_b: {tool: work}
      unpack: {tool: other, after: [mirror_a, mirror_b], join: first, cancel_rest: true}
    """).starts()

    run.does("mirror_b").does("mirror_a").does("unpack")

    assert run.ends == {"mirror_b": "succeeded", "mirror_a": "cancelled", "unpack": "succeeded"}


def test_pattern_30_structured_partial_join() -> None:
    """Some of the branches are enough; the rest runs on and is ignored."""
    run = Story("""
    nodes:
      reviewer_a: {tool: work}
      reviewer_b: {tool: work}
      reviewer_c: {tool: work}
      merge: {tool: other, after: [reviewer_a, reviewer_b, reviewer_c], join: {quorum: 2}}
    """).starts()

    run.does("reviewer_c").does("reviewer_a")

    assert run.in_flight == ["reviewer_b", "merge"]


def test_pattern_31_blocking_partial_join() -> None:
    """In a loop some are enough, and the next round waits until all of this one have arrived."""
    run = Story("""
    nodes:
      rounds:
        loop:
          reviewer_a: {tool: work}
          reviewer_b: {tool: work}
          reviewer_c: {tool: work}
          merge: {tool: other, after: [reviewer_a, reviewer_b, reviewer_c], join: {quorum: 2}}
        until: "${merge.ok}"
        max: 5
    """).starts()

    run.does("rounds:0/reviewer_a").does("rounds:0/reviewer_b").does("rounds:0/merge", {"ok": False})
    before = run.in_flight
    run.does("rounds:0/reviewer_c")

    assert before == ["rounds:0/reviewer_c"]
    assert run.in_flight == ["rounds:1/reviewer_a", "rounds:1/reviewer_b", "rounds:1/reviewer_c"]


def test_pattern_32_cancelling_partial_join() -> None:
    """Some are enough, and the rest is cancelled."""
    run = Story("""
    nodes:
      reviewer_a: {tool: work}
      reviewer_b: {tool: work}
      reviewer_c: {tool: work}
      merge: {tool: other, after: [reviewer_a, reviewer_b, reviewer_c], join: {quorum: 2}, cancel_rest: true}
    """).starts()

    run.does("reviewer_c").does("reviewer_a").does("reviewer_b").does("merge")

    assert run.ends == {
        "reviewer_c": "succeeded",
        "reviewer_a": "succeeded",
        "reviewer_b": "cancelled",
        "merge": "succeeded",
    }


def test_pattern_33_generalised_and_join_is_not_supported() -> None:
    """It would pair up several arrivals on each branch. Here a branch arrives once, and join `all` is left of it."""
    run = Story("""
    nodes:
      left: {tool: work}
      right: {tool: work}
      pair: {tool: other, after: [left, right]}
    """).starts()

    run.does("left").does("right").does("pair")

    assert run.paths("node.started") == ["left", "right", "pair"]
    assert refusals("nodes: {a: {tool: work}, b: {tool: other, after: a, join: {quorum: 2}}}") == [
        "nodes.b.join: `quorum: 2` can never be met by the 1 of `after`"
    ]


def test_pattern_37_local_synchronizing_merge() -> None:
    """What can still arrive is known from the edges alone, in a graph of any shape without cycles."""
    run = Story("""
    inputs: {deep: boolean}
    nodes:
      scan: {tool: work}
      sample: {tool: work, when: "${inputs.deep}"}
      inspect: {tool: work, after: sample}
      report: {tool: other, after: [scan, inspect], join: any}
    """).starts(deep=False)

    before = run.status("report")
    run.does("scan")

    assert run.ends["inspect"] == "skipped"
    assert (before, run.in_flight) == ("pending", ["report"])


def test_pattern_38_general_synchronizing_merge() -> None:
    """Also where branches were left on the way: cycles stand only inside a `loop`, so what is dead stays dead."""
    run = Story("""
    nodes:
      ask: {human: "Which?", choices: [one, both]}
      first: {tool: work, after: ask}
      second: {tool: work, after: {ask: {on: both}}}
      again: {loop: {try: {tool: work}}, until: "${try.ok}", max: 3, after: second}
      report: {tool: other, after: [first, again], join: any}
    """).starts()

    run.answers("ask", "both").does("first").does("second").does("again:0/try", {"ok": False})
    before = run.status("report")
    run.does("again:1/try", {"ok": True})

    assert (before, run.in_flight) == ("pending", ["report"])


def test_pattern_41_thread_merge() -> None:
    """A known number of threads of one branch becomes one again: the end of an `each`."""
    run = Story("""
    nodes:
      threads: {each: [1, 2, 3], do: {tool: work}}
      joined: {tool: other, after: threads}
    """).starts()

    run.does("threads:2").does("threads:0")
    before = run.status("joined")
    run.does("threads:1")

    assert (before, run.in_flight) == ("pending", ["joined"])


def test_pattern_42_thread_split() -> None:
    """One branch becomes a known number of threads: the items of an `each`."""
    run = Story("""
    nodes:
      prepare: {tool: work}
      threads: {each: [1, 2, 3], do: {tool: work, input: {n: "${item}", from: "${prepare}"}}}
    """).starts()

    run.does("prepare", "base")

    assert run.in_flight == ["threads:0", "threads:1", "threads:2"]
    assert run.given("threads:2") == {"n": 3, "from": "base"}
