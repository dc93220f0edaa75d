"""The decisions of a run as lines of JSON, for people and programs that read no events: what was chosen, by whom, why.

They say nothing that the events do not say, and whoever reads a run file derives them again and compares. So how a
line is made is part of the file's format, and never changes within one: a new field is another format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from interlock.core import events as e
from interlock.core.values import KeptList, Ref, Secret


def decision_lines(events: Iterable[e.Event]) -> bytes:
    """One line for each decision in these events: of the engine, of a policy, of a model's routing, of a person.

    `TypeError`, `ValueError` or `RecursionError` if a score is no value: one that somebody has made up may be anything.
    """
    return b"".join(_line(event, told) for event in events if (told := _told(event)) is not None)


def _line(event: e.Event, told: dict[str, Any]) -> bytes:
    line = {"seq": event.seq, "at": event.at, "event": event.type, "path": event.path, "by": event.actor, **told}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=_leaf)
    return text.encode() + b"\n"


def _told(event: e.Event) -> dict[str, Any] | None:
    match event.body:
        case e.RunStarted() as body:
            chosen, why = ("deny", body.refused.message) if body.refused else ("allow", body.why)
            return _choice("run", chosen, why=why, rule=body.rule, digest=body.policy)
        case e.EdgeDecided() as body:
            why = body.error.message if body.error else body.why
            return _choice("edge", body.target if body.taken else "", why=why, options=[{"name": body.target}])
        case e.AnswerGiven() as body:
            return _choice("answer", body.choice, why=body.why)
        case e.VerdictGiven() as body:
            return _choice("verdict", body.verdict, why=body.why)
        case e.RemedyGiven() as body:
            return _choice("remedy", body.act, why=body.why)
        case e.EffectSettled() as body:
            return _choice("settle", body.status, why=body.why)
        case e.DecisionMade() as body:
            return _decision(body.decision)
        case e.NodeWaiting() | e.NodeSucceeded() | e.NodeFailed() as body if body.decision is not None:
            return _decision(body.decision)
        case _:
            return None


def _decision(made: e.Decision) -> dict[str, Any]:
    options = [_option(option) for option in made.options]
    return _choice(made.point, made.chosen, why=made.why, rule=made.rule, digest=made.digest, options=options)


def _option(option: e.Option) -> dict[str, Any]:
    told: dict[str, Any] = {"name": option.name}
    if option.score is not None:
        told["score"] = option.score
    if option.note:
        told["note"] = option.note
    return told


def _choice(
    point: str, chosen: str, *, why: str, rule: str = "", digest: str = "", options: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    told: dict[str, Any] = {"point": point, "chosen": chosen, "options": options or [], "why": why}
    return told | {"rule": rule, "policy": digest} if rule or digest else told


def _leaf(leaf: object) -> dict[str, Any]:
    """What is no JSON in a value: what is kept elsewhere is named, and so is a secret."""
    match leaf:
        case Ref():
            return {"kept_elsewhere": leaf.digest, "bytes": leaf.size}
        case Secret():
            return {"secret": leaf.name}
        case KeptList():
            return {"kept_list": leaf.size}
        case _:
            raise TypeError(f"a {type(leaf).__name__} stands in the score of an option")
