"""What pydantic found wrong with a policy's file, in the words of its language: which key, of what, what to write.

Knows the shape only; which keys go together is told in `rule_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.compiling.spellings import WRITTEN_WRONG
from interlock.core.problems import Place, Problem, nearest
from interlock.core.shape_wording import is_not, not_one_of, said
from interlock.governance.policy_document import ArgumentBounds, PolicyDocument, RuleSpec, Who


def without_broken_rules(error: ValidationError, document: JsonMap) -> JsonMap:
    """The file without the rules in which something was found, so that what is wrong with the others shows too."""
    places = [detail["loc"] for detail in error.errors(include_url=False)]
    broken = {place[1] for place in places if place[0] == "rules" and len(place) > 1}
    rules = document.get("rules")
    kept: JsonMap = (
        {name: rule for name, rule in rules.items() if name not in broken} if isinstance(rules, dict) else {}
    )
    return {"policy": "unnamed", "rules": kept}


def problems_in(error: ValidationError, document: JsonMap) -> Iterator[Problem]:
    """Every problem that validation found, each place once."""
    told: set[tuple[Place, str]] = set()
    details = error.errors(include_url=False)
    misspelt = {_meant(detail) for detail in details if detail["type"] == "extra_forbidden"}
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in misspelt:
            continue  # who wrote `polcy` needs not be told besides that `policy` is missing
        problem = _told(detail, _place(detail["loc"], document))
        if (problem.place, problem.message) not in told:
            told.add((problem.place, problem.message))
            yield problem


def _told(detail: ErrorDetails, place: Place) -> Problem:
    name, given, facts = _called(place), detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case kind if kind == WRITTEN_WRONG:
            return Problem(place=place, message=f"{name}: {facts['message']}", advice=str(facts["advice"]))
        case "extra_forbidden":
            return _unknown_key(detail, place)
        case "missing":
            key = str(detail["loc"][-1])
            message = f"{_owner(detail['loc'][:-1])[0]} needs `{key}`"
            return Problem(place=place, message=message, advice=f"add `{key}: …`", at_key=True)
        case "literal_error":
            return not_one_of(name, given, str(facts["expected"]), place)
        case "string_pattern_mismatch":
            advice = "begin with a letter; letters, digits, `_`, `.` and `-` may follow, 64 in all"
            return Problem(place=place, message=f"{name} cannot be {said(given)}", advice=advice)
        case "too_short" | "string_too_short":
            return Problem(place=place, message=f"{name} is empty", advice="write at least one, or leave the key out")
        case kind:
            return is_not(name, kind, given, place)


# --- keys ------------------------------------------------------------------------------------------------------------


def _unknown_key(detail: ErrorDetails, place: Place) -> Problem:
    key = str(detail["loc"][-1])
    owner, model = _owner(detail["loc"][:-1])
    meant = nearest(key, _keys_of(model))
    advice = f"did you mean `{meant}`?" if meant else f"its keys are {', '.join(_keys_of(model))}"
    return Problem(place=place, message=f"`{key}` is not a key of {owner}", advice=advice, at_key=True)


def _meant(detail: ErrorDetails) -> Place:
    _, model = _owner(detail["loc"][:-1])
    return (*detail["loc"][:-1], nearest(str(detail["loc"][-1]), _keys_of(model)) or "")


def _owner(loc: Place) -> tuple[str, type[BaseModel]]:
    """What a key was written in, and which keys that has."""
    match loc:
        case ("rules", _):
            return f"the rule `{loc[1]}`", RuleSpec
        case ("rules", _, "who"):
            return "`who`", Who
        case ("rules", _, "arguments", *_):
            return f"the argument `{loc[-1]}`", ArgumentBounds
        case _:
            return "a policy", PolicyDocument


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


# --- where, and what was written -------------------------------------------------------------------------------------


def _place(loc: Place, document: Json) -> Place:
    """The part of a path that is really in the document: without what a short spelling leaves out."""
    place: list[str | int] = []
    here = document
    for step in loc:
        match here:
            case dict() if isinstance(step, str) and step in here:
                here = here[step]
            case list() if isinstance(step, int) and step < len(here):
                here = here[step]
            case _:
                continue
        place.append(step)
    return tuple(place)


def _called(place: Place) -> str:
    keys = [step for step in place if isinstance(step, str)]
    if not keys:
        return "a policy"
    return f"`{keys[-1]}`" if isinstance(place[-1], str) else f"item {place[-1]} of `{keys[-1]}`"
