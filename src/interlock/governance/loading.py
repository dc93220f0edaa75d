"""From the text of policy files to a policy in force, or every problem that stands in the way.

The order of files means nothing: rules stand in the order of their files' names for themselves (`policy: …`), the
default set behind them where it is extended, the standing rules last. Which files there are is told in `policy_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct, structs
from pydantic import ValidationError

from interlock.authoring.dialects.agentos_policies import is_agentos_policy, read_agentos_policy
from interlock.authoring.report import render_problems
from interlock.authoring.yaml_document import DEFAULT_LIMITS, Document, read_document
from interlock.core.problems import Place, Problem
from interlock.core.spending import MicroUsd
from interlock.governance.document_problems import problems_in, without_broken_rules
from interlock.governance.errors import EmptyPolicyError, InvalidPolicyError
from interlock.governance.policy import Policy
from interlock.governance.policy_document import PolicyDocument
from interlock.governance.rule_checks import problems_of
from interlock.governance.rules import Rule, compiled_rule

DEFAULT: Final = "default"
STANDING: Final = "interlock"
RESERVED: Final = (DEFAULT, STANDING)
_PACKAGE: Final = Path(__file__).parent
_AS_WRITTEN: Final[Mapping[Place, Place]] = MappingProxyType({})


class PolicySource(Struct, frozen=True):
    """The text of one file of a policy, and what problems call it."""

    name: str
    text: bytes | str


class ReadPolicy(Struct, frozen=True):
    """One file as it was read. With errors among its problems there is nothing to put in force."""

    source: Document
    written: PolicyDocument | None
    problems: tuple[Problem, ...]
    limit_usd: MicroUsd | None = None
    """What whoever names it may spend: a file in the shape of another system may say so."""
    origins: Mapping[Place, Place] = _AS_WRITTEN
    """Of such a file, the places that its rules were made of."""

    def rendered(self) -> str:
        """Its problems as people read them; nothing if there are none."""
        return render_problems(self.problems, self.source)


def load_policy(sources: Iterable[PolicySource]) -> Policy:
    """The policy that files make together. Raises `PolicyError` where there is none that could be in force."""
    read = read_policies(sources)
    problems = [problem for each in read for problem in each.problems]
    if problems:
        raise InvalidPolicyError(problems, rendered="".join(each.rendered() for each in read).rstrip())
    written = {each.written.policy: (each, each.written) for each in read if each.written is not None}
    extends = any(document.extends for _, document in written.values())
    if not extends and not any(document.rules for _, document in written.values()):
        raise EmptyPolicyError([each.source.source for each, _ in written.values()])
    given_up = {name for _, document in written.values() for name in document.without}
    rules = [rule for name in sorted(written) for rule in rules_of(written[name][0])]
    limits = {name: each.limit_usd for name, (each, _) in written.items() if each.limit_usd is not None}
    return Policy([*rules, *(_shipped_rules(DEFAULT) if extends else ()), *_standing_rules(given_up)], limits)


def default_policy() -> Policy:
    """The set that holds where a project has no policy of its own. It is shipped as a file that people can read."""
    return Policy([*_shipped_rules(DEFAULT), *_standing_rules(set())])


def read_policies(sources: Iterable[PolicySource]) -> list[ReadPolicy]:
    """Each file with its problems, those between the files included."""
    read = [read_policy(source) for source in sources]
    first: dict[str, str] = {}
    return [_without_taken_name(each, first) for each in read]


def read_policy(source: PolicySource) -> ReadPolicy:
    """One file, with everything that is wrong in it."""
    document = read_document(source.text, source=source.name, limits=DEFAULT_LIMITS)
    if document.problems or document.data is None:
        return ReadPolicy(document, None, tuple(document.problems))
    if is_agentos_policy(document.data):
        return _read_agentos(document, document.data)
    try:
        written = PolicyDocument.model_validate(document.data)
    except ValidationError as error:
        others = PolicyDocument.model_validate(without_broken_rules(error, document.data))
        return ReadPolicy(document, None, (*problems_in(error, document.data), *problems_of(others)))
    return ReadPolicy(document, written, tuple(problems_of(written)))


def _read_agentos(source: Document, data: Mapping[str, Any]) -> ReadPolicy:
    """A file in the shape of an AgentOS policy, as the rules and the limit that it means."""
    read = read_agentos_policy(data)
    if read.policy is None:
        return ReadPolicy(source, None, read.problems)
    written = PolicyDocument.model_validate(read.policy)
    return ReadPolicy(source, written, (), read.limit_usd, read.origins)


# --- files beside one another ----------------------------------------------------------------------------------------


def _without_taken_name(read: ReadPolicy, first: dict[str, str]) -> ReadPolicy:
    if read.written is None:
        return read
    name = read.written.policy
    if name in RESERVED:
        problem = _name_problem(f"`{name}` is the name of rules that are shipped", "give the file another name")
    elif name in first:
        problem = _name_problem(f"`{name}` is the name of {first[name]} too", "rules are found by it: change one")
    else:
        first[name] = read.source.source
        return read
    return structs.replace(read, problems=(*read.problems, problem))


def _name_problem(message: str, advice: str) -> Problem:
    return Problem(place=("policy",), message=message, advice=advice)


# --- rules -----------------------------------------------------------------------------------------------------------


def rules_of(read: ReadPolicy) -> list[Rule]:
    """The rules that a file holds; none where it could not be used."""
    written = read.written
    if written is None:
        return []
    return [
        compiled_rule(f"{written.policy}#{name}", spec, origin=_origin(read, ("rules", name)))
        for name, spec in written.rules.items()
    ]


def _origin(read: ReadPolicy, place: Place) -> str:
    position = read.source.locate(read.origins.get(place, place), at_key=True)
    return f"{read.source.source}:{position.line}"


def _standing_rules(given_up: set[str]) -> list[Rule]:
    return [rule for rule in _shipped_rules(STANDING) if rule.name.partition("#")[2] not in given_up]


def _shipped_rules(name: str) -> list[Rule]:
    """The rules of a file that is part of the package."""
    file = f"{'standing' if name == STANDING else name}_policy.yaml"
    read = read_policy(PolicySource(file, (_PACKAGE / file).read_bytes()))
    assert read.written is not None, read.rendered()
    return rules_of(read)
