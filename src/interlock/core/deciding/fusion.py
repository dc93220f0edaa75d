"""`fuse`: one value of several candidates, with every score on record (rule 20 and the table of the language).

Absent candidates are left out, as is one whose score is an error or no number; ties go to the earlier in `from`.
"""

from __future__ import annotations

import math
from typing import assert_never

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.deciding.in_hand import Deciding
from interlock.core.expressions import EvaluationError
from interlock.core.values import Value, digest_of, is_map


class Conflict(Exception):
    """Two candidates of a merge say different things at one place."""


def fuse(on: Deciding, work: p.FuseWork) -> e.Command:
    """The choice among the candidates that are there."""
    candidates = _candidates(on, work)
    if len(candidates) < work.need:
        message = f"{len(candidates)} candidates have a value, and {work.need} are needed"
        return on.failed(e.Error("failed", message, on.path))
    match work.how:
        case "merge":
            return _merge(on, work, candidates)
        case "best_of" | "weighted":
            return _highest(on, work, candidates)
        case "vote":
            return _vote(on, work, candidates)
        case _ as never:
            assert_never(never)


def _candidates(on: Deciding, work: p.FuseWork) -> dict[str, Value]:
    values = on.scope.values
    names = {index: on.body.nodes[index].name for index in work.sources}
    return {names[index]: values[index] for index in work.sources if values.get(index) is not None}


def _measured(on: Deciding, work: p.FuseWork, candidates: dict[str, Value]) -> dict[str, tuple[Value, str]]:
    """What `by` says of each candidate, or why it says nothing."""
    measured: dict[str, tuple[Value, str]] = {}
    for name, value in candidates.items():
        seen = {"candidate": value, "candidates": candidates}
        try:
            assert work.by is not None
            reader = on.reader(seen)
            measured[name] = (work.by.evaluate(reader.values_for(work.by)), "")
        except EvaluationError as problem:
            measured[name] = (None, str(problem))
    return measured


def _highest(on: Deciding, work: p.FuseWork, candidates: dict[str, Value]) -> e.Command:
    """The highest score, each multiplied by its weight where there are weights."""
    weights = {on.body.nodes[index].name: weight for index, weight in work.weights}
    options: list[e.Option] = []
    best: tuple[float, str] | None = None
    for name, (score, problem) in _measured(on, work, candidates).items():
        weighted = _weighted(score, weights.get(name, 1.0))
        if weighted is None:
            options.append(e.Option(name, None, problem or f"left out: {score!r} is no number"))
            continue
        options.append(e.Option(name, weighted))
        if best is None or weighted > best[0]:
            best = (weighted, name)
    if best is None:
        return _none_left(on, work, tuple(options))
    decision = e.Decision("fuse", best[1], tuple(options), f"{work.how}: the highest")
    return on.command(e.NodeSucceeded(candidates[best[1]], (), decision))


def _weighted(score: Value, weight: float) -> float | int | None:
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
        return None
    return score if weight == 1.0 else score * weight


def _vote(on: Deciding, work: p.FuseWork, candidates: dict[str, Value]) -> e.Command:
    """An output with the most frequent answer."""
    options: list[e.Option] = []
    votes: dict[str, list[str]] = {}
    for name, (answer, problem) in _measured(on, work, candidates).items():
        options.append(e.Option(name, answer, problem))
        if not problem:
            votes.setdefault(digest_of(answer), []).append(name)
    if not votes:
        return _none_left(on, work, tuple(options))
    winners = max(votes.values(), key=len)
    decision = e.Decision("fuse", winners[0], tuple(options), f"vote: {len(winners)} of {len(candidates)}")
    return on.command(e.NodeSucceeded(candidates[winners[0]], (), decision))


def _none_left(on: Deciding, work: p.FuseWork, options: tuple[e.Option, ...]) -> e.Command:
    message = f"{work.how}: no candidate could be measured"
    decision = e.Decision("fuse", "", options, "none left")
    return on.failed(e.Error("failed", message, on.path), decision)


def _merge(on: Deciding, work: p.FuseWork, candidates: dict[str, Value]) -> e.Command:
    reader = on.reader()
    merged: Value = {}
    options = tuple(e.Option(name) for name in candidates)
    try:
        for value in candidates.values():
            merged = _merged(merged, reader.loaded(value), work.conflict, "")
    except Conflict as conflict:
        decision = e.Decision("fuse", "", options, str(conflict))
        return on.failed(e.Error("failed", f"merge: {conflict}", on.path), decision)
    decision = e.Decision("fuse", ", ".join(candidates), options, "merge")
    return on.command(e.NodeSucceeded(on.pack(merged), (), decision))


def _merged(left: Value, right: Value, conflict: str, place: str) -> Value:
    """Maps are merged key by key; where both say something else, the earlier stays or it is a conflict."""
    if is_map(left) and is_map(right):
        merged = dict(left)
        for key, value in right.items():
            merged[key] = _merged(left[key], value, conflict, f"{place}.{key}") if key in left else value
        return {key: merged[key] for key in sorted(merged)}
    if left == right or conflict == "first":
        return left
    raise Conflict(f"two candidates differ at `{place.lstrip('.') or 'the whole value'}`")
