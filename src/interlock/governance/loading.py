"""From the text of policy files to a policy in force, or every problem that stands in the way.

The order of files means nothing: rules stand in the order of their files' names for themselves (`policy: …`), the
default set behind them where it is extended, the standing rules last. Which files there are is told in `policy_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from pydantic import ValidationError

from interlock.authoring.report import render_problems
from interlock.authoring.yaml_document import DEFAULT_LIMITS, Document, read_document
from interlock.core.problems import Problem
from interlock.governance.document_problems import problems_in, without_broken_rules
from interlock.governance.errors import EmptyPolicyError, InvalidPolicyError
from interlock.governance.policy import Policy
from interlock.governance.policy_document import PolicyDocument
from interlock.governance.rule_checks import problems_of
from interlock.governance.rules import Rule, compiled_rule

DEFAULT: Final = "default"
STANDING: Final = "interlock"
_RESERVED: Final = (DEFAULT, STANDING)
_PACKAGE: Final = Path(__file__).parent


class PolicySource(Struct, frozen=True):
    """The text of one file of a policy, and what problems call it."""

    name: str
    text: bytes | str


class ReadPolicy(Struct, frozen=True):
    """One file as it was read. With errors among its problems there is nothing to put in force."""

    source: Document
    written: PolicyDocument | None
    problems: tuple[Problem, ...]

    def rendered(self) -> str:
        """Its problems as people read them; nothing if there are none."""
        return render_problems(self.problems, self.source)


def load_policy(sources: Iterable[PolicySource]) -> Policy:
    """The policy that files make together. Raises `PolicyError` where there is none that could be in force."""
    read = read_policies(sources)
    problems = [problem for each in read for problem in each.problems]
    if problems:
        raise InvalidPolicyError(problems, rendered="".join(each.rendered() for each in read).rstrip())
    written = [(each.source, each.written) for each in read if each.written is not None]
    extends = any(document.extends for _, document in written)
    if not extends and not any(document.rules for _, document in written):
        raise EmptyPolicyError([source.source for source, _ in written])
    given_up = {name for _, document in written for name in document.without}
    rules = [rule for source, document in _in_order(written) for rule in _rules_of(source, document)]
    return Policy([*rules, *(_shipped_rules(DEFAULT) if extends else ()), *_standing_rules(given_up)])


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
    try:
        written = PolicyDocument.model_validate(document.data)
    except ValidationError as error:
        others = PolicyDocument.model_validate(without_broken_rules(error, document.data))
        return ReadPolicy(document, None, (*problems_in(error, document.data), *problems_of(others)))
    return ReadPolicy(document, written, tuple(problems_of(written)))


# --- files beside one another ----------------------------------------------------------------------------------------


def _without_taken_name(read: ReadPolicy, first: dict[str, str]) -> ReadPolicy:
    if read.written is None:
        return read
    name = read.written.policy
    if name in _RESERVED:
        problem = _name_problem(f"`{name}` is the name of rules that are shipped", "give the file another name")
    elif name in first:
        problem = _name_problem(f"`{name}` is the name of {first[name]} too", "rules are found by it: change one")
    else:
        first[name] = read.source.source
        return read
    return ReadPolicy(read.source, read.written, (*read.problems, problem))


def _name_problem(message: str, advice: str) -> Problem:
    return Problem(place=("policy",), message=message, advice=advice)


def _in_order(written: Sequence[tuple[Document, PolicyDocument]]) -> list[tuple[Document, PolicyDocument]]:
    return sorted(written, key=lambda each: each[1].policy)


# --- rules -----------------------------------------------------------------------------------------------------------


def _rules_of(source: Document, written: PolicyDocument) -> list[Rule]:
    return [
        compiled_rule(
            f"{written.policy}#{name}",
            spec,
            origin=f"{source.source}:{source.locate(('rules', name), at_key=True).line}",
        )
        for name, spec in written.rules.items()
    ]


def _standing_rules(given_up: set[str]) -> list[Rule]:
    return [rule for rule in _shipped_rules(STANDING) if rule.name.partition("#")[2] not in given_up]


def _shipped_rules(name: str) -> list[Rule]:
    """The rules of a file that is part of the package."""
    file = f"{'standing' if name == STANDING else name}_policy.yaml"
    read = read_policy(PolicySource(file, (_PACKAGE / file).read_bytes()))
    assert read.written is not None, read.rendered()
    return _rules_of(read.source, read.written)
