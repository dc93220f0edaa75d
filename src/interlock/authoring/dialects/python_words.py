"""What Python's names, operators and functions are called in expressions of ours, and what to write for the others."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interlock.authoring.dialects.handing import quoted
from interlock.core.expressions import RESERVED_WORDS

OPERATORS: Final[Mapping[type[ast.AST], str]] = MappingProxyType(
    {
        ast.Add: "+",
        ast.Sub: "-",
        ast.Mult: "*",
        ast.Eq: "==",
        ast.NotEq: "!=",
        ast.Lt: "<",
        ast.LtE: "<=",
        ast.Gt: ">",
        ast.GtE: ">=",
        ast.And: "&&",
        ast.Or: "||",
    }
)
FUNCTIONS: Final = MappingProxyType(
    {
        "len": "size",
        "str": "string",
        "int": "int",
        "float": "double",
        "abs": "math.abs",
        "min": "math.least",
        "max": "math.greatest",
    }
)
METHODS: Final = MappingProxyType(
    {
        "lower": "lowerAscii",
        "upper": "upperAscii",
        "strip": "trim",
        "startswith": "startsWith",
        "endswith": "endsWith",
        "replace": "replace",
        "split": "split",
        "find": "indexOf",
    }
)
INSTEAD: Final[Mapping[type[ast.expr], tuple[str, str]]] = MappingProxyType(
    {
        ast.Lambda: ("a function", "make it a tool, and call that as a task"),
        ast.NamedExpr: ("an assignment", "make it a task of its own, and mention that"),
        ast.Await: ("`await`", "tasks wait by their edges"),
        ast.Set: ("a set", "write a list: `[1, 2]`"),
        ast.Constant: ("this value", "there are texts, 64-bit numbers, True, False and None"),
        ast.DictComp: ("a map made in a loop", "make it by a tool"),
        ast.SetComp: ("a set made in a loop", "write a list: `[x for x in items]`"),
        ast.GeneratorExp: ("a generator", "write a list: `[x for x in items]`, or `any(…)`, `all(…)`"),
        ast.ListComp: ("a list made of several loops", "make it in two tasks"),
    }
)


class Names:
    """What names mean: a node's value, a field of what the run was given, or (`bags`) all that there is."""

    def __init__(self, nodes: Mapping[str, str], bags: frozenset[str]) -> None:
        self._nodes = nodes
        self._bags = bags - nodes.keys()

    def value(self, name: str) -> str:
        """A bare name."""
        if name in self._bags:
            return "inputs"
        return self._nodes.get(name) or f"inputs{selected(name)}"

    def is_bag(self, tree: ast.expr) -> bool:
        """Whether all that there is is meant, so that its fields are names themselves."""
        return isinstance(tree, ast.Name) and tree.id in self._bags

    def has_node(self, name: str) -> bool:
        """Whether a node is called so."""
        return name in self._nodes


_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def selected(field: str) -> str:
    """A field, as it stands behind what has it."""
    return f".{field}" if _FIELD.fullmatch(field) and field not in RESERVED_WORDS else f"[{quoted(field)}]"
