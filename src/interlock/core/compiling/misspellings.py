"""What pydantic found wrong with a document, said in the words of the language: which key, of what, and what to write.

Knows the shape of the language only. Whether names, tools and expressions are right is for the compiler.
"""

from __future__ import annotations

from typing import Final, cast

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from interlock.core import graph as g
from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.compiling.spellings import SHAPE_MARK, WRITTEN_WRONG, EdgeSpec, FallbackSpec, QuorumSpec, shape
from interlock.core.graph_triggers import TRIGGER_SHAPES, CronTrigger, EventTrigger
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.problems import Place, Problem, nearest
from interlock.core.shape_wording import is_not, not_one_of, said

NOT_YET: Final = frozenset({"to", "judge"})
"""Words of the language whose time has not come: refused, since accepting them would be without effect."""


class Misspelling(Struct, frozen=True):
    """One problem of the shape, and what is spoiled by it: nothing but a needless key, a node, or else the graph."""

    problem: Problem
    is_needless: bool
    node: Place | None


def misspellings_in(error: ValidationError, document: JsonMap) -> list[Misspelling]:
    """Every problem that validation found; of very many, as many as are told."""
    details = error.errors(include_url=False)
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    details = details[: PROBLEMS_MAX + 1]
    meant = {_meant(detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"} & missing
    # Who wrote `attempt` needs not be told besides that `attempts` is missing.
    told = [detail for detail in details if detail["loc"] not in meant]
    return [_misspelling(detail, document, missing) for detail in told]


def _misspelling(detail: ErrorDetails, document: JsonMap, missing: set[tuple[str | int, ...]]) -> Misspelling:
    loc = detail["loc"]
    place = _place(loc, document)
    is_extra_key = detail["type"] == "extra_forbidden"
    return Misspelling(
        problem=_extra_key(loc, place) if is_extra_key else _told(detail, place),
        is_needless=is_extra_key and _meant(loc) not in missing,
        node=_node_of(loc, document, is_node=detail["type"] == "union_tag_not_found"),
    )


# --- where -----------------------------------------------------------------------------------------------------------


def _is_shape(step: str | int) -> bool:
    return isinstance(step, str) and step.startswith(SHAPE_MARK)


def _place(loc: tuple[str | int, ...], document: Json) -> Place:
    """The path of keys that is really in the document: without shapes, without what a short spelling leaves out."""
    place: list[str | int] = []
    here = document
    for step in loc:
        if _is_shape(step):
            continue
        match here:
            case dict() if isinstance(step, str) and step in here:
                here = here[step]
            case list() if isinstance(step, int) and step < len(here):
                here = here[step]
            case _:
                break
        place.append(step)
    return tuple(place)


def _node_of(loc: tuple[str | int, ...], document: JsonMap, *, is_node: bool) -> Place | None:
    """The place of the innermost node in which a problem stands."""
    if is_node:
        return _place(loc, document)
    kinds = [index for index, step in enumerate(loc) if step in _MODEL_OF_SHAPE]
    return _place(loc[: kinds[-1]], document) if kinds else None


# --- keys too many ---------------------------------------------------------------------------------------------------

_MODEL_OF_SHAPE: Final[dict[str | int, type[BaseModel]]] = {
    g.kind_shape(kind): model for kind, model in g.NODE_MODELS.items()
}
_MODEL_OF_KEY: Final[dict[str | int, type[BaseModel]]] = {
    "retry": g.RetrySpec,
    "undo": g.UndoSpec,
    "budget": g.GraphBudget,
    "after": EdgeSpec,
    "choose": g.CaseSpec,
    "join": QuorumSpec,
    "on_error": FallbackSpec,
    "graph": g.Block,
    shape("an instant"): g.WaitUntil,
    shape("an event"): g.WaitForEvent,
    TRIGGER_SHAPES[0]: CronTrigger,
    TRIGGER_SHAPES[1]: EventTrigger,
}


def _meant(loc: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """The key that was probably meant by one too many, where it would stand."""
    _, model = _owner(loc[:-1])
    meant = nearest(str(loc[-1]), _keys_of(model))
    return (*loc[:-1], meant) if meant else None


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _extra_key(loc: tuple[str | int, ...], place: Place) -> Problem:
    key = str(loc[-1])
    owner, model = _owner(loc[:-1])
    if key in NOT_YET:
        return Problem(place=place, message=f"`{key}` is not in this version", advice="leave it out", at_key=True)
    known = _keys_of(model)
    advice = _why_not(key, owner)
    if not advice:
        meant = nearest(key, known)
        advice = f"did you mean `{meant}`?" if meant else f"its keys are {', '.join(sorted(known))}"
    return Problem(place=place, message=f"`{key}` is not a key of {owner}", advice=advice, at_key=True)


def _owner(loc: tuple[str | int, ...]) -> tuple[str, type[BaseModel]]:
    """What the key was written in: how it is called, and which keys it has."""
    for step in reversed(loc):
        if step in _MODEL_OF_SHAPE:
            return str(step).strip("⟨⟩"), _MODEL_OF_SHAPE[step]
        if step in _MODEL_OF_KEY:
            model = _MODEL_OF_KEY[step]
            if step == "budget" and any(inner in _MODEL_OF_SHAPE for inner in loc):
                model = g.NodeBudget
            return _said_of(step), model
    return "a graph", g.Graph


def _said_of(step: str | int) -> str:
    if not _is_shape(step):
        return f"`{step}`"
    said = str(step).strip("⟨⟩")
    return said if step in TRIGGER_SHAPES else f"a wait for {said}"


_COMPOSITE: Final = frozenset({"an each node", "a loop node", "a graph node"})
_PURE: Final = frozenset({"a value node", "a choose node", "a fuse node"})


def _why_not(key: str, owner: str) -> str:
    """Why a key that other kinds have is missing here, and what to write instead."""
    match key:
        case "retry" if owner in _COMPOSITE:
            return "put it on the nodes inside, or use `loop`"
        case "retry" if owner.endswith(" node"):
            return "only what calls the world has attempts: tool and emit nodes"
        case "timeout" if owner in _PURE:
            return "it settles in the step that reaches it: put the timeout on what it waits for"
        case "undo" if owner.endswith(" node"):
            return (
                "only what a tool did can be taken back: put it on a tool node, or on the each, loop or graph around it"
            )
        case "input" if owner == "an emit node":
            return "what an event carries is its `data`"
        case "input" if owner.endswith(" node"):
            return "mention the names where they are needed, in ${…}"
        case "budget" if owner.endswith(" node"):
            return "it makes no calls"
        case "wall" if owner == "`budget`":
            return "it bounds a whole run: put it in the graph's own `budget`"
        case "max_retries" | "retries":
            return "write `retry: {attempts: 3}`"
        case _:
            return ""


# --- everything else -------------------------------------------------------------------------------------------------


def _told(detail: ErrorDetails, place: Place) -> Problem:
    """The problem in our words."""
    name, given, facts = _called(detail["loc"]), detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case kind if kind == WRITTEN_WRONG:
            return Problem(place=place, message=str(facts["message"]), advice=str(facts["advice"]))
        case "union_tag_not_found":
            return _kindless(name, given, place)
        case "missing":
            owner, _ = _owner(detail["loc"][:-1])
            key = detail["loc"][-1]
            return Problem(place=place, message=f"{owner} needs `{key}`", advice=f"add `{key}: …`", at_key=True)
        case "literal_error":
            return _not_one_of(name, given, str(facts["expected"]), place)
        case "greater_than_equal":
            return Problem(place=place, message=f"{name} is at least {facts['ge']}, not {given}")
        case "less_than_equal":
            return Problem(place=place, message=f"{name} is at most {facts['le']}, not {given}")
        case "too_short":
            return Problem(place=place, message=f"{name} is empty", advice="write at least one")
        case kind:
            return is_not(name, kind, given, place)


def _called(loc: tuple[str | int, ...]) -> str:
    """What a problem's subject is called: its key, or a part of it."""
    steps = [step for step in loc if not _is_shape(step)]
    keys = [step for step in steps if isinstance(step, str)]
    if not keys:
        return "a graph"
    return f"`{keys[-1]}`" if isinstance(steps[-1], str) else f"item {steps[-1]} of `{keys[-1]}`"


def _kindless(name: str, given: object, place: Place) -> Problem:
    """A node that is of no kind, or of several."""
    if not isinstance(given, dict):
        return Problem(place=place, message=f"{name} is a node, and so a map, not {said(given)}")
    keys = list(cast("dict[str, object]", given))
    kinds = g.kinds_in(cast("dict[str, object]", given))
    if len(kinds) > 1:
        message = f"{name} has several kinds: {', '.join(f'`{kind}`' for kind in kinds)}"
        return Problem(place=place, message=message, advice="a node is of exactly one: make it two nodes")
    kind_keys = ", ".join(g.KINDS)
    for key in keys:
        if meant := nearest(key, g.KINDS):
            message = f"`{key}` is not a kind of node"
            return Problem(place=(*place, key), message=message, advice=f"did you mean `{meant}`?", at_key=True)
    return Problem(place=place, message=f"{name} does not say what kind of node it is", advice=f"kinds: {kind_keys}")


def _not_one_of(name: str, given: object, expected: str, place: Place) -> Problem:
    if isinstance(given, str) and given in NOT_YET:
        return Problem(place=place, message=f"`{given}` is not in this version", advice="choose another")
    return not_one_of(name, given, expected, place)
