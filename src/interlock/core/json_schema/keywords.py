"""Keywords of a JSON Schema that were probably misspelt.

The draft has validators pass over what they do not know, so a rule with a slip in its name is no rule. Nothing is
refused here: a word that resembles no keyword may be somebody's own annotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from operator import eq
from typing import Final

from interlock.core.json_schema.checks import every_schema
from interlock.core.problems import Problem

KEYWORDS: Final = frozenset(
    "$schema $id $ref $defs $comment $anchor $dynamicRef $dynamicAnchor $vocabulary definitions"
    " type enum const format title description default deprecated readOnly writeOnly examples"
    " minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern"
    " contentEncoding contentMediaType contentSchema"
    " items prefixItems contains minItems maxItems uniqueItems minContains maxContains unevaluatedItems"
    " properties patternProperties additionalProperties propertyNames required minProperties maxProperties"
    " unevaluatedProperties dependentRequired dependentSchemas"
    " allOf anyOf oneOf not if then else".split()
)
ANNOTATIONS: Final = frozenset({"example", "note"})
"""Words that resemble a keyword, and that others use to annotate."""


def misspelt_keywords(schema: object) -> Iterator[Problem]:
    """A warning for each word of a checked schema that is no keyword, and nearly one."""
    for place, rules in every_schema(schema):
        for word in sorted(rules.keys() - KEYWORDS - ANNOTATIONS):
            meant = _keyword_like(word)
            if meant is not None:
                yield Problem(
                    place=(*place, word),
                    message=f"`{word}` is no keyword of JSON Schema, and has no effect",
                    advice=f"did you mean `{meant}`?",
                    severity="warning",
                    at_key=True,
                )


def _keyword_like(word: str) -> str | None:
    return next((keyword for keyword in sorted(KEYWORDS) if _is_one_slip_away(word, keyword)), None)


def _is_one_slip_away(word: str, keyword: str) -> bool:
    """Whether a letter is too many, missing or another, or two neighbours have changed places."""
    if abs(len(word) - len(keyword)) > 1:
        return False
    alike = sum(takewhile(bool, map(eq, word, keyword)))
    one, other = word[alike:], keyword[alike:]
    changed_places = one[:2] == other[:2][::-1] and one[2:] == other[2:]
    return changed_places or one[1:] == other or one == other[1:] or one[1:] == other[1:]
