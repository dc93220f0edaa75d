"""`@tool` reads a function as a contract, and refuses what cannot be one where its author will look."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel

from interlock.core.plan import ToolContract
from interlock.tools import AsyncToolContext, BadTool, Labelled, ToolContext, tool, tool_of
from tests.tools.doorstep import the_tool


class Address(BaseModel):
    """Where to."""

    street: str
    number: int = 1


@dataclass
class Parcel:
    """What."""

    weight: float


def contract_of(function: Callable[..., Any]) -> ToolContract:
    """What graphs may know of it."""
    return the_tool(function).contract


def test_a_function_becomes_a_contract_and_stays_a_function() -> None:
    """The same function serves a graph, a test and a script."""

    @tool
    def greet(name: str, *, times: int = 1) -> str:
        """Greet somebody.

        Politely.
        """
        return f"hello {name} " * times

    assert greet("you") == "hello you "
    assert contract_of(greet) == ToolContract(
        name="greet",
        effect="once",
        description="Greet somebody.\n\nPolitely.",
        input={
            "type": "object",
            "properties": {"name": {"type": "string"}, "times": {"type": "integer", "default": 1}},
            "required": ["name"],
            "additionalProperties": False,
        },
        output={"type": "string"},
    )


def test_everything_can_be_said_by_the_decorator() -> None:
    """What a signature cannot tell: what a repeat would do, what edges wait for, who knows what happened."""

    def find_charge(effect_id: str) -> None: ...

    @tool(
        name="shop.charge",
        effect="idempotent",
        labels=("paid", "declined"),
        reconcile=find_charge,
        timeout="1m30s",
        heartbeat=timedelta(seconds=5),
        description="Charge a card.",
    )
    async def charge(amount: int, ctx: AsyncToolContext) -> Labelled[bool]:
        return Labelled(amount > 0, "paid")

    made = the_tool(charge)

    assert made.contract == ToolContract(
        name="shop.charge",
        effect="idempotent",
        description="Charge a card.",
        input={
            "type": "object",
            "properties": {"amount": {"type": "integer"}},
            "required": ["amount"],
            "additionalProperties": False,
        },
        output={"type": "boolean"},
        labels=("paid", "declined"),
        can_reconcile=True,
    )
    assert (made.runs, made.timeout, made.heartbeat_within) == ("task", 90_000_000, 5_000_000)


def test_models_dataclasses_and_choices_are_spelled_out() -> None:
    """An agent that calls the tool reads this schema and nothing else."""

    @tool
    def send(parcel: Parcel, to: Address, speed: Literal["slow", "fast"] = "slow") -> None: ...

    assert contract_of(send).input == {
        "$defs": {
            "Address": {
                "type": "object",
                "title": "Address",
                "description": "Where to.",
                "properties": {"street": {"type": "string"}, "number": {"type": "integer", "default": 1}},
                "required": ["street"],
            },
            "Parcel": {
                "type": "object",
                "title": "Parcel",
                "description": "What.",
                "properties": {"weight": {"type": "number"}},
                "required": ["weight"],
                "additionalProperties": False,
            },
        },
        "type": "object",
        "properties": {
            "parcel": {"$ref": "#/$defs/Parcel"},
            "to": {"$ref": "#/$defs/Address"},
            "speed": {"type": "string", "enum": ["slow", "fast"], "default": "slow"},
        },
        "required": ["parcel", "to"],
        "additionalProperties": False,
    }
    assert contract_of(send).output == {"type": "null"}


def test_more_input_is_taken_only_by_who_says_so() -> None:
    """A misspelt parameter must not vanish silently."""

    @tool
    def log(level: object, **fields: Any) -> None:  # noqa: ANN401 - on purpose
        ...

    assert contract_of(log).input == {
        "type": "object",
        "properties": {"level": {}},
        "required": ["level"],
        "additionalProperties": True,
    }


def test_parameters_may_be_named_like_anything() -> None:
    """`schema`, `json` and `copy` are good names for parameters, and attributes of models elsewhere."""

    @tool
    def name_game(schema: str, json: str, copy: bool, model_config: int, _hidden: int) -> None: ...  # noqa: FBT001

    assert (contract_of(name_game).input or {})["required"] == ["schema", "json", "copy", "model_config", "_hidden"]


class Receipt(TypedDict):
    """Plain data, as the standard library has people name its fields."""

    number: int


REFUSED_BEFORE_3_12: AbstractContextManager[object] = (
    nullcontext()  # pydantic reads those of the standard library from then on
    if sys.version_info >= (3, 12)
    else pytest.raises(BadTool, match=r"TypedDict of typing: before Python 3.12 import it from typing_extensions")
)


def test_a_typed_dict_of_the_wrong_module_is_refused_with_the_right_one() -> None:
    """It is plain data for all that its author can see: only the import has to change, if anything."""

    def buy() -> Receipt:
        return Receipt(number=1)

    with REFUSED_BEFORE_3_12:
        tool(buy)


class Opaque:
    """Nothing that JSON could hold."""


NO_DATA = "a Opaque, which is no JSON data: use plain types, dataclasses or pydantic models"
IMPORT_IT = "import it outside TYPE_CHECKING, or define it in the module above the tool"


def _positional_only(a: int, /) -> None: ...


def _starred(*paths: str) -> None: ...


def _typed_rest(**more: int) -> None: ...


def _opaque(thing: Opaque) -> None: ...


def _returns_opaque() -> Opaque: ...


def _unknown_name() -> None: ...


_unknown_name.__annotations__["return"] = "Nowhere"


def _two_contexts(ctx: ToolContext, other: ToolContext) -> None: ...


def _wrong_context(ctx: AsyncToolContext) -> None: ...


async def _wrong_async_context(ctx: ToolContext) -> None: ...


def _yields() -> Iterator[int]:
    yield 1


async def _yields_async() -> AsyncIterator[int]:
    yield 1


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (_positional_only, "`a` is positional-only, but input has names: remove the `/`"),
    (_starred, "`*paths` has no name in the input: take a list instead"),
    (_typed_rest, "`**more` takes any JSON value: annotate it as Any, or name the parameters"),
    (_opaque, f"`thing` is {NO_DATA}"),
    (_returns_opaque, f"its result is {NO_DATA}"),
    (_unknown_name, f"the annotation `Nowhere` means nothing here: {IMPORT_IT}"),
    (_two_contexts, "`ctx` and `other` are both the context: keep one"),
    (_wrong_context, "a blocking tool takes ToolContext: annotate `ctx: ToolContext`"),
    (_wrong_async_context, "an async tool takes AsyncToolContext: annotate `ctx: AsyncToolContext`"),
    (_yields, "it yields, but a tool returns one value: collect the items in a list"),
    (_yields_async, "it yields, but a tool returns one value: collect the items in a list"),
]


@pytest.mark.parametrize(("function", "problem"), REFUSED)
def test_a_signature_that_cannot_be_a_contract_is_refused_at_its_line(
    function: Callable[..., Any], problem: str
) -> None:
    """The author is in the editor: file, line, what is wrong, what to write."""
    place = f"tests/tools/test_tool.py:{function.__code__.co_firstlineno}"

    with pytest.raises(BadTool) as refused:
        tool(name="odd")(function)

    assert str(refused.value) == f"{place}: `odd` cannot be a tool: {problem}"


def _ordinary() -> None: ...


async def _async() -> None: ...


def _wants_order(order: int) -> None: ...


NAMED: dict[str, Any] = {"name": "odd"}
MISDECLARED: list[tuple[dict[str, Any], str]] = [
    ({"name": "no spaces"}, "the name must begin with a letter and go on with letters, digits, `_`, `.` and `-`"),
    ({"effect": "maybe"}, "effect='maybe' is unknown: it is one of read, idempotent, once"),
    ({"labels": ("failed",)}, "the label `failed` is the name of an outcome: choose another word"),
    ({"labels": ("two words",)}, "the label 'two words' is no word: use letters, digits, `_` and `-`"),
    ({"labels": "paid"}, "labels is the text 'paid': write labels=(\"paid\",)"),
    ({"timeout": "90"}, "its timeout: `90` is not a duration; write a number and a unit (ms, s, m, h, d)"),
    ({"timeout": timedelta(0)}, "its timeout must be longer than nothing"),
    ({"heartbeat": "5s"}, "it cannot send the heartbeat that is asked of it: give it a parameter"),
    ({"reconcile": _wants_order}, "its reconcile wants `order`, but is called with the tool's input"),
    ({"isolate": "thread"}, "isolate='thread' is unknown: the one way is isolate=\"process\""),
]


@pytest.mark.parametrize(("declared", "problem"), MISDECLARED)
def test_a_declaration_that_cannot_hold_is_refused(declared: dict[str, Any], problem: str) -> None:
    """What would fail at three in the morning fails while it is written."""
    with pytest.raises(BadTool) as refused:
        tool(**(NAMED | declared))(_ordinary)

    assert problem in str(refused.value)


def test_an_isolated_tool_must_be_something_its_process_can_import() -> None:
    """A closure exists in one process only."""

    def inner() -> None: ...

    with pytest.raises(BadTool, match="define it at the top level of its module"):
        tool(isolate="process")(inner)
    with pytest.raises(BadTool, match="gains nothing by async: write `def`"):
        tool(name="odd", isolate="process")(_async)


def test_a_decorator_above_tool_is_refused_since_it_would_never_run() -> None:
    """A retry or a permission check that silently does nothing is worse than an error."""

    def checked(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def check(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passes on whatever it gets
            return function(*args, **kwargs)

        return check

    @checked
    @tool
    def pay() -> None: ...

    with pytest.raises(BadTool, match="another decorator stands above @tool and would never run: put @tool first"):
        tool_of(pay)


def test_a_decorator_below_tool_runs_and_the_signature_shines_through() -> None:
    """`functools.wraps` says what it wraps, so the contract is the wrapped function's."""

    def doubled(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def double(*args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - passes on whatever it gets
            return 2 * function(*args, **kwargs)

        return double

    @tool
    @doubled
    def count(a: int) -> int:
        return a

    assert count(a=2) == 4
    assert (contract_of(count).input or {})["properties"] == {"a": {"type": "integer"}}


def test_what_is_no_function_is_no_tool() -> None:
    """There is no registry: a tool is what carries one, and nothing else does."""
    with pytest.raises(BadTool, match="@tool goes on a function, not on a type"):
        tool(Opaque)
    with pytest.raises(BadTool, match="the name must begin with a letter"):
        tool(lambda: 1)

    assert tool_of(Opaque) is None
    assert tool_of(7) is None
