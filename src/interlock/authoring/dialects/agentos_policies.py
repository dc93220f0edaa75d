"""AgentOS policies, `{name, max_cost_usd, block_patterns}`, as policies of ours and limits of money.

    name: careful
    max_cost_usd: 5
    block_patterns: ["rm -rf", "DROP TABLE"]

There both were kept and never looked at. Here a pattern denies every call of a tool that is called so, or that holds
such text anywhere in what it is given; the sum is the limit of whatever graph or agent names the policy. A pattern is
text, in which `*` stands for any text: one that was meant as a regular expression is refused, since taken as text it
would block nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct
from pydantic import Field

from interlock.authoring.dialects.shapes import WrittenElsewhere, read_shape
from interlock.core.compiling.spellings import Money
from interlock.core.problems import Place, Problem
from interlock.core.spending import MicroUsd

KEYS: Final = frozenset({"max_cost_usd", "block_patterns"})
PATTERN_LENGTH_MAX: Final = 254
"""So long that it is within the bounds of a pattern of ours with a star at either end."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_REGULAR: Final = re.compile(
    r"\\[dDsSwWbB.*+?(){}|^$\[\]]"  # an escape
    r"|\.[*+?]|\(\?|\[[^\]\s]*-[^\]\s]*\]"  # any character, a group, a range of characters
    r"|^\^|\w\$$|\S\|\S"  # the beginning, the end, one or the other
)
"""What is seldom meant as text and often in regular expressions."""


class WrittenPolicy(WrittenElsewhere):
    """A policy, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    max_cost_usd: Money | None = None
    block_patterns: list[str] = Field(default=[])


class ReadPolicy(Struct, frozen=True):
    """A policy as one of ours. With problems there is none."""

    policy: dict[str, Any] | None
    """What a file of ours would hold."""
    limit_usd: MicroUsd | None
    """What a run or an agent that names it may spend."""
    problems: tuple[Problem, ...]
    origins: Mapping[Place, Place]
    """For each rule, the pattern that it comes from."""


def is_agentos_policy(document: Mapping[str, Any]) -> bool:
    """Whether a document is a policy as AgentOS has them, told from its keys."""
    return "policy" not in document and not KEYS.isdisjoint(document)


def read_agentos_policy(
    document: Mapping[str, Any], *, graphs: Collection[str] = (), agents: Collection[str] = ()
) -> ReadPolicy:
    """What a policy means: for certain graphs or agents, by their names, or else for all."""
    written = read_shape(WrittenPolicy, document, what="an AgentOS policy")
    if not isinstance(written, WrittenPolicy):
        return ReadPolicy(None, None, tuple(written), {})
    problems = [*_problems_of_name(written.name), *_problems_of_patterns(written.block_patterns)]
    if problems:
        return ReadPolicy(None, None, tuple(problems), {})
    who = {key: sorted(names) for key, names in (("graph", graphs), ("agent", agents)) if names}
    rules: dict[str, Any] = {}
    origins: dict[Place, Place] = {}
    for index, pattern in enumerate(written.block_patterns):
        for name, rule in _rules_of(pattern, index + 1).items():
            rules[name] = rule | ({"who": who} if who else {})
            origins[("rules", name)] = ("block_patterns", index)
    policy = {"policy": written.name, "description": written.description, "extends": "default", "rules": rules}
    return ReadPolicy(policy, written.max_cost_usd, (), origins)


def _rules_of(pattern: str, number: int) -> dict[str, dict[str, Any]]:
    said = {"deny": "tool", "description": f"`{pattern}` is blocked."}
    by_text = {f"block_{number}": said | {"holding": f"*{pattern}*"}}
    is_no_name = " " in pattern
    return by_text if is_no_name else by_text | {f"block_{number}_by_name": said | {"name": f"*{pattern}*"}}


def _problems_of_name(name: str) -> list[Problem]:
    if _NAME.fullmatch(name):
        return []
    advice = "begin with a letter; letters, digits, `_`, `.` and `-` may follow, 64 in all"
    return [Problem(place=("name",), message=f"`{name}` cannot be the name of a policy", advice=advice)]


def _problems_of_patterns(patterns: list[str]) -> list[Problem]:
    problems: list[Problem] = []
    for index, pattern in enumerate(patterns):
        place: Place = ("block_patterns", index)
        if not pattern.strip("* "):
            problems.append(Problem(place=place, message="this pattern would block everything", advice="leave it out"))
        elif len(pattern) > PATTERN_LENGTH_MAX:
            message = f"a pattern is longer than {PATTERN_LENGTH_MAX} characters"
            problems.append(Problem(place=place, message=message, advice="shorten it with `*`"))
        elif _REGULAR.search(pattern):
            message = "patterns are text and no regular expressions"
            problems.append(Problem(place=place, message=message, advice="write `*` for any text: `rm *-rf`"))
    return problems
