"""What people write: a policy's file as models, in its canonical spelling; editors and the reference are fed from it.

A policy is data alone, without code or expressions, so that another judge (as one that reads Rego) can be given the
same file. Which keys go together is checked in `rule_checks`; what a rule means is told in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from interlock.core.agent_contract import SafetyTier
from interlock.core.compiling.spellings import Words, Written, written_wrong
from interlock.core.plan import EffectClass, Risk
from interlock.core.verdicts import Point

NAME_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
PATTERN_LENGTH_MAX: Final = 256

VerdictWord: TypeAlias = Literal["allow", "deny", "ask"]
VERDICTS: Final = ("deny", "ask", "allow")
"""The strongest first: of two rules that hold, the stronger decides."""


def _short_enough(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not word:
            raise written_wrong("a pattern is empty", "write `*` for any name, or leave the key out")
        if len(word) > PATTERN_LENGTH_MAX:
            raise written_wrong(f"a pattern is longer than {PATTERN_LENGTH_MAX} characters", "shorten it with `*`")
    return words


_Pattern: TypeAlias = Annotated[Words, AfterValidator(_short_enough)]
NamePatterns: TypeAlias = Annotated[_Pattern, Field(min_length=1)]
Needs: TypeAlias = _Pattern
"""May be empty: nothing of that kind."""


def _listed(written: object) -> object:
    """One word stands for a list of it; words whose order means nothing stand in one order."""
    words = [written] if isinstance(written, str) else written
    if isinstance(words, list) and all(isinstance(word, str) for word in words):  # pyright: ignore[reportUnknownVariableType]
        return sorted(set(words))  # pyright: ignore[reportUnknownArgumentType]
    return words  # pyright: ignore[reportUnknownVariableType]


Points: TypeAlias = Annotated[
    list[Point],
    BeforeValidator(_listed, json_schema_input_type=Point | list[Point]),
    Field(min_length=1),
]
EffectWord: TypeAlias = EffectClass | Literal["paid"]
Effects: TypeAlias = Annotated[
    list[EffectWord],
    BeforeValidator(_listed, json_schema_input_type=EffectWord | list[EffectWord]),
    Field(min_length=1),
]
AccessWord: TypeAlias = Literal["read", "write"]
Accesses: TypeAlias = Annotated[
    list[AccessWord],
    BeforeValidator(_listed, json_schema_input_type=AccessWord | list[AccessWord]),
    Field(min_length=1),
]


# --- who -------------------------------------------------------------------------------------------------------------


class Who(Written):
    """Who moves. Every key that is written has to fit."""

    is_: Literal["node", "agent"] | None = Field(
        default=None,
        alias="is",
        description="`node`: the graph itself, as its author wrote it. `agent`: an agent, as its model wants it.",
    )
    agent: NamePatterns | None = Field(default=None, description="The agent that asks.")
    graph: NamePatterns | None = Field(default=None, description="The graph that is being run.")
    path: NamePatterns | None = Field(default=None, description="The node that moves, by its path in the run.")
    tenant: NamePatterns | None = Field(default=None, description="The tenant whose run it is.")
    by: NamePatterns | None = Field(default=None, description="The person or the system that asks.")


# --- what a tool is given --------------------------------------------------------------------------------------------


_Scalar: TypeAlias = str | int | bool


def _read_scalar(written: object) -> object:
    if isinstance(written, str | int):
        return written
    raise written_wrong("an argument is compared with text, whole numbers, true or false", "write one of them")


_Value: TypeAlias = Annotated[_Scalar, BeforeValidator(_read_scalar, json_schema_input_type=_Scalar)]


def _in_one_order(values: list[_Scalar]) -> list[_Scalar]:
    """Their order means nothing, and 1 is not true."""
    by_type = {(type(each).__name__, each): each for each in values}
    return [by_type[key] for key in sorted(by_type, key=lambda key: (key[0], str(key[1])))]


class ArgumentBounds(Written):
    """What an argument may be: one of some values, or a number within bounds, both of them included."""

    one_of: Annotated[list[_Value], AfterValidator(_in_one_order)] | None = Field(
        default=None, min_length=1, description="The values; text may hold `*`, which stands for any text."
    )
    at_least: int | None = Field(default=None, description="The lowest number.")
    at_most: int | None = Field(default=None, description="The highest number.")


def _read_argument(written: object) -> object:
    match written:
        case list():
            return {"one_of": written}  # pyright: ignore[reportUnknownVariableType] - checked by the model
        case dict() | ArgumentBounds():
            return written  # pyright: ignore[reportUnknownVariableType] - checked by the model
        case _:
            return {"one_of": [_read_scalar(written)]}


Argument: TypeAlias = Annotated[
    ArgumentBounds,
    BeforeValidator(_read_argument, json_schema_input_type=_Scalar | list[_Scalar] | ArgumentBounds),
]


# --- rules -----------------------------------------------------------------------------------------------------------


class RuleSpec(Written):
    """One rule: what it says, of what, and when. It says exactly one of `allow`, `deny` and `ask`."""

    allow: Points | None = Field(default=None, description="Lets it happen, where the rule holds.")
    deny: Points | None = Field(default=None, description="Refuses it, whatever else allows it.")
    ask: Points | None = Field(default=None, description="Has a person decide, unless it is denied.")
    to: str | None = Field(
        default=None, min_length=1, description="Of `ask`: who is asked, as `group:release-managers`."
    )
    description: str = Field(default="", description="Why the rule is there; told with every verdict of it.")
    who: Who | None = Field(default=None, description="Who moves. Left out: whoever it is.")
    name: NamePatterns | None = Field(
        default=None,
        description="What it is about: the graph that is to run, the node that an edge leads to, the model, the tool, "
        "the gate, or the memory (`session`, `long_term`). Left out: any.",
    )
    from_: NamePatterns | None = Field(
        default=None,
        alias="from",
        description="Of an edge: the nodes it comes from. What is allowed comes from none but these.",
    )
    effect: Effects | None = Field(default=None, description="Of a tool: how its calls may be repeated. Left out: any.")
    risk_at_most: Risk | None = Field(
        default=None, description="Of a tool, with `allow`: the highest risk. Left out: low."
    )
    risk_at_least: Risk | None = Field(default=None, description="Of a tool, with `deny` and `ask`: the lowest risk.")
    hosts: Needs | None = Field(
        default=None,
        description="The hosts that a tool or a model speaks to. With `allow`, all of them, and left out: none. "
        "With `deny` and `ask`, any of them.",
    )
    reads: Needs | None = Field(default=None, description="The same of the files that a tool reads.")
    writes: Needs | None = Field(default=None, description="The same of the files that a tool writes.")
    external: bool | None = Field(
        default=None,
        description="Whether a tool changes something outside the project. With `allow`, whether it may; left out: no.",
    )
    safety_at_least: SafetyTier | None = Field(
        default=None, description="Of a model, with `allow`: the lowest safety tier. Left out: any."
    )
    safety_below: Literal["enhanced", "maximum"] | None = Field(
        default=None, description="Of a model, with `deny` and `ask`: tiers below this one."
    )
    access: Accesses | None = Field(
        default=None, description="Of a memory: `read`, `write` or both. With `allow` it is needed."
    )
    tainted: bool | None = Field(
        default=None,
        description="Whether somebody outside may have put there what is asked for. Left out: it does not matter.",
    )
    holding: NamePatterns | None = Field(
        default=None,
        description="Of a tool, with `deny` and `ask`: text that stands anywhere in what it is given, such as "
        '`"*DROP TABLE*"`.',
    )
    arguments: dict[str, Argument] | None = Field(
        default=None,
        min_length=1,
        description="Of a tool: arguments by name, each a value, a list of values, or `{at_least: …, at_most: …}`. "
        "What is allowed has them all.",
    )

    @property
    def verdict(self) -> VerdictWord:
        """What the rule says. Of a rule that was checked exactly one is written."""
        if self.deny is not None:
            return "deny"
        return "ask" if self.ask is not None else "allow"

    @property
    def points(self) -> list[Point]:
        """What the rule is about."""
        return self.deny or self.ask or self.allow or []


class PolicyDocument(Written):
    """A file of rules. All files of a folder together are the policy."""

    policy: str = Field(pattern=NAME_PATTERN, description="The name of the file's rules: a rule is called `NAME#RULE`.")
    language: Literal[1] = Field(default=1, description="The version of the language that the file is written in.")
    description: str = Field(default="", description="What the rules are for.")
    extends: Literal["default"] | None = Field(
        default=None, description="`default`: the default set holds besides. Left out in all files: it does not."
    )
    without: Annotated[list[Literal["tainted_high_risk"]], BeforeValidator(_listed)] = Field(
        default=[], description="The standing rules that are given up. They hold in every policy that does not say so."
    )
    rules: dict[str, RuleSpec] = Field(default={}, description="The rules by name.")


def policy_schema() -> dict[str, Any]:
    """The language of policies as a JSON Schema: what editors check and complete a policy with."""
    schema = PolicyDocument.model_json_schema(by_alias=True) | {"title": "Interlock policy"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
