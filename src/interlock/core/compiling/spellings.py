"""Fields that may be written in several ways and mean one thing: each is read into its one canonical spelling.

So equal graphs have equal documents, whoever wrote them. Nothing here looks beyond its own field: whether a name
exists or a word can come is for the compiler.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag
from pydantic_core import PydanticCustomError

from interlock.core.compiling.json_data import Json
from interlock.core.durations import DurationProblem, duration_text, parse_duration
from interlock.core.plan import POOL_PATTERN
from interlock.core.spending import MoneyProblem, parse_usd, usd_text

Template: TypeAlias = Any
"""JSON data in whose texts `${…}` may stand."""

WRITTEN_WRONG: Final = "written_wrong"
"""The type of every error that already speaks our words."""


class Written(BaseModel):
    """What people write: closed, so that a misspelt key is found; strict, so that text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, hide_input_in_errors=True)


def written_wrong(message: str, advice: str = "") -> PydanticCustomError:
    """A problem of a field in our own words. The facts travel beside the template: text may hold braces."""
    return PydanticCustomError(WRITTEN_WRONG, "{message}", {"message": message, "advice": advice})


# --- one of two shapes -----------------------------------------------------------------------------------------------

SHAPE_MARK: Final = "⟨"
"""Begins every tag that tells shapes apart, so that it is never taken for a key of the document."""


def shape(noun: str) -> str:
    """The tag of one shape of a field; the noun is what problems call it."""
    return f"{SHAPE_MARK}{noun}⟩"


TEXT: Final = Tag(shape("text"))
MAP: Final = Tag(shape("map"))


def text_or_map(message: str) -> Discriminator:
    """Tells the two shapes of a field apart by looking at the value; what is neither is told by the message."""
    return Discriminator(
        _text_or_map,
        custom_error_type=WRITTEN_WRONG,
        custom_error_message="{message}",
        custom_error_context={"message": message, "advice": ""},
    )


def _text_or_map(written: object) -> str | None:
    match written:
        case str():
            return TEXT.tag
        case dict() | BaseModel():
            return MAP.tag
        case _:
            return None


# --- durations -------------------------------------------------------------------------------------------------------


def _read_duration(written: object) -> int:
    try:
        return parse_duration(written)
    except DurationProblem as problem:
        raise written_wrong(problem.message, problem.advice) from problem


Duration: TypeAlias = Annotated[
    int, BeforeValidator(_read_duration, json_schema_input_type=str), PlainSerializer(duration_text, return_type=str)
]

# --- money -----------------------------------------------------------------------------------------------------------


def _read_money(written: object) -> int:
    try:
        return parse_usd(written)
    except MoneyProblem as problem:
        raise written_wrong(str(problem), "") from problem


Money: TypeAlias = Annotated[
    int, BeforeValidator(_read_money, json_schema_input_type=str | float), PlainSerializer(usd_text, return_type=str)
]
"""US dollars."""

# --- words: one, or a list of them -----------------------------------------------------------------------------------


def _read_words(written: Json) -> tuple[str, ...]:
    words = [written] if isinstance(written, str) else written
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return tuple(sorted({word for word in words if isinstance(word, str)}))
    raise written_wrong("this is a word or a list of words", "write `[first, second]`")


Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_read_words, json_schema_input_type=str | list[str])]
"""Words whose order means nothing."""


def _read_texts(written: Json) -> Json:
    return [written] if isinstance(written, str) else written


Texts: TypeAlias = Annotated[
    list[str], BeforeValidator(_read_texts, json_schema_input_type=str | list[str]), Field(min_length=1)
]
"""Texts whose order is kept."""

# --- after -----------------------------------------------------------------------------------------------------------


class EdgeSpec(Written):
    """When an edge of `after` fires."""

    on: Annotated[Words, Field(min_length=1)] | None = Field(
        default=None,
        description="The outcomes (succeeded, failed, skipped, cancelled) or labels of the source on which the edge "
        "fires. Left out: when the source succeeded.",
    )
    when: str | None = Field(
        default=None,
        description="A condition in ${…} that must be true besides. It may mention the source, inputs and run.",
    )


def _read_after(written: Json) -> Json:
    match written:
        case str():
            return {written: {}}
        case list():
            names = [name for name in written if isinstance(name, str)]
            if len(names) < len(written):
                raise written_wrong("`after` lists names of nodes", "for conditions write `after: {name: {on: …}}`")
            return {name: {} for name in sorted(names)}
        case dict():
            return {name: {} if edge is None else edge for name, edge in sorted(written.items())}
        case _:
            raise written_wrong("`after` is a node's name, a list of names, or a map of name to conditions")


After: TypeAlias = Annotated[
    dict[str, EdgeSpec],
    BeforeValidator(_read_after, json_schema_input_type=str | list[str] | dict[str, EdgeSpec | None]),
]

# --- pool ------------------------------------------------------------------------------------------------------------


class PoolSpec(Written):
    """Which workers may perform a call."""

    name: str = Field(pattern=POOL_PATTERN, description="The pool that a worker must be of.")
    tags: Words = Field(default=(), description="What a worker must be besides: it has to have all of these tags.")


def _read_pool(written: Json) -> Json:
    return {"name": written} if isinstance(written, str) else written


Pool: TypeAlias = Annotated[PoolSpec, BeforeValidator(_read_pool, json_schema_input_type=str | PoolSpec)]
"""The name of a pool, or that and tags."""

# --- join ------------------------------------------------------------------------------------------------------------


class QuorumSpec(Written):
    """A join that is satisfied by some of its edges."""

    quorum: int = Field(ge=1, description="How many edges must fire.")


def _read_join(written: Json) -> Json:
    is_first = isinstance(written, dict) and written == {"quorum": 1} and written["quorum"] is not True
    return "first" if is_first else written


JoinSpec: TypeAlias = Annotated[
    Annotated[Literal["all", "any", "first"], TEXT] | Annotated[QuorumSpec, MAP],
    text_or_map("a join is `all`, `any`, `first` or `{quorum: n}`"),
    BeforeValidator(_read_join, json_schema_input_type=Literal["all", "any", "first"] | QuorumSpec),
]

# --- on_error --------------------------------------------------------------------------------------------------------


class FallbackSpec(Written):
    """Another node stands in for this one."""

    fallback: str = Field(description="The node of the same scope that starts when this one fails and gives its value.")


OnError: TypeAlias = Annotated[
    Annotated[Literal["fail", "continue"], TEXT] | Annotated[FallbackSpec, MAP],
    text_or_map("`on_error` is `fail`, `continue` or `{fallback: node}`"),
]
