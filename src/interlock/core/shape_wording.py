"""How the shape of what people write is told to be wrong: the words that every language of ours shares.

What pydantic reports comes in here as the type of its error and what was given; which keys there are, and what belongs
together, each language knows for itself.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from interlock.core.problems import Place, Problem, nearest

WANTED: Final = MappingProxyType(
    {
        "string_type": "text",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "list_type": "a list",
        "tuple_type": "a list",
        "dict_type": "a map",
        "model_type": "a map",
        "model_attributes_type": "a map",
    }
)
"""What a field is, by what pydantic calls the mistake."""


def said(given: object) -> str:
    """What somebody wrote, in few words."""
    match given:
        case None:
            return "nothing"
        case bool():
            return "true" if given else "false"
        case int() | float():
            return f"the number {given}"
        case str():
            return f"the text `{given if len(given) <= 40 else given[:40] + '…'}`"
        case dict():
            return "a map"
        case _:
            return "a list"


def is_not(name: str, kind: str, given: object, place: Place) -> Problem:
    """A field of another type than is wanted, or of a type that never fits."""
    if kind in WANTED:
        return Problem(place=place, message=f"{name} is {WANTED[kind]}, not {said(given)}")
    return Problem(place=place, message=f"{name} cannot be {said(given)}")


def not_one_of(name: str, given: object, expected: str, place: Place) -> Problem:
    """A word that is none of those there are: `expected` is pydantic's list of them."""
    known = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
    meant = nearest(given, known) if isinstance(given, str) else None
    wanted = known[0] if len(known) == 1 else f"one of {', '.join(known)}"
    message = f"{name} is {wanted}, not {said(given)}"
    return Problem(place=place, message=message, advice=f"did you mean `{meant}`?" if meant else "")
