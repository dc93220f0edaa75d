"""What a graph that compiles is warned of, since it may surprise whoever wrote it."""

from __future__ import annotations

import pytest

from tests.core.compiling import compiling, warnings

CHOICE = """
  size: {choose: [{label: big, when: "${inputs.n > 10}"}, {label: small}]}
  big: {tool: look, after: {size: {on: big}}}
  small: {tool: look, after: {size: {on: small}}}
"""


def absent(text: str) -> list[str]:
    """The warnings about absent values of a graph with two ways, one of which is taken."""
    return [warning for warning in warnings(f"inputs: {{n: integer}}\nnodes:{CHOICE}{text}") if "no value" in warning]


@pytest.mark.parametrize(
    "text",
    [
        "  e: {value: '${big.x + 1}', after: [big, small], join: any}",
        "  e: {value: 'it is ${big.x}', after: [big, small], join: any}",
        "  e: {value: '${[big.x]}', after: [big, small], join: first}",
        "  e: {value: {x: '${has(small.y) ? big.x : 0}'}, after: [big, small], join: any}",
        "  e: {value: '${size(big)}', after: {big: {on: skipped}}}",
        "outputs: {x: '${big.x}'}",
        "finally: {f: {value: '${big.x + 1}'}}",
    ],
)
def test_a_value_that_may_be_absent_is_warned_of(text: str) -> None:
    """The run in which the other way is taken would fail, perhaps in a month."""
    assert [warning.split(": ", 1)[1] for warning in absent(text)] == [
        "`big` may have no value here: it may not have run, or have failed"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "  e: {value: '${big.x + 1}'}",
        "  e: {value: '${big.x + 1}', after: big}",
        "  e: {value: '${big}', after: [big, small], join: any}",
        "  e: {value: '${big.?x.orValue(0)}', after: [big, small], join: any}",
        "  e: {value: '${has(big.x) ? big.x : 0}', after: [big, small], join: any}",
        "  e: {value: '${nodes.big.outcome == \"succeeded\" ? big.x : 0}', after: [big, small], join: any}",
        "outputs: {x: '${big.?x.orValue(0)}'}",
        "finally: {f: {value: '${big}'}}",
    ],
)
def test_a_value_that_is_there_or_asked_for_is_not_warned_of(text: str) -> None:
    """A warning that is wrong teaches people to overlook the others."""
    assert absent(text) == []


def test_the_value_of_a_node_that_goes_on_when_it_fails_may_be_absent() -> None:
    """Its edges fire, and it has none (rule 17)."""
    text = "nodes: {a: {tool: look, on_error: continue}, b: {value: '${a.x + 1}'}, c: {value: '${a}'}}"

    assert warnings(text) == ["nodes.b.value: `a` may have no value here: it may not have run, or have failed"]


@pytest.mark.parametrize(
    ("expression", "warned"),
    [
        ("${round.last.draft.score + 1}", ["nodes.l.loop.draft.input.x: `round.last` is absent in the first round"]),
        ("${round.last.?draft.?score.orValue(0)}", []),
        ("${round.index > 0 ? round.last.draft.score : 0}", []),
        ("${round.last.draft}", []),
    ],
)
def test_there_is_no_round_before_the_first(expression: str, warned: list[str]) -> None:
    """Every such loop would fail at once."""
    text = f"nodes: {{l: {{loop: {{draft: {{tool: look, input: {{x: '{expression}'}}}}}}, max: 2, at_max: accept}}}}"

    assert warnings(text) == warned


def test_a_choose_that_may_find_no_case_is_warned_of() -> None:
    """It then fails, which is seldom what was meant (rule 14)."""
    text = "inputs: {n: integer}\nnodes: {c: {choose: [{label: big, when: '${inputs.n > 1}'}]}}"

    assert warnings(text) == ["nodes.c.choose.0: if none of the cases of `c` holds, it fails"]


def test_side_effects_behind_no_gate_or_person_are_warned_of_once_a_scope() -> None:
    """Nothing would stop them from doing the wrong thing."""
    text = "nodes: {a: {tool: look}, b: {tool: write, after: a}, c: {tool: pay, after: a}}"

    assert warnings(text) == ["nodes.b: `b`, `c` have side effects and stand behind no gate or person"]


@pytest.mark.parametrize("guard", ["{gate: '${a.ok}'}", "{human: 'Go?', choices: [yes, no], after: a}"])
def test_side_effects_behind_a_gate_or_person_are_not(guard: str) -> None:
    """Also through others, and inside of what stands behind."""
    acting = "b: {tool: look, after: g}, c: {each: [1], after: b, do: {tool: pay}}"
    text = f"nodes: {{a: {{tool: look}}, g: {guard}, {acting}}}"

    assert warnings(text) == []


def test_a_named_graph_that_acts_is_warned_of_where_it_is_called_unwatched() -> None:
    """Whether something watches over it depends on the caller."""
    small = "{graph: small, nodes: {x: {tool: pay}}}"
    text = "nodes: {a: {graph: small}, g: {gate: '${true}'}, b: {graph: small, after: g}}"

    assert warnings(text, graphs={"small": small}) == [
        "nodes.a: `a` has side effects and stands behind no gate or person"
    ]


def test_what_runs_at_the_end_needs_no_gate() -> None:
    """It runs whatever happened: that is what it is for."""
    assert warnings("nodes: {a: {tool: look}}\nfinally: {f: {tool: pay}}") == []


def test_a_graph_with_errors_gives_no_warnings() -> None:
    """What is missing may be just what the warning would be about."""
    assert compiling("nodes: {a: {tool: pay}, b: {tool: lok}}").warnings == ()


@pytest.mark.parametrize(
    ("text", "place", "keyword"),
    [
        ("inputs: {n: {type: integer, minimun: 1}}", "inputs.n.minimun", "minimum"),
        (
            "inputs: {type: object, properties: {n: {type: integer}}, requried: [n]}",
            "inputs.requried",
            "required",
        ),
        (
            "nodes: {q: {human: 'How many?', form: {properties: {n: {tpye: integer}}}}}",
            "nodes.q.form.properties.n.tpye",
            "type",
        ),
    ],
)
def test_a_slip_in_a_keyword_of_a_schema_is_warned_of(text: str, place: str, keyword: str) -> None:
    """JSON Schema has unknown words passed over: what was meant as a rule would let everything through."""
    compiled = compiling(text if "nodes" in text else f"{text}\nnodes: {{a: {{value: 1}}}}")

    [warning] = compiled.problems

    word = place.rpartition(".")[2]
    assert (".".join(map(str, warning.place)), warning.severity) == (place, "warning")
    assert warning.message == f"`{word}` is no keyword of JSON Schema, and has no effect"
    assert warning.advice == f"did you mean `{keyword}`?"


def test_an_annotation_in_a_schema_is_nobodys_slip() -> None:
    """Editors and forms have words of their own, which the draft allows."""
    field = "{type: integer, x-unit: metres, note: how long, example: 3, properties: {tpye: {}}}"

    assert warnings(f"inputs: {{n: {field}}}\nnodes: {{a: {{value: 1}}}}") == []
