"""What is wrong with a text that is no YAML, in words of its author: what stands there, and what was probably meant.

libyaml's words are known by heart here, and the commonest of PyYAML's own parser; others are passed on as they are.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from msgspec import Struct
from yaml import MarkedYAMLError

from interlock.authoring.source_lines import SourceLines
from interlock.core.problems import Problem

_NOTHING_AFTER: Final = " (what follows was not read)"
_INDENTATION_WITH_TAB: Final = re.compile(r" *\t")
_CLOSING: Final = {"[": "]", "{": "}"}


class _Fault(Struct, frozen=True):
    """What the parser said (`problem`, about `context`), where it stopped (`at`), and where the context `began`."""

    problem: str
    context: str
    text: str
    at: int
    began: int

    @property
    def character(self) -> str:
        """What stands where the parser stopped."""
        return self.text[self.at : self.at + 1]

    @property
    def opening(self) -> str:
        """What stands where the context began: a quote, a bracket."""
        return self.text[self.began : self.began + 1]

    @property
    def opening_line(self) -> int:
        return SourceLines(self.text).position(self.began).line

    @property
    def before(self) -> str:
        """The line as far as the place."""
        return self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at]

    @property
    def tab_in_indentation(self) -> int | None:
        """Where a tab stands among the blanks that begin the line."""
        start = self.at - len(self.before)
        tab = _INDENTATION_WITH_TAB.match(self.text, start)
        return tab.end() - 1 if tab else None

    @property
    def is_at_end(self) -> bool:
        return not self.text[self.at :].strip()


class _Explanation(NamedTuple):
    message: str
    advice: str
    at: int


def syntax_problem(error: MarkedYAMLError, text: str) -> Problem:
    """The one problem of a text whose structure cannot be made out."""
    at = min(error.problem_mark.index, len(text)) if error.problem_mark else 0
    began = error.context_mark.index if error.context_mark else at
    message, advice, offset = _explained(_Fault(error.problem or "", error.context or "", text, at, began))
    return Problem(place=(), message=message + _NOTHING_AFTER, advice=advice, offset=offset)


def _explained(fault: _Fault) -> _Explanation:
    match fault.context:
        case (
            "while scanning a quoted scalar" | "while parsing a quoted scalar" | "while scanning a double-quoted scalar"
        ):
            return _in_quotes(fault)
        case "while parsing a flow sequence" | "while parsing a flow mapping" | "while parsing a flow node":
            return _in_brackets(fault)
        case _ if (tab := fault.tab_in_indentation) is not None:
            return _Explanation("a tab in the indentation", "indent with spaces", tab)
        case "while scanning an alias" | "while scanning an anchor":
            return _needs_quotes(fault, fault.began)
        case "while scanning a block scalar":
            return _Explanation(
                f"after `{fault.opening}` the text must begin on the next line, indented with spaces",
                f"put the text in quotes if it begins with `{fault.opening}`",
                fault.at,
            )
        case "while scanning a tag" | "while parsing a tag":
            return _unknown_tag(fault)
        case "while scanning a directive":
            return _Explanation(
                "a line that begins with `%` is a directive, and this one is not known", "remove it", fault.began
            )
        case _:
            return _in_a_block(fault)


def _in_quotes(fault: _Fault) -> _Explanation:
    match fault.problem:
        case (
            "found unexpected end of stream"
            | "found unexpected document indicator"
            | "found unexpected document separator"
        ):
            return _Explanation("this quote is never closed", f"end the text with {fault.opening}", fault.began)
        case "found unknown escape character":
            escape = fault.text[fault.at : fault.at + 2]
            return _Explanation(
                f"`{escape}` is no escape in double quotes",
                f"write `\\{escape}`, or put the text in single quotes",
                fault.at,
            )
        case _:
            return _Explanation(
                "this escape names no character",
                r"write \x and two, \u and four, or \U and eight hexadecimal digits",
                fault.at,
            )


def _in_brackets(fault: _Fault) -> _Explanation:
    if fault.text.startswith("${", fault.at - 1):
        return _Explanation("inside `[ ]` and `{ }`, `${…}` must stand in quotes", 'write "${…}"', fault.at - 1)
    if fault.is_at_end and fault.context != "while parsing a flow node":
        return _Explanation(
            f"this `{fault.opening}` is never closed", f"close it with `{_CLOSING[fault.opening]}`", fault.began
        )
    match fault.problem:
        case "did not find expected ',' or ']'" | "did not find expected ',' or '}'":
            closing = _CLOSING.get(fault.opening, "]")
            return _Explanation(
                f"a `,` or `{closing}` is missing here, the `{fault.opening}` of line {fault.opening_line} is open",
                "put text that holds any of , [ ] { } in quotes",
                fault.at,
            )
        case _:
            return _value_missing(fault)


def _in_a_block(fault: _Fault) -> _Explanation:
    match fault.problem:
        case "mapping values are not allowed in this context" | "mapping values are not allowed here":
            return _Explanation(
                "a `key: value` cannot stand here",
                "put the text in quotes if the `:` belongs to it; otherwise check the indentation of this line",
                fault.at,
            )
        case "block sequence entries are not allowed in this context" | "sequence entries are not allowed here":
            return _Explanation(
                "a list item cannot begin here", "begin the list on the next line, or write [a, b]", fault.at
            )
        case "did not find expected key" if fault.before.strip():
            return _Explanation(
                "this stands behind a value that has ended",
                "put all of the value in quotes; double a quote inside them",
                fault.at,
            )
        case "did not find expected key":
            return _Explanation(
                f"this line fits neither the map that begins in line {fault.opening_line} nor anything inside it",
                "align it with the keys that it belongs to",
                fault.at,
            )
        case "did not find expected '-' indicator":
            return _Explanation(
                f"this line is no item of the list that begins in line {fault.opening_line}",
                "begin it with `- `, or indent it as part of the item above",
                fault.at,
            )
        case "could not find expected ':'":
            return _Explanation(
                "this is no `key: value`",
                "write `: ` and a value behind the key (at most 1,024 characters), or indent the text that goes on",
                fault.began,
            )
        case "found character that cannot start any token":
            return _needs_quotes(fault, fault.at)
        case "did not find expected node content":
            return _value_missing(fault)
        case "found undefined tag handle":
            return _unknown_tag(fault)
        case "did not find expected <document start>":
            return _Explanation(
                "this stands behind the end of the document",
                "check the indentation and the closing brackets above",
                fault.at,
            )
        case "found incompatible YAML document":
            return _Explanation("this version of YAML is not known", "write %YAML 1.2, or nothing", fault.at)
        case _:
            return _Explanation(
                f"this is no YAML ({fault.problem})", "check quotes, brackets and indentation", fault.at
            )


def _value_missing(fault: _Fault) -> _Explanation:
    if fault.is_at_end:
        return _Explanation("the text ends where a value is expected", "close every bracket that was opened", fault.at)
    if fault.character in "]}" and "block" in fault.context:
        return _Explanation(
            f"a `{fault.character}` without its opening bracket", "put text that begins with it in quotes", fault.at
        )
    return _Explanation(f"a value is missing before this `{fault.character}`", "write the value, or null", fault.at)


def _needs_quotes(fault: _Fault, at: int) -> _Explanation:
    return _Explanation(
        f"text that begins with `{fault.text[at : at + 1]}` must stand in quotes", "put it in quotes", at
    )


def _unknown_tag(fault: _Fault) -> _Explanation:
    return _Explanation(
        "this tag is not known here", "leave it out, or put text that begins with `!` in quotes", fault.began
    )
