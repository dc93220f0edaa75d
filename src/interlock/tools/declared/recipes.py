"""How an HTTP tool is called: a request with places for arguments, which is pinned as a part of the tool's definition.

Pure: makes the request and reads the answer, and sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from interlock.core.canonical import canonical
from interlock.core.plan import EffectClass
from interlock.core.values import Value, ValueProblem, is_list
from interlock.tools.declared.templates import ABSENT, arguments_in, as_text, filled, filled_text, in_path, secrets_in
from interlock.tools.errors import ToolFailed
from interlock.tools.outgoing import OutgoingRequest, OutgoingResponse, Target, parse_target
from interlock.tools.secrets import SecretText

EFFECT_OF: Final[Mapping[str, EffectClass]] = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "PUT": "idempotent",
    "DELETE": "idempotent",
}
"""What the methods promise by the standard; of the others a repeat may do harm."""
ALL_ARGUMENTS: Final = "{*}"
"""The template of a body that is a map of all arguments which stand nowhere else."""
SAID_CHARACTERS_MAX: Final = 500


class HttpRecipe(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request with places for arguments and secrets."""

    method: str
    url: str
    effect: EffectClass
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = None

    @property
    def target(self) -> Target:
        """Where it goes. The host holds no place for anything."""
        head, _, _ = self.url.partition("{")
        return parse_target(head.removesuffix("$"))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that it needs."""
        return tuple(sorted(secrets_in([self.url, self.query, self.headers, self.body])))

    @property
    def arguments(self) -> set[str]:
        """The arguments that it mentions."""
        return arguments_in([self.url, self.query, self.headers, self.body]) - {"*"}

    def as_annotations(self) -> dict[str, Any]:
        """The recipe as it stands in a definition."""
        return canonical(msgspec.to_builtins(self))


def recipe_of(annotations: Mapping[str, Any]) -> HttpRecipe:
    """The recipe that stands in a definition."""
    return msgspec.convert(annotations, HttpRecipe)


def effect_of(method: str) -> EffectClass:
    """What a repeat would do, by the method."""
    return EFFECT_OF.get(method, "once")


def request_of(
    recipe: HttpRecipe, arguments: Mapping[str, Value], secrets: Mapping[str, SecretText], *, effect_id: str
) -> OutgoingRequest:
    """The request of one call. One that may be repeated carries its effect's id, by which servers know it again."""
    path, question, given_query = recipe.url.partition("?")
    url = filled_text(path, arguments, secrets, encode=in_path)
    queries = [filled_text(given_query, arguments, secrets, encode=_in_query)] if question else []
    queries += [urlencode(_pairs(recipe, arguments, secrets))] if recipe.query else []
    headers = {name: filled_text(each, arguments, secrets) for name, each in recipe.headers.items()}
    names = {name.lower() for name in headers}
    body = _body(recipe, arguments, secrets)
    if body is not None and "content-type" not in names:
        headers["Content-Type"] = "application/json"
    if "accept" not in names:
        headers["Accept"] = "application/json"
    if recipe.effect == "idempotent" and "idempotency-key" not in names:
        headers["Idempotency-Key"] = effect_id
    return OutgoingRequest(
        method=recipe.method,
        url="?".join([url, "&".join(query for query in queries if query)]).removesuffix("?"),
        headers=tuple((name, value) for name, value in headers.items() if value),
        body=body or b"",
    )


def _in_query(text: str) -> str:
    return quote(text, safe="")


def _pairs(
    recipe: HttpRecipe, arguments: Mapping[str, Value], secrets: Mapping[str, SecretText]
) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, template in recipe.query.items():
        value = filled(template, arguments, secrets)
        if value is ABSENT or value is None:
            continue
        pairs += [(name, as_text(each)) for each in (value if is_list(value) else [value])]
    return pairs


def _body(recipe: HttpRecipe, arguments: Mapping[str, Value], secrets: Mapping[str, SecretText]) -> bytes | None:
    if recipe.body is None:
        return None
    if recipe.body == ALL_ARGUMENTS:
        mentioned = recipe.arguments
        value: Value = {name: each for name, each in arguments.items() if name not in mentioned}
    else:
        value = filled(recipe.body, arguments, secrets)
    if value is ABSENT:
        return None
    is_json = "json" in next((each for name, each in recipe.headers.items() if name.lower() == "content-type"), "json")
    return value.encode() if isinstance(value, str) and not is_json else json.dumps(value, ensure_ascii=False).encode()


def result_of(response: OutgoingResponse, origin: str) -> Value:
    """What an answer comes to; `ToolFailed` if it says that the call failed, or might have."""
    if 200 <= response.status < 300:
        return _value(response, origin)
    raise _failure(response, origin)


def _value(response: OutgoingResponse, origin: str) -> Value:
    if not response.body:
        return None
    if "json" not in response.header("content-type").partition(";")[0]:
        return canonical(response.text(), where="the answer")
    try:
        return canonical(json.loads(response.body), where="the answer")
    except (ValueError, RecursionError, ValueProblem) as error:
        told = f"{origin} answered with what is no JSON, though it says so: {str(error)[:200]}"
        raise ToolFailed(told, kind="invalid", retryable=False) from error


def _failure(response: OutgoingResponse, origin: str) -> ToolFailed:
    said = " ".join(response.text()[:SAID_CHARACTERS_MAX].split())
    told = f"{origin} answered {response.status}" + (f": {said}" if said else "")
    match response.status:
        case 401 | 403 | 407 | 451:
            return ToolFailed(told, kind="refused", retryable=False)
        case 408:
            return ToolFailed(told, kind="timeout")
        case 425 | 429:
            return ToolFailed(told, kind="rate_limited")
        case status if 300 <= status < 400:
            return ToolFailed(f"{told}; redirects are not followed", kind="refused", retryable=False)
        case status if 400 <= status < 500:
            return ToolFailed(told, kind="invalid", retryable=False)
        case 501 | 503:
            return ToolFailed(told, kind="unavailable")
        case _:
            # The server broke while it was at work, or somebody before it lost its answer.
            return ToolFailed(told, kind="unavailable", in_doubt=True)
