"""Expressions as Python writes them: what has a counterpart means the same here, and all else is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.authoring.dialects.python_expressions import Untranslatable, translated
from interlock.authoring.dialects.python_words import Names
from interlock.core.expressions import Environment

NAMES = Names({"draft": "draft", "Score 2": "score_2"}, frozenset({"ctx"}))
INPUTS: dict[str, Any] = {"n": 7, "x": 2.5, "text": "Railway Signal", "items": [3, 1, 2], "flag": True, "none": None}
DRAFT: dict[str, Any] = {"score": 4, "words": ["a", "b"], "by": {"name": "Ada"}}


class _Fields(dict[str, Any]):
    """A map as the other system has it: its fields are attributes too."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - JSON data
        return self[name]


def answered_here(expression: str) -> object:
    """What the expression comes to, said in the language of ours."""
    anything: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": True}
    environment = Environment({"inputs": anything, "draft": None, "score_2": None})
    compiled = environment.compile(translated(expression, NAMES))
    return compiled.evaluate({"inputs": INPUTS, "draft": DRAFT, "score_2": 9})


def answered_by_python(expression: str) -> object:
    """What Python itself makes of it."""
    bag = _Fields({**INPUTS, "draft": _Fields(DRAFT), "Score 2": 9})
    return eval(expression, {**INPUTS, "draft": _Fields(DRAFT), "ctx": bag})  # noqa: S307 - ours, to compare with


@pytest.mark.parametrize(
    "expression",
    [
        "n > 3 and not (n == 8)",
        "1 < n <= 7",
        "n / 2",
        "n / 2 > 3 and n / 2 != 3",
        "x * 100 + 1",
        "n * 100 + 1",
        "1 - x",
        "n / 2 + 1",
        "n + 0.5",
        "float('2') * n",
        "n if flag else None",
        "'a' not in [1, 2]",
        "[1, 'a', None]",
        "n % 3",
        "-n % 3",
        "n % -3",
        "-n",
        "'way' in text",
        "2 in items",
        "5 not in items",
        "'score' in draft",
        "none is None",
        "flag is not None",
        "len(text) + len(items)",
        "text.lower().startswith('rail') and text.endswith('l')",
        "text.upper().replace('RAIL', 'high').split(' ')",
        "', '.join(draft['words'])",
        "'yes' if flag else 'no'",
        "items[0] + items[-1]",
        "[i * 2 for i in items if i > 1]",
        "any(i == 2 for i in items) and all(i > 0 for i in items)",
        "max(n, 3) - min(n, 3) + abs(-2)",
        "f'{n} of {text}'",
        "str(n) + '!'",
        "int('4') + n",
        "{'a': n, 'b': [flag, None]}",
        "ctx['draft']['score'] + ctx['n']",
        "ctx.draft.by['name']",
        "ctx.get('n') + ctx.get('absent', 1)",
        "ctx['Score 2']",
        "'draft' in ctx and 'nothing' not in ctx",
        "draft.get('nothing', 'x')",
        "n > 3 and (\n  flag\n)",
        "'it\\'s' + \"\\n\"",
    ],
)
def test_what_can_be_said_means_the_same(expression: str) -> None:
    """A condition that came to mean something else would be worse than one that is refused."""
    assert answered_here(expression) == answered_by_python(expression)


@pytest.mark.parametrize(
    ("expression", "offset", "told"),
    [
        ("n + (lambda: 1)", 5, "a function cannot be said in an expression here"),
        ("().__class__.__bases__", 0, "`__bases__` is nothing that an expression may look at"),
        ("__import__('os').system('x')", 0, "`system` cannot be called here"),
        ("n and eval('1')", 6, "`eval` cannot be called here"),
        ("items[1:]", 0, "slices have no counterpart here"),
        ("n ** 2", 0, "this operator cannot be said in an expression here"),
        ("n is 3", 0, "`is` compares with None, True and False alone"),
        ("é + _hidden", 4, "`_hidden` is nothing that an expression may look at"),
        ("n and\n  open('x')", 8, "`open` cannot be called here"),
        ("n =", 2, "this is no expression"),
        ("  ", 0, "there is nothing here to compute"),
        ("# nothing", 0, "there is nothing here to compute"),
        ("9" * 40, 0, "this value cannot be said in an expression here"),
        ("n + " * 2_000 + "1", 0, "the expression has more than 4,096 characters"),
        ("items" + "[-1]" * 100, 0, "the expression is too long"),
        ("n % (" * 100 + "n" + ")" * 100, 465, "the expression is too long"),
        ("not " * 1_000 + "n", 0, "the expression is nested too deep"),
    ],
)
def test_what_cannot_be_said_is_refused_at_its_place(expression: str, offset: int, told: str) -> None:
    """There it was handed to `eval`; here nothing of it is ever run."""
    with pytest.raises(Untranslatable) as refused:
        translated(expression, NAMES)

    assert (refused.value.message, refused.value.offset) == (told, offset)
    assert refused.value.advice


def test_a_node_may_be_called_as_the_bag_is() -> None:
    """Its author meant the node."""
    assert translated("state['done']", Names({"state": "state"}, frozenset({"state", "ctx"}))) == "state.done"


@given(st.text(st.sampled_from("abn01 .,:()[]{}'\"+-*/%<>=!\n_#\\é\0") | st.characters(), max_size=60))
def test_any_text_is_translated_or_refused(text: str) -> None:
    """Documents come from anybody."""
    said = _said_or_refused(text)

    assert isinstance(said, str) or 0 <= said.offset <= len(text)


def _said_or_refused(text: str) -> str | Untranslatable:
    try:
        return translated(text, NAMES)
    except Untranslatable as refused:
        return refused
