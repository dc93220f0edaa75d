"""What is wrong with a setting, said to whoever has written it: with the place it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from interlock.models.declared_wrongly import told_wrongly
from interlock.settings.configured import Origin
from interlock.settings.declaring import WRONG_ADDRESS, SandboxTier
from interlock.webhooks.declaring import WRONG_WEBHOOK
from interlock.webhooks.schemes import SchemeName


def told(place: tuple[str | int, ...], wrong: str, why: str, given: object, origins: Mapping[str, Origin]) -> str:
    """One mistake: where it was written, what it is about, and what is wanted there."""
    name = next((name for name in origins if name == ".".join(map(str, place[: name.count(".") + 1]))), str(place[0]))
    where = origins.get(name, Origin("default"))
    if wrong == WRONG_ADDRESS:
        return f"{where}: `{name}` cannot be used: {why}"  # what was given may hold a password
    if place[0] in {"model", "models", "search"}:
        return f"{where}: {told_wrongly(place, wrong, why, given)}"
    if place[0] == "sinks":
        return f"{where}: {_told_of_sink(place, wrong)}, not {given!r}"
    if place[0] == "webhooks":
        return f"{where}: {_told_of_webhook(place, wrong, why)}"
    if place[0] == "sandbox":
        tiers = ", ".join(get_args(SandboxTier))
        return f"{where}: `{name}` is a list of {tiers}, the first to be tried first, not {given!r}"
    if wrong == "string_pattern_mismatch" and place[0] in {"worker", "pools"}:
        return f"{where}: `{name}` wants names of letters, digits, `.`, `_` and `-`, and was given {given!r}"
    return f"{where}: `{name}` is {_WANTED.get(wrong, 'a whole number above 0')}, not {given!r}"


_WANTED: Final = {
    "tuple_type": "a list of files, folders and modules",
    "string_type": "a file, a folder or a module",
    "string_too_short": "a file, a folder or a module",
    "path_type": "a path",
    "string_pattern_mismatch": "an age such as `12h`, `90d` or `1y`",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "model_type": "a table of settings",
    "model_attributes_type": "a table of settings",
}
"""What a setting is, by what was found wrong with it; most are numbers."""

_WEBHOOK_KEYS: Final = "scheme, secret, graph, inputs, event, data, run, id, when, tolerance_seconds"
_WANTED_OF_WEBHOOK: Final = {
    "missing": "needed: the name of the secret with which deliveries are signed",
    "extra_forbidden": f"no key of a webhook (there are: {_WEBHOOK_KEYS})",
    "literal_error": f"one of {', '.join(get_args(SchemeName))}",
    "dict_type": "a table",
    "model_type": 'a table, such as `{secret = "NAME", graph = "review"}`',
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "string_too_long": "shorter",
    "int_type": "a whole number of seconds",
    "int_parsing": "a whole number of seconds",
    "greater_than_equal": "at least 1 s",
    "less_than_equal": "a day at most: 86400 s",
}


def _told_of_webhook(place: tuple[str | int, ...], wrong: str, why: str) -> str:
    """What was given is not repeated: somebody may have written the secret itself."""
    if place[-1] == "[key]":
        return f"`{place[1]}` is no name of a webhook: lower-case letters, digits and `-`"
    name = ".".join(map(str, place))
    return f"`{name}` {why}" if wrong == WRONG_WEBHOOK else f"`{name}` is {_WANTED_OF_WEBHOOK.get(wrong, 'a webhook')}"


_ANY_SINK: Final = 'an address such as `file:events.jsonl`, or a table `{to = "https://…", secret = "NAME"}`'
_WANTED_OF_SINK: Final = {
    "extra_forbidden": "no key of a sink (there are: to, secret, timeout_seconds)",
    "dict_type": "a table of sinks",
    "greater_than": "a time above 0 s",
    "less_than_equal": "a time up to 300 s",
    "float_parsing": "a number of seconds",
    "float_type": "a number of seconds",
    "missing": "needed: the sink's address",
}


def _told_of_sink(place: tuple[str | int, ...], wrong: str) -> str:
    if place[-1] == "[key]":
        return f"`{place[1]}` is no name of a sink: lower-case letters, digits, `-` and `_`"
    return f"`{'.'.join(map(str, place))}` is {_WANTED_OF_SINK.get(wrong, _ANY_SINK)}"
