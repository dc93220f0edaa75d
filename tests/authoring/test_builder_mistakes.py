"""Lines that build a graph and cannot be meant so: each is refused where it stands, with what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from interlock import GraphBuilder, graph
from interlock.authoring.errors import BuildError


def trying(line: str) -> GraphBuilder:
    """Runs lines of Python beside a graph `g` with a node `a`, and a node `there` of another graph."""
    g = graph("test", inputs={"pr": "integer"})
    names: dict[str, Any] = {
        "graph": graph,
        "g": g,
        "a": g.tool("a", "look"),
        "there": graph("other").tool("there", "look"),
    }
    exec(line, names)  # noqa: S102 - a mistake is best read as somebody would write it
    return g


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1 if a.ok else 2", "`a.ok` has no truth value while the graph is built.*use `when=` or `choose`"),
        ("a.ok and a.fine", r"write `&`, `\|` and `~`, with each comparison in parentheses"),
        ("not a.ok", "`a.ok` has no truth value"),
        ("0 < a.x < 5", "`a.x > 0` has no truth value"),
        ("a.x == 1 & a.y", "`&` joins conditions, and 1 is none: put each comparison in parentheses"),
        ("list(a.files)", "`a.files` has no items while the graph is built: use `each`"),
        ("'red' in a.tags", "what `a.tags` holds is known only in a run"),
        ("f'{a.x:.2f}'", r"`a\.x` has no value yet, so it cannot be formatted as '\.2f'"),
        ("a()", "`a` is a value of the run and no function"),
    ],
)
def test_what_is_known_only_in_a_run_is_not_asked_while_the_graph_is_built(line: str, told: str) -> None:
    """A branch of Python that looks at a reference would be taken once and for all, and always the same way."""
    with pytest.raises(TypeError, match=told):
        trying(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("g.tool('b', 'look', retries=2)", r"tool\(\) got an unexpected .* 'retries': did you mean 'retry'\?"),
        ("g.value('b', 1, xyz=2)", r"value\(\) got an unexpected .* 'xyz': it takes after, cancel_rest, cancels"),
        ("graph('x', input={})", r"graph\(\) got an unexpected .* 'input': did you mean 'inputs'\?"),
        ("g.tool('b', 'look', after=a.x)", "a node is named here, and `a.x` is a value"),
        ("g.tool('b', 'look', after=7)", "by its handle or its name, and not by a int"),
        ("g.gate('b', [3 > 2])", r"a condition is made of references or is text in .*, and True is neither"),
        ("g.value('b', {1, 2})", "a set cannot stand in a graph: use references, text, numbers"),
        ("a.x == {1, 2}", "a set cannot stand in an expression"),
        ("a[1.5]", "a field is selected by its name or number, not by a float"),
    ],
)
def test_what_a_type_checker_would_tell_is_told_without_one_too(line: str, told: str) -> None:
    """In the words Python itself has for it."""
    with pytest.raises(TypeError, match=told):
        trying(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("g.tool('a', 'look')", "there is a node `a` already"),
        ("g.tool('Plan', 'look')", "`Plan` cannot be a name: a name is .*: `plan`"),
        ("g.tool('inputs', 'look')", "`inputs` has a meaning of its own"),
        ("graph('Git To Prod')", "`Git To Prod` cannot be the name of a graph"),
        ("g.outputs(x=1); g.outputs(x=2)", "there is an output `x` already"),
    ],
)
def test_a_name_is_given_once_and_can_be_one(line: str, told: str) -> None:
    """A second node of one name would silently take the place of the first."""
    with pytest.raises(BuildError, match=told):
        trying(line)


@pytest.mark.parametrize(
    "line",
    [
        "g.value('b', there)",
        "g.value('b', [{'k': a.x + there.x}])",
        "g.value('b', a.list.append(there.x))",
        "g.value('b', g.nodes[there].outcome)",
        "g.value('b', a.files[there.index])",
        "g.tool('b', 'look', after=there)",
        "g.tool('b', 'look', after=there.on('x'))",
        "g.tool('b', 'look', when=there.ok)",
        "g.tool('b', 'look', cancels=there)",
        "g.fuse('b', 'vote', of=[a, there])",
        "g.outputs(x=there)",
    ],
)
def test_a_graph_sees_nothing_of_another(line: str) -> None:
    """A name of another graph may well be a name of this one too, of something else."""
    with pytest.raises(BuildError, match="belongs to graph `other`, and this is graph `test`"):
        trying(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("g.value('b', f'costs ${a.price}')", r"would be shown as it is.*in an f-string leave out the `\$`"),
        ("a.title == '${a.name}'", "would stand in an expression as it is, with nothing filled in"),
        ("a.x == float('nan')", "nan cannot stand in an expression"),
        ("a.x == 2**63", "numbers there have at most 64 bits"),
        ("a.files[-1]", r"\[-1\] cannot be selected: expressions count from the front"),
        ("a.or_else(1)", r"name a field, as in `a.field.or_else\(…\)`"),
        ("a.exists", "only a field can be asked for"),
        ("a.files[0].exists", r"only a field can be asked for, and `a.files\[0\]` ends with none"),
        ("a.on()", "say on which outcome or label of `a`, or `when`"),
        ("a.files[0].log.tail(2)", "take a list by a plain path"),
        ("g.tool('b', 'look', after=[a, a.on('x')])", "`after` names `a` twice"),
    ],
)
def test_a_reference_that_would_mean_something_else_is_refused(line: str, told: str) -> None:
    """Better here than as a surprise in a run."""
    with pytest.raises(BuildError, match=told):
        trying(line)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("with g.each('b', a.files): pass", "there is nothing in this body: add a node"),
        ("with g.loop('b', max=2, until='${c}') as loop: loop.until(a.ok)", "this loop has an `until` already"),
        (
            "with g.each('b', a.files) as each: each.do.tool('look'); each.do.tool('look')",
            "`do` is one node, and all that is done",
        ),
        (
            "with g.each('b', a.files) as each: each.do.tool('look'); each.tool('c', 'look')",
            "`do` is all that is done for an item",
        ),
        (
            "with g.each('b', a.files) as each: each.tool('c', 'look'); each.do.tool('look')",
            "`do` is one node, and all that is done",
        ),
    ],
)
def test_a_body_says_one_thing(lines: str, told: str) -> None:
    """What of two things would count cannot be seen in the lines."""
    with pytest.raises(BuildError, match=told):
        trying(lines)


def test_an_error_inside_a_body_is_told_as_it_is() -> None:
    """That the body is still empty is then nobody's concern."""
    with pytest.raises(ZeroDivisionError):
        trying("with g.each('b', a.files): 1 / 0")


def test_a_hidden_name_is_no_field() -> None:
    """Python asks objects for such names to learn what they can do; an answer would mislead it."""
    with pytest.raises(AttributeError, match=r'for a field of that name write \["__fields__"\]'):
        trying("a.__fields__")


def test_text_that_looks_like_a_reference_may_be_text() -> None:
    """`$${` is the language's own way to write `${`, and most text with it speaks of something else."""
    g = trying("g.value('b', 'echo $${HOME} ${\"$\"}{a}')")

    assert g.document()["nodes"]["b"] == {"value": 'echo $${HOME} ${"$"}{a}'}
