"""What is wrong with models as they were declared, in the words of the settings: which one, and what it should be."""

from __future__ import annotations

from typing import Final

from interlock.models.declaring import DECLARING

_GIVEN_MAX: Final = 80
_KEYS: Final = {
    "providers": "kind, url, key, headers, path, seed, concurrency, queue, requests_per_minute, tokens_per_minute, "
    "attempts, connect_seconds, first_token_seconds, whole_seconds",
    "pools": "models, cache",
    "models": "model, quality, safety, weight, context, latency_seconds, tools, structured, price, ceiling",
    "price": "input, output, cached, call",
}
_WANTED: Final = {
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "a list of models",
    "missing": "given",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "decimal_type": 'US dollars as text, such as `"0.25"`',
    "decimal_parsing": 'US dollars as text, such as `"0.25"`',
}


def told_wrongly(place: tuple[str | int, ...], wrong: str, why: str, given: object) -> str:
    """The problem in a sentence. What was given is not repeated where it may be a secret."""
    name = ".".join(str(each) for each in place if each != "[key]")
    match wrong:
        case _ if wrong == DECLARING:
            return f"`{name}` {why}"
        case "extra_forbidden":
            return f"`{name}` is no setting; there are: {_keys(place)}"
        case "string_pattern_mismatch" if place[-1] == "key":
            wanted = "the name of a secret (lower-case letters, digits and `_`)"
            return f"`{name}` should be {wanted}: a key itself does not stand in settings"
        case "string_pattern_mismatch":
            return f"`{name}` should be {_wanted_name(place)}, not {_shown(given)}"
        case "missing":
            return f"`{name}` is missing"
        case _:
            wanted = _WANTED.get(wrong) or why.removeprefix("Input should be ").replace("'", "`")
            return f"`{name}` should be {wanted}, not {_shown(given)}"


def _wanted_name(place: tuple[str | int, ...]) -> str:
    match place:
        case (*_, "model") | (*_, "models", int()):
            return "`provider/model`"
        case (_, "providers", *_):
            return "a name of lower-case letters, digits, `-` and `_`"
        case ("model", "name"):
            return "the name of a model"
        case _:
            return "a name of letters, digits, `.`, `-` and `_`"


def _keys(place: tuple[str | int, ...]) -> str:
    around = place[:-1]
    if "price" in around or "ceiling" in around:
        return _KEYS["price"]
    if around[-1:] and isinstance(around[-1], int):
        return _KEYS["models"]
    return _KEYS.get(str(around[1]), "") if len(around) > 1 else "providers, pools"


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _GIVEN_MAX else f"{text[:_GIVEN_MAX]}…"
