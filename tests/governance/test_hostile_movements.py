"""Movements that are not what they say: whatever stands in a field, nothing is let pass by it and nothing is raised."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from interlock.core.plan import Permissions
from interlock.core.verdicts import Movement
from interlock.governance import default_policy
from tests.governance.policies import policy_of, tool_call

OPEN = "all: {allow: [tool], risk_at_most: high, hosts: '*', reads: '*', writes: '*', external: true}"


class Liar(str):
    """Text that is equal to everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("tool")


class Trap:
    """Something that breaks whatever touches it."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("touched")

    __hash__ = None  # pyright: ignore[reportAssignmentType] - that is the trap


WRONG: list[Any] = [None, UNSET, 0, 1, 1.5, float("nan"), b"tool", ["tool"], {"a": 1}, object(), Liar("tool"), Trap()]
NEVER_NONE = (
    "point",
    "name",
    "tenant",
    "graph",
    "path",
    "agent",
    "by",
    "sources",
    "risk",
    "safety",
    "access",
    "tainted",
    "policies",
)


def told(wrong: object) -> str:
    """The value in the name of its test: the same in every process, so without the address of an object."""
    return type(wrong).__name__ if " at 0x" in repr(wrong) else repr(wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=told)
@pytest.mark.parametrize("field", NEVER_NONE)
def test_a_field_of_a_wrong_type_is_denied_and_told(field: str, wrong: object) -> None:
    """Python checks no types, and a field that is missing on the way here arrives as null."""
    policy = policy_of(OPEN)
    said: dict[str, Any] = {"point": "tool", "name": "t", "effect": "read", field: wrong}

    verdict = policy.judge(Movement(**said))

    assert (verdict.verdict, verdict.rule) == ("deny", "interlock#malformed")
    assert field in verdict.why


@pytest.mark.parametrize("wrong", WRONG[1:], ids=told)
@pytest.mark.parametrize("field", ["effect", "permissions"])
def test_the_same_of_what_may_be_unknown(field: str, wrong: object) -> None:
    """An effect may not have been told; told, it is a word that is known."""
    said: dict[str, Any] = {"point": "tool", "name": "t", field: wrong}

    verdict = policy_of(OPEN).judge(Movement(**said))

    assert (verdict.verdict, verdict.rule) == ("deny", "interlock#malformed")
    assert field in verdict.why


UNKNOWN: list[dict[str, Any]] = [
    {"point": "release"},
    {"point": ""},
    {"point": "Tool"},
    {"name": ""},
    {"tenant": ""},
    {"risk": ""},
    {"risk": "none"},
    {"effect": ""},
    {"effect": "never"},
    {"access": "delete"},
    {"permissions": Permissions(hosts=[])},  # pyright: ignore[reportArgumentType] - that is the attack
    {"permissions": Permissions(hosts="*")},  # pyright: ignore[reportArgumentType]
    {"permissions": Permissions(reads=(1,))},  # pyright: ignore[reportArgumentType]
    {"permissions": Permissions(writes=(None,))},  # pyright: ignore[reportArgumentType]
    {"permissions": Permissions(external=0)},  # pyright: ignore[reportArgumentType]
    {"sources": ("a", 1)},
    {"sources": [[]]},
    {"sources": ""},
]


@pytest.mark.parametrize("wrong", UNKNOWN, ids=told)
def test_a_word_that_nobody_knows_is_denied(wrong: dict[str, Any]) -> None:
    """A point of a later release, or a risk that is misspelt, is no reason to let anything pass."""
    said: dict[str, Any] = {"point": "tool", "name": "t", "effect": "read"} | wrong

    verdict = policy_of(OPEN).judge(Movement(**said))

    assert (verdict.verdict, verdict.rule) == ("deny", "interlock#malformed")


def test_the_honest_movement_beside_them_is_let_pass() -> None:
    """Else the denials above would prove nothing."""
    assert policy_of(OPEN).judge(Movement(point="tool", name="t", effect="read")).verdict == "allow"


class Ampler(Movement, frozen=True, kw_only=True):
    """A movement with a field more than rules know of."""

    approved: bool = True


AMPLER = Ampler(point="tool", name="t", effect="read")


def test_a_field_that_no_movement_has_is_no_movement() -> None:
    """Nobody can say what it would mean, and a rule written before it came cannot have meant it."""
    assert policy_of(OPEN).judge(AMPLER).rule == "interlock#malformed"
    with pytest.raises(TypeError, match="approved"):
        Movement(point="tool", name="t", approved=True)  # pyright: ignore[reportCallIssue] - that is the attack


@pytest.mark.parametrize("what", [None, {"point": "tool", "name": "t"}, "tool", object(), Trap(), Movement], ids=told)
def test_what_is_no_movement_is_denied(what: Any) -> None:  # noqa: ANN401 - anything
    """The judge is asked by code that was written by somebody else."""
    assert default_policy().judge(what).rule == "interlock#malformed"


def test_arguments_that_break_when_they_are_looked_at_are_denied() -> None:
    """A judge that raises stops a run in the middle; one that lets pass is worse."""

    class Broken(dict[str, Any]):
        def get(self, *_: object) -> object:
            raise ZeroDivisionError

    policy = policy_of("all: {allow: tool, arguments: {a: x}}")

    verdict = policy.judge(tool_call(arguments=Broken(a="x")))

    assert (verdict.verdict, verdict.rule) == ("deny", "interlock#unjudged")
    assert "ZeroDivisionError" in verdict.why


@pytest.mark.parametrize("name", ["pаy", "pay\u200b", "PAY", " pay", "pay\0", "pay/../pay", "ｐａｙ"])
def test_a_twin_of_an_allowed_name_is_another_name(name: str) -> None:
    """Letters that look alike, other cases, blanks and what cannot be seen."""
    policy = policy_of("pay: {allow: tool, name: pay}")

    assert policy.judge(tool_call("pay")).verdict == "allow"
    assert policy.judge(tool_call(name)).verdict == "deny"


def test_an_unknown_tenant_is_denied_where_tenants_are_named() -> None:
    """A grant to one tenant is none to another, nor to one that is called almost so."""
    policy = policy_of("ours: {allow: run, who: {tenant: acme}}")

    verdicts = [
        policy.judge(Movement(point="run", name="g", tenant=tenant)).verdict
        for tenant in ("acme", "acme2", "Acme", "local", "*", "acme\n")
    ]

    assert verdicts == ["allow", "deny", "deny", "deny", "deny", "deny"]


def test_half_a_character_in_a_name_can_be_recorded() -> None:
    """A verdict that could not be written down would stop the run that it is about."""
    verdict = default_policy().judge(Movement(point="memory", name="a\ud800b", access="read"))

    assert msgspec.json.decode(msgspec.json.encode(verdict), type=type(verdict)) == verdict


def test_a_very_long_name_is_judged_at_once_and_not_kept_in_the_verdict() -> None:
    """Names come from models, and verdicts stay in the history for ever."""
    policy = policy_of("odd: {allow: tool, name: '*a*a*a*a*a*a*a*a*a*a*b'}")

    verdict = policy.judge(tool_call("a" * 1_000_000))

    assert verdict.verdict == "deny"
    assert len(verdict.why) < 400
