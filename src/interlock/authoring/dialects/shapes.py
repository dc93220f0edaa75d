"""The shape of a document of another system: read into its model, or told what is wrong with it, key by key.

What the keys mean is for the dialect. Models here are closed: a key that nobody reads would be without effect.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from interlock.core.compiling.spellings import WRITTEN_WRONG, Written
from interlock.core.problems import Place, Problem, nearest
from interlock.core.shape_wording import is_not, not_one_of

PROBLEMS_MAX: Final = 100


class WrittenElsewhere(Written):
    """What people write for another system. Most processes never meet one, so its model is made when it is needed."""

    model_config = ConfigDict(defer_build=True)


Model = TypeVar("Model", bound=WrittenElsewhere)


def read_shape(model: type[Model], written: object, *, what: str, at: Place = ()) -> Model | list[Problem]:
    """What was written, as its model, or every problem of its shape. `what` is what problems call it."""
    try:
        return model.model_validate(written)
    except ValidationError as error:
        details = error.errors(include_url=False)[:PROBLEMS_MAX]
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    meant = {_meant(model, detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"} & missing
    # Who wrote `agent_typ` needs not be told besides that `agent_type` is missing.
    return [_problem(model, detail, what, at) for detail in details if detail["loc"] not in meant]


def _problem(model: type[BaseModel], detail: ErrorDetails, what: str, at: Place) -> Problem:
    loc, given, facts = detail["loc"], detail["input"], detail.get("ctx", {})
    place = (*at, *loc)
    name = _called(place) if loc else what
    match detail["type"]:
        case kind if kind == WRITTEN_WRONG:
            return Problem(place=place, message=f"{name}: {facts['message']}", advice=str(facts["advice"]))
        case "extra_forbidden":
            return _extra_key(model, loc, _owner(place, what), place)
        case "missing":
            message = f"{_owner(place, what)} needs `{loc[-1]}`"
            return Problem(place=place[:-1], message=message, advice=f"add `{loc[-1]}: …`")
        case "literal_error":
            return not_one_of(name, given, str(facts["expected"]), place)
        case "greater_than_equal":
            return Problem(place=place, message=f"{name} is at least {facts['ge']}, not {given}")
        case "less_than_equal":
            return Problem(place=place, message=f"{name} is at most {facts['le']}, not {given}")
        case "string_too_short" | "too_short":
            return Problem(place=place, message=f"{name} is empty", advice="write at least one")
        case kind:
            return is_not(name, kind, given, place)


def _extra_key(model: type[BaseModel], loc: Place, owner: str, place: Place) -> Problem:
    known = _keys_at(model, loc[:-1])
    meant = nearest(str(loc[-1]), known)
    advice = f"did you mean `{meant}`?" if meant else f"its keys are {', '.join(known)}"
    return Problem(place=place, message=f"`{loc[-1]}` is not a key of {owner}", advice=advice, at_key=True)


def _meant(model: type[BaseModel], loc: Place) -> Place:
    return (*loc[:-1], nearest(str(loc[-1]), _keys_at(model, loc[:-1])) or "")


def _called(place: Place) -> str:
    """What stands at a place, in words: the key, or which item of the list it is."""
    keys = [step for step in place if isinstance(step, str)]
    last = place[-1]
    if isinstance(last, str):
        return f"`{last}`"
    return f"item {last + 1} of `{keys[-1]}`" if keys else f"item {last + 1}"


def _owner(place: Place, what: str) -> str:
    return _called(place[:-1]) if len(place) > 1 else what


def _keys_at(model: type[BaseModel], loc: Place) -> list[str]:
    """The keys that may stand at a place, found by following the models."""
    for step in loc:
        field = next((field for name, field in model.model_fields.items() if (field.alias or name) == step), None)
        if field is not None:
            model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [model for each in get_args(annotation) if (model := _model_in(each)) is not None]
    return found[0] if found else None
