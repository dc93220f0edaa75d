"""`fuse`: one value of several candidates, with every score on record (rule 20)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from tests.stories.graphs import refusals
from tests.stories.story import Story

SOURCES = "nodes:\n  x: {tool: work}\n  y: {tool: work}\n  z: {tool: work}\n"


def fused(how: str, *values: object) -> Story:
    """A run whose three sources gave these values, in the order x, y, z; `!` is a source that fails."""
    run = Story(f"{SOURCES}  pick: {{{how}, from: [x, y, z]}}\n").starts()
    for path, value in zip("xyz", values, strict=True):
        run = run.fails(path) if value == "!" else run.does(path, value)
    return run


BEST = "fuse: best_of, by: '${candidate.score}'"


def test_best_of_takes_the_highest_and_every_score_is_on_record() -> None:
    """Rule 20: the value is the winner's output."""
    run = fused(BEST, {"score": 1}, {"score": 3, "text": "good"}, {"score": 2.5})

    assert run.outputs == {"pick": {"score": 3, "text": "good"}}
    assert run.decision("pick") == e.Decision(
        "fuse", "y", (e.Option("x", 1), e.Option("y", 3), e.Option("z", 2.5)), "best_of: the highest"
    )


def test_ties_go_to_the_earlier_in_from() -> None:
    """Rule 20: the order of `from` is the author's, so equal scores give one answer always."""
    assert fused(BEST, {"score": 1}, {"score": 3, "n": 1}, {"score": 3, "n": 2}).outputs["pick"]["n"] == 1


def test_a_candidate_without_a_good_score_is_left_out_and_told_why() -> None:
    """Rule 20: NaN, an error or text leaves that candidate out, not the fuse."""
    run = fused(BEST, {"score": "high"}, {}, {"score": 0})

    assert run.decision("pick").chosen == "z"
    assert run.decision("pick").options == (
        e.Option("x", None, "left out: 'high' is no number"),
        e.Option("y", None, "key `score` is missing in `${candidate.score}`"),
        e.Option("z", 0),
    )


def test_when_no_candidate_can_be_measured_the_fuse_fails() -> None:
    """Rule 20: it never chooses by chance."""
    run = fused(BEST, {}, {}, {})

    assert run.error.message == "best_of: no candidate could be measured"


def test_vote_takes_an_output_with_the_most_frequent_answer() -> None:
    """Rule 20: `by` is the thing that is counted; the first that gave it is the value."""
    run = fused("fuse: vote, by: '${candidate.answer}'", {"answer": 7}, {"answer": 42, "n": 1}, {"answer": 42})

    assert run.outputs == {"pick": {"answer": 42, "n": 1}}
    assert run.decision("pick").why == "vote: 2 of 3"


def test_weighted_multiplies_each_score_by_its_weight() -> None:
    """Rule 20: the scores on record are the weighted ones, since they decided."""
    how = "fuse: weighted, by: '${candidate.score}', weights: {x: 2, y: 1, z: 0.5}"

    run = fused(how, {"score": 2}, {"score": 3}, {"score": 5})

    assert run.decision("pick") == e.Decision(
        "fuse", "x", (e.Option("x", 4.0), e.Option("y", 3), e.Option("z", 2.5)), "weighted: the highest"
    )


def test_merge_joins_maps_in_the_order_of_from() -> None:
    """Rule 20: deeply, key by key."""
    run = fused("fuse: merge", {"a": 1, "deep": {"x": 1}}, {"b": 2, "deep": {"y": 2}}, {"a": 1})

    assert run.outputs == {"pick": {"a": 1, "b": 2, "deep": {"x": 1, "y": 2}}}


def test_merge_fails_where_two_differ_and_says_where() -> None:
    """Rule 20: `conflict: fail` is the default; silently losing half is worse."""
    run = fused("fuse: merge", {"deep": {"a": 1}}, {"deep": {"a": 2}}, {})

    assert run.error.message == "merge: two candidates differ at `deep.a`"


