"""What a prompt's template may say: a small part of Jinja, judged by its syntax tree before anything is run.

Names, fields, comparisons, conditions, loops and a few filters. No calls, no arithmetic, no joining of texts, no macros
and no files: so a template cannot reach into Python, and nothing in it grows beyond what it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from interlock.core.problems import Place, Problem, nearest

TEMPLATE_CHARS_MAX: Final = 65_536
DEPTH_MAX: Final = 40
PROBLEMS_MAX: Final = 100
"""Of one template; who mends these will be told of the others."""
LOOPS_MAX: Final = 4
"""How many loops may stand in one another."""

FILTERS: Final = (
    "default", "first", "indent", "join", "json", "last", "length", "lower", "sort", "trim", "truncate", "upper",
)  # fmt: skip
TESTS: Final = (
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "mapping",
    "sequence",
    "boolean",
    "true",
    "false",
    "in",
)

_ALLOWED: Final[tuple[type[nodes.Node], ...]] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.Test, nodes.If, nodes.For, nodes.Assign, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip

_SAID: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "a call",
    nodes.Macro: "a macro",
    nodes.Include: "an include",
    nodes.Import: "an import",
    nodes.FromImport: "an import",
    nodes.Extends: "an extends",
    nodes.Block: "a block",
    nodes.Concat: "joining with `~`",
    nodes.AssignBlock: "a `set` around text",
    nodes.Slice: "a slice",
    nodes.Dict: "a map",
    nodes.NSRef: "a namespace",
}


def problems_of_prompt(text: str, *, names: Collection[str], fields: Collection[str] | None = None) -> list[Problem]:
    """What is wrong with a template, each at a character of its text; of very much, a part.

    `names`: the variables there are. `fields`: those that `input` has; None: nobody knows.
    """
    if len(text) > TEMPLATE_CHARS_MAX:
        message = f"the template is {len(text):,} characters long, more than {TEMPLATE_CHARS_MAX:,}"
        return [
            Problem(place=(), message=message, advice="give it what changes as input, or as facts that are fetched")
        ]
    try:
        tree = parsed(text)
    except TemplateSyntaxError as error:
        return [_at_line(text, error.lineno, f"the template cannot be read: {error.message}")]
    except (RecursionError, MemoryError, OverflowError, ValueError):
        return [Problem(place=(), message="the template cannot be read: it is too deep", advice="make it simpler")]
    complaints = islice(_complaints(tree, names, fields), PROBLEMS_MAX)
    return [_at_line(text, node.lineno, message, advice) for node, message, advice in complaints]


def parsed(text: str) -> nodes.Template:
    """The tree of a template. A line that holds nothing but a statement leaves no line behind."""
    return Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True).parse(text)  # noqa: S701 - no HTML


Complaint = tuple[nodes.Node, str, str]


def _complaints(tree: nodes.Template, names: Collection[str], fields: Collection[str] | None) -> Iterator[Complaint]:
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    known = {*names, *own, "loop"}
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        if depth > DEPTH_MAX:
            yield node, "the template is too deep", f"at most {DEPTH_MAX} levels: make it simpler"
            return
        yield from _complaint(node, known, fields)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > LOOPS_MAX:
                yield node, f"more than {LOOPS_MAX} loops stand in one another", "make it simpler"
                return
        waiting += [(child, depth + 1, loops) for child in node.iter_child_nodes()]


def _complaint(node: nodes.Node, names: Collection[str], fields: Collection[str] | None) -> Iterator[Complaint]:
    """What is wrong with one node, whatever is inside it."""
    match node:
        case nodes.Name(name=name) if node.ctx == "load" and name not in names:
            yield node, f"`{name}` is not known here", _meant(name, names)
        case nodes.Name(name=name) if node.ctx == "store" and name in {"loop", "input", "agent", "tools"}:
            yield node, f"`{name}` cannot be set: it has its meaning", "choose another name"
        case nodes.Getattr(attr=attr, node=nodes.Name(name="input")) if fields is not None and attr not in fields:
            yield node, f"the input has no field `{attr}`", _meant(attr, fields)
        case nodes.Getattr(attr=attr) if attr.startswith("_"):
            yield node, f"`{attr}` is no field of data", "a prompt sees data, and nothing of the program behind it"
        case nodes.Filter(name=name) if name not in FILTERS:
            yield node, f"`{name}` is not a filter of prompts", _meant(name, FILTERS)
        case nodes.Test(name=name) if name not in TESTS:
            yield node, f"`{name}` is not a test of prompts", _meant(name, TESTS)
        case nodes.For() if node.recursive:
            yield node, "a loop may not call itself", "write the levels as loops in one another"
        case nodes.List(items=items) if not _are_plain(items):
            yield node, "a list in a prompt holds plain texts and numbers", "give the list as input"
        case nodes.Tuple(items=items) if node.ctx == "load" and not _are_plain(items):
            yield node, "a list in a prompt holds plain texts and numbers", "give the list as input"
        case _ if not isinstance(node, (*_ALLOWED, nodes.Expr)) or _is_refused_expression(node):
            what = _SAID.get(type(node), f"`{type(node).__name__.lower()}`")
            yield (
                node,
                f"{what} may not stand in a prompt",
                "a prompt shows data: compute it before, and give it as input",
            )
        case _:
            return


def _is_refused_expression(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Expr | nodes.Helper) and not isinstance(node, _ALLOWED)


def _are_plain(items: list[nodes.Expr]) -> bool:
    return all(isinstance(item, nodes.Const) for item in items)


def _meant(name: str, known: Collection[str]) -> str:
    meant = nearest(name, sorted(known))
    return f"did you mean `{meant}`?" if meant else f"there are {', '.join(sorted(known))}"


def _at_line(text: str, line: int, message: str, advice: str = "") -> Problem:
    before = text.split("\n")[: max(0, line - 1)]
    place: Place = ()
    return Problem(place=place, message=message, advice=advice, offset=sum(len(each) + 1 for each in before))
