"""Filling a prompt's template: in Jinja's sandbox, with data that has no methods, and for no longer than it may take.

Work is counted, not timed, so that a template that is too much is too much on every machine. Nothing is cached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from interlock.agents.prompts.failing import PromptFailed
from interlock.agents.prompts.filters import Work, filters_with
from interlock.agents.prompts.language import TESTS, parsed, problems_of_prompt
from interlock.core.values import Value, is_list, is_map

OUTPUT_CHARS_MAX: Final = 262_144
_LOOP_FACTS: Final = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0", "depth"})
_TURNS: Final = "turns_of_loop"
_COMPARED: Final = "compared"


def render_prompt(text: str, variables: Mapping[str, Value]) -> str:
    """The template with its variables filled in. `PromptFailed` if that cannot be done."""
    if problems := problems_of_prompt(text, names=variables):
        line = text.count("\n", 0, problems[0].offset or 0) + 1
        raise PromptFailed(f"line {line}: {problems[0].message}")
    try:
        return _rendered(text, variables)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise PromptFailed(str(error) or type(error).__name__) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise PromptFailed("the template is too deep") from error


def _rendered(text: str, variables: Mapping[str, Value]) -> str:
    work = Work()
    environment = _DataEnvironment(
        undefined=StrictUndefined, autoescape=False, optimized=False, keep_trailing_newline=False,
        finalize=work.shown, cache_size=0,
    )  # fmt: skip
    environment.globals.clear()
    filters: dict[str, Any] = environment.filters
    filters.clear()
    filters.update({**filters_with(work), _TURNS: work.turns, _COMPARED: work.compared})
    environment.tests = {name: test for name, test in environment.tests.items() if name in TESTS}
    tree = parsed(text)
    _count_work(tree)
    template = environment.from_string(tree)
    pieces: list[str] = []
    length = 0
    for piece in template.generate(variables):
        length += len(piece)
        if length > OUTPUT_CHARS_MAX:
            raise PromptFailed(f"it would be longer than {OUTPUT_CHARS_MAX:,} characters: give it less to show")
        pieces.append(piece)
    return "".join(pieces)


def _count_work(tree: nodes.Template) -> None:
    """Each loop says how much it is going to do before it begins, each comparison how much it looks at.

    The test `in` is a comparison as well: it looks through what stands behind it.
    """
    compared: list[nodes.Compare | nodes.Operand] = [*tree.find_all(nodes.Compare), *tree.find_all(nodes.Operand)]
    loops = [(loop, sum(1 for _ in loop.find_all(nodes.Node))) for loop in tree.find_all(nodes.For)]
    for comparison in compared:
        comparison.expr = _through(_COMPARED, comparison.expr)
    for test in tree.find_all(nodes.Test):
        if test.name == "in":
            test.args = [_through(_COMPARED, looked_through) for looked_through in test.args]
    for loop, weight in loops:
        loop.iter = _through(_TURNS, loop.iter, nodes.Const(weight))


def _through(name: str, value: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", value), name, list(arguments), [], None, None, lineno=value.lineno)


class _DataEnvironment(ImmutableSandboxedEnvironment):
    """Reads fields of data and facts of loops; what a Python object has besides does not exist here."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - whatever a template has at hand
        """A field of a map, or a fact of a loop."""
        if isinstance(obj, LoopContext) and attribute in _LOOP_FACTS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401 - whatever a template has at hand
        """A field of a map, or an item of a list."""
        if isinstance(obj, Undefined):
            return obj[argument]
        if is_map(obj) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if is_list(obj) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        what = "map" if is_map(obj) else "list" if is_list(obj) else type(obj).__name__
        return self.undefined(f"there is no `{argument}` in this {what}")