def test_merge_can_let_the_first_win() -> None:
    """Rule 20: `conflict: first`."""
    assert fused("fuse: merge, conflict: first", {"a": 1}, {"a": 2, "b": 3}, {}).outputs == {"pick": {"a": 1, "b": 3}}


def test_from_handles_whatever_became_of_a_source() -> None:
    """Rule 20: a source that failed or gave nothing is no candidate, and no failure of the run."""
    run = fused(BEST, "!", None, {"score": 1})

    assert run.outputs == {"pick": {"score": 1}}
    assert [option.name for option in run.decision("pick").options] == ["z"]


def test_a_fuse_without_candidates_fails() -> None:
    """Rule 20: where the table of joins says skipped, a fuse fails, since somebody counts on its value."""
    run = fused(BEST, "!", "!", "!")

    assert (run.error.path, run.error.message) == ("pick", "too few of its sources succeeded with a value")


def test_a_fuse_with_fewer_candidates_than_it_needs_fails() -> None:
    """Rule 20: `need: n`."""
    run = fused(f"{BEST}, need: 2", {"score": 1}, "!", "!")

    assert run.error.message == "1 candidates have a value, and 2 are needed"


def test_a_join_races_the_candidates() -> None:
    """Rule 20: `quorum` on a fuse counts `from`; with `cancel_rest` the slow one is cancelled."""
    run = Story(f"{SOURCES}  pick: {{{BEST}, from: [x, y, z], join: {{quorum: 2}}, cancel_rest: true}}\n").starts()

    run.fails("x").does("z", {"score": 1}).does("y", {"score": 2})

    assert run.outputs == {"pick": {"score": 2}}


def test_the_slow_candidate_of_a_race_is_cancelled() -> None:
    """Rules 11 and 20: the fuse decides without waiting for it."""
    run = Story(f"{SOURCES}  pick: {{{BEST}, from: [x, y, z], join: first, cancel_rest: true}}\n").starts()

    run.does("z", {"score": 1})
    pick = run.status("pick")
    run.does("x", {"score": 9}).fails("y")

    assert pick == "succeeded"
    assert run.ends == {"z": "succeeded", "pick": "succeeded", "x": "cancelled", "y": "cancelled"}


def test_after_is_a_requirement_of_a_fuse() -> None:
    """Rule 20: the join counts `from` alone."""
    text = "nodes:\n  x: {tool: work}\n  ok: {tool: other}\n  pick: {fuse: merge, from: [x], after: ok}\n"
    run = Story(text).starts()

    run.does("x", {"a": 1})
    before = run.status("pick")
    run.does("ok")

    assert before == "pending"
    assert run.outputs == {"pick": {"a": 1}}


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ("fuse: best_of", "nodes.pick: `best_of` needs `by`"),
        ("fuse: merge, by: '${candidate.a}'", "nodes.pick.by: `merge` does not compare, so it has no `by`"),
        ("fuse: weighted, by: '${candidate.a}', weights: {x: 1}", "nodes.pick.weights: `y` has no weight"),
        (
            "fuse: vote, by: '${candidate.a}', conflict: first",
            "nodes.pick.conflict: `conflict` is said of `merge` alone",
        ),
        ("fuse: merge, need: 3", "nodes.pick.need: `need: 3` can never be met by the 2 of `from`"),
        ("fuse: judge, by: '${candidate.a}'", "nodes.pick.fuse: `judge` is not in this version"),
    ],
)
def test_a_fuse_that_cannot_mean_anything_is_refused(keys: str, refusal: str) -> None:
    """What each way of fusing needs is checked when the graph is compiled."""
    text = f"nodes: {{x: {{tool: work}}, y: {{tool: work}}, pick: {{{keys}, from: [x, y]}}}}"

    assert refusals(text) == [refusal]
