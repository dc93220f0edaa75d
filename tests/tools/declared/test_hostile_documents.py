"""Whatever a document or a server says, there is an answer in words: no crash, and no work without end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.core.canonical import canonical
from interlock.core.values import Value, ValueProblem
from interlock.tools.declared.declaring import OpenApiSource
from interlock.tools.declared.openapi_operations import definitions_in
from interlock.tools.declared.recipes import HttpRecipe, request_of, result_of
from interlock.tools.errors import ToolError, ToolFailed
from interlock.tools.outgoing import OutgoingResponse
from interlock.tools.pinning import Definition, definition_of, differences

WORDS = (
    "openapi servers url variables paths /a /a/{id} get post operationId parameters name in query path header required"
    " schema requestBody content application/json responses 200 $ref #/components/schemas/A components schemas A type"
    " object properties items allOf nullable enum description summary default style explode"
).split()
json_leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from([*WORDS, "3.0.1"])
json_data = st.recursive(
    json_leaves,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inside),
    max_leaves=40,
)
paths = st.dictionaries(st.sampled_from(["/a", "/a/{id}"]), st.dictionaries(st.sampled_from(WORDS), json_data))
documents = json_data | st.fixed_dictionaries(
    {"openapi": st.just("3.1.0"), "servers": st.just([{"url": "https://a.example"}]), "paths": paths},
    optional={"components": st.fixed_dictionaries({"schemas": st.dictionaries(st.just("A"), json_data)})},
)


@settings(max_examples=100, deadline=None)
@given(document=documents, asks=st.booleans())
def test_any_document_gives_definitions_that_can_be_used_or_problems(document: Value, *, asks: bool) -> None:
    """What is taken can be pinned, and compared; what cannot be taken is told or left out."""
    source = OpenApiSource(document="x", operations=("operationId",) if asks else ())

    definitions, problems = definitions_in(document, source, "pets")

    assert all(each.pin.startswith("sha256:") for each in definitions)
    assert all(isinstance(problem, str) for problem in problems)


@settings(max_examples=100, deadline=None)
@given(json_data, json_data, json_data, st.text(max_size=8))
def test_whatever_a_server_says_of_a_tool_is_a_definition_or_refused(
    schema: Value, output: Value, annotations: Value, name: str
) -> None:
    """And of what is a definition the difference to another can be shown, on lines that hide nothing."""
    known = Definition(name="x", input={"type": "object"})
    try:
        made = definition_of("x", description=name, input=schema, output=output, annotations=annotations)
    except ToolError:
        return

    assert all(line.isprintable() for line in differences(known, made))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["id", "q", "h", "b"]), json_data | st.text()),
    st.sampled_from(["https://a.example/{id}", "https://a.example/x?y={id}"]),
)
def test_whatever_a_model_gives_as_arguments_stays_in_its_place(arguments: dict[str, Value], url: str) -> None:
    """The request goes to the host of the recipe, and its path has as many parts as the recipe's."""
    recipe = HttpRecipe(
        method="POST", url=url, effect="once", query={"q": "{q}"}, headers={"X-H": "{h}"}, body={"b": ["{b}"]}
    )
    try:
        given_values: Any = canonical(arguments)
        request = request_of(recipe, given_values, {}, effect_id="e")
    except (ToolFailed, ValueProblem):
        return

    path = request.url.partition("?")[0]
    assert path.startswith("https://a.example/")
    assert path.count("/") == 3
    assert "#" not in request.url
    json.loads(request.body)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(100, 599), st.sampled_from(["application/json", "text/plain; charset=x", ""]), st.binary(max_size=60)
)
def test_any_answer_is_a_value_or_a_failure(status: int, content_type: str, body: bytes) -> None:
    """Whatever comes over the wire."""
    response = OutgoingResponse(status=status, headers=(("content-type", content_type),), body=body)

    try:
        result = result_of(response, "https://a.example")
    except (ToolFailed, ValueProblem):
        return

    assert canonical(result) == result
