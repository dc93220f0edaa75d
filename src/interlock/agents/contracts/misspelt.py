"""What is wrong with the shape of a contract, said in the words of contracts: which key, and what to write instead."""

from __future__ import annotations

from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from interlock.agents.contracts.written import NAME_PATTERN, SECTION_NAME_PATTERN, WrittenAgent
from interlock.core.compiling.spellings import WRITTEN_WRONG
from interlock.core.problems import Place, Problem, nearest
from interlock.core.shape_wording import is_not, not_one_of, said

PROBLEMS_MAX: Final = 100


def problems_of_shape(error: ValidationError) -> list[Problem]:
    """Every problem that validation found, each at its place; of very many, the first."""
    details = error.errors(include_url=False)
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    meant = {_meant(detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"} & missing
    # Who wrote `promt` needs not be told besides that `prompt` is missing.
    return [_problem(detail) for detail in details if detail["loc"] not in meant][:PROBLEMS_MAX]


def _problem(detail: ErrorDetails) -> Problem:
    loc, given, facts = detail["loc"], detail["input"], detail.get("ctx", {})
    place = _place(loc)
    name = f"`{place[-1]}`" if place else "an agent"
    match detail["type"]:
        case kind if kind == WRITTEN_WRONG:
            return Problem(place=place, message=str(facts["message"]), advice=str(facts["advice"]))
        case "extra_forbidden":
            return _extra_key(loc, place)
        case "missing":
            owner = f"`{place[-2]}`" if len(place) > 1 else "an agent"
            return Problem(place=place[:-1], message=f"{owner} needs {name}", advice=f"add {name}", at_key=True)
        case "literal_error":
            return not_one_of(name, given, str(facts["expected"]), place)
        case "string_pattern_mismatch":
            return Problem(place=place, message=f"{name} is no name: {said(given)}", advice=_ADVICE[facts["pattern"]])
        case "greater_than_equal":
            return Problem(place=place, message=f"{name} is at least {facts['ge']}, not {given}")
        case "less_than_equal":
            return Problem(place=place, message=f"{name} is at most {facts['le']}, not {given}")
        case "string_too_short":
            return Problem(place=place, message=f"{name} is empty", advice="write something")
        case "string_too_long":
            return Problem(place=place, message=f"{name} is longer than {facts['max_length']} characters")
        case kind:
            return is_not(name, kind, given, place)


_ADVICE: Final = {
    NAME_PATTERN: "begin with a Latin letter, go on with letters, digits, `_`, `.` and `-`",
    SECTION_NAME_PATTERN: "begin with a small Latin letter, go on with small letters, digits and `_`",
}


def _place(loc: tuple[str | int, ...]) -> Place:
    """Where it stands; the mark of a key that is itself wrong belongs to the library."""
    return tuple(step for step in loc if step != "[key]")


def _extra_key(loc: tuple[str | int, ...], place: Place) -> Problem:
    owner = next((f"`{step}`" for step in reversed(loc[:-1]) if isinstance(step, str)), "an agent")
    known = _keys_at(loc[:-1])
    meant = nearest(str(loc[-1]), known)
    advice = f"did you mean `{meant}`?" if meant else f"its keys are {', '.join(sorted(known))}"
    return Problem(place=place, message=f"`{loc[-1]}` is not a key of {owner}", advice=advice, at_key=True)


def _meant(loc: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    meant = nearest(str(loc[-1]), _keys_at(loc[:-1]))
    return (*loc[:-1], meant) if meant else None


def _keys_at(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a place, found by following the models."""
    model: type[BaseModel] = WrittenAgent
    for step in loc:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [model for each in get_args(annotation) if (model := _model_in(each)) is not None]
    return found[0] if found else None
