"""Which names people may give: to nodes, variables, labels and graphs (rule 3). Looks at one name at a time."""

from __future__ import annotations

import re
from typing import Final

from interlock.core.expressions import RESERVED_WORDS, TYPE_NAMES
from interlock.core.plan import OUTCOMES

GIVEN_NAMES: Final = frozenset({"inputs", "run", "nodes", "now", "event", "candidate", "candidates", "secrets"})
"""What expressions always call so; nobody else may be called that."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_GRAPH_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
_SECRET_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME_LENGTH_MAX: Final = 100


def wrong_name(name: str) -> tuple[str, str] | None:
    """Why this cannot be the name of a node or variable, and what to do; None if it can."""
    if not _NAME.fullmatch(name):
        return f"`{name}` cannot be a name", _better(name, "a lower-case letter, then letters, digits and _")
    if len(name) > NAME_LENGTH_MAX:
        return f"a name of {len(name)} letters is too long", f"use at most {NAME_LENGTH_MAX}"
    if name in RESERVED_WORDS:
        return f"`{name}` is a reserved word of expressions", f"call it `{name}_` or say what it does"
    if name in TYPE_NAMES:
        return f"`{name}` is the name of a type in expressions", f"call it `{name}_` or say what it does"
    if name in GIVEN_NAMES or name == "finally":
        return f"`{name}` has a meaning of its own", "choose another name"
    return None


def wrong_graph_name(name: str) -> tuple[str, str] | None:
    """Why this cannot be the name of a graph; None if it can."""
    if _GRAPH_NAME.fullmatch(name) and len(name) <= NAME_LENGTH_MAX:
        return None
    return f"`{name}` cannot be the name of a graph", _better(
        name, "a lower-case letter, then letters, digits, _ and -"
    )


def wrong_secret_name(name: str) -> tuple[str, str] | None:
    """Why this cannot be the name of a secret; None if it can."""
    if _SECRET_NAME.fullmatch(name) and len(name) <= NAME_LENGTH_MAX:
        return None
    return f"`{name}` cannot be the name of a secret", "use letters, digits and _"


def wrong_event_name(name: str) -> tuple[str, str] | None:
    """Why this cannot be the name of an event; None if it can."""
    if name and name == name.strip() and "${" not in name:
        return None
    message = "the name of an event is fixed text" if "${" in name else "the name of an event is a word"
    return message, "what differs goes into `data`, `match` or `where`"


def wrong_label(label: str) -> tuple[str, str] | None:
    """Why this cannot be a label; None if it can."""
    if label in OUTCOMES:
        return f"`{label}` is an outcome, so it cannot be a label", "choose another word"
    if not label or label != label.strip():
        return "a label is a word, without space around it", "choose another word"
    return None


def _better(name: str, pattern: str) -> str:
    snake = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    if _NAME.fullmatch(snake) and snake not in RESERVED_WORDS | TYPE_NAMES | GIVEN_NAMES:
        return f"a name is {pattern}: `{snake}`"
    return f"a name is {pattern}"
