"""Expressions: CEL inside `${…}`, compiled and checked before a run, evaluated within bounds.

The only part of the product that knows the CEL runtime. It finds the holes of a text, checks an expression against the
names and types of a graph, says what it mentions, and answers it for given values. It never loads a value, never looks
at a clock, and decides nothing about nodes.
"""

from __future__ import annotations

from interlock.core.cel.declared_types import TIMESTAMP, FieldType
from interlock.core.cel.environment import (
    RESERVED_WORDS,
    SOURCE_LENGTH_MAX,
    TYPE_NAMES,
    Environment,
)
from interlock.core.cel.evaluation import Expression
from interlock.core.cel.holes import Hole, Literal, Piece, bare_path, split_text
from interlock.core.cel.mentions import Chain
from interlock.core.cel.wording import EvaluationError, ExpressionProblem

__all__ = [
    "RESERVED_WORDS",
    "SOURCE_LENGTH_MAX",
    "TIMESTAMP",
    "TYPE_NAMES",
    "Chain",
    "Environment",
    "EvaluationError",
    "Expression",
    "ExpressionProblem",
    "FieldType",
    "Hole",
    "Literal",
    "Piece",
    "bare_path",
    "split_text",
]
