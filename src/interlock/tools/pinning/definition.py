"""What a tool of somebody else says of itself, and the digest of all of it.

The words are what a model reads and obeys, so a changed word is as much a change as a changed schema.
"""

from __future__ import annotations

from typing import Any, Final, cast

from msgspec import Struct, structs

from interlock.core.canonical import canonical
from interlock.core.plan import JsonSchema
from interlock.core.schemas import check_schema
from interlock.core.values import ValueProblem, digest_of, is_map
from interlock.tools.errors import ToolError
from interlock.tools.tool import NAME_PATTERN

DESCRIPTION_CHARACTERS_MAX: Final = 16_000
PIN_PREFIX: Final = "sha256:"


class Definition(Struct, frozen=True, kw_only=True):
    """Everything that a tool says of itself. `annotations`: how it is called, or what its server adds to it."""

    name: str
    description: str = ""
    input: JsonSchema
    output: JsonSchema | None = None
    annotations: dict[str, Any] = {}

    @property
    def pin(self) -> str:
        """The digest of it all: two definitions with one pin say the same."""
        return PIN_PREFIX + digest_of(canonical(structs.asdict(self)))


def definition_of(
    name: str,
    *,
    description: str | None,
    input: object,
    output: object = None,
    annotations: object = None,
) -> Definition:
    """A definition of what came from outside; `ToolError` says why it cannot be used."""
    if not NAME_PATTERN.fullmatch(name):
        raise ToolError(f"{name[:80]!r} is no name of a tool: letters, digits, `_`, `.` and `-`, 128 in all")
    if len(description or "") > DESCRIPTION_CHARACTERS_MAX:
        raise ToolError(f"`{name}` describes itself in more than {DESCRIPTION_CHARACTERS_MAX:,} characters")
    try:
        return Definition(
            name=name,
            description=canonical(description or "", where="its description"),
            input=_schema(name, "input", input),
            output=None if output is None else _schema(name, "result", output),
            annotations=canonical(annotations or {}, where="its annotations"),
        )
    except ValueProblem as problem:
        raise ToolError(f"`{name}` cannot be used: {problem}") from problem


def _schema(name: str, of: str, schema: object) -> JsonSchema:
    """A schema that may be used: of bounded size, without anything to be fetched, without patterns that hang."""
    rules = _without_dialect(schema)
    problems = check_schema(rules)
    if problems or not is_map(rules):
        told = problems[0].message if problems else "it is no map"
        place = ".".join(map(str, problems[0].place)) if problems else ""
        raise ToolError(f"`{name}` cannot be used: the schema of its {of}{place and f', at {place}'}: {told}")
    return canonical(rules, where=f"the schema of its {of}")


def _without_dialect(schema: object) -> object:
    """Drafts before 2020-12 mean the same by nearly every keyword in use, so what a server calls its draft is left out.

    Where they do not, the schema is refused by its keywords and not by its draft's name.
    """
    match schema:
        case dict():
            return {key: each for key, each in cast("dict[object, object]", schema).items() if key != "$schema"}
        case _:
            return schema
