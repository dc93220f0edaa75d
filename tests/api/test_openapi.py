"""The OpenAPI document: nothing in it is left unsaid, and its examples are answered as it shows."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any, Final, TypeAlias, cast

import httpx
import jsonschema_rs
import pytest
from msgspec import UNSET

from interlock.api.answers import JSON
from interlock.api.app import document
from interlock.api.examples.showing import Example, examples
from tests.api.example_world import World, world_of_examples
from tests.api.running_server import RunningServer

Operation: TypeAlias = dict[str, Any]

DOCUMENT: Final = document()
OPERATIONS: Final[dict[str, Operation]] = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
OURS: Final = {label: operation for label, operation in OPERATIONS.items() if label.split()[1].startswith("/v1/")}
"""What is asked as we have it. Examples of what other systems ask are their own READMEs, which tests execute."""
UNENDING: Final = {"GET /v1/stream", "GET /v1/runs/{run_id}/stream"}
"""Whose answer has no end, so that an example can neither show it nor be compared with it."""
BODILESS: Final = {"204", "304"}
EXAMPLES: Final = examples()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """Where the examples are true."""
    with world_of_examples(tmp_path_factory.mktemp("examples")) as server:
        yield World(server)


def asked(world: World, label: str, example: Example) -> httpx.Response:
    """What is answered to an example, with what there really is in place of the ids that it shows."""
    method, template = label.split(" ", 1)
    body = {} if example.body is UNSET else {"json": world.really(example.body)}
    content = {} if example.text is UNSET else {"content": world.really(example.text)}
    headers, query = world.really(dict(example.headers)), world.really(dict(example.query))
    path = template.format(**world.really(dict(example.path)))
    return world.server.http.request(method, path, headers=headers, params=query, **body, **content)


def told(label: str, answer: httpx.Response) -> dict[str, Any]:
    """What the document says of an answer: nothing where it has no body."""
    content = OURS[label]["responses"][str(answer.status_code)].get("content", {})
    kind = answer.headers.get("content-type", "").partition(";")[0]
    found: dict[str, Any] = content.get(kind, content.get("*/*", {}))
    return found


def misfits(schema: dict[str, Any], value: object) -> list[str]:
    """What keeps a value from being as a schema of the document says."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [
        f"{error.instance_path}: {error.message}" for error in jsonschema_rs.validator_for(whole).iter_errors(value)
    ]


def fields_of(value: object, at: str = "") -> Iterator[str]:
    """Each field of an answer by where it stands; of text, its lines."""
    match value:
        case dict():
            for name, inside in cast("dict[str, object]", value).items():
                yield f"{at}.{name}"
                yield from fields_of(inside, f"{at}.{name}")
        case list():
            for inside in cast("list[object]", value):
                yield from fields_of(inside, f"{at}[]")
        case _:
            return


def shown_in(example: Example, answer: httpx.Response) -> tuple[set[str], set[str]]:
    """The fields that an example shows, and those that were answered; where that is no JSON, the lines."""
    if answer.headers.get("content-type") == JSON:
        return set(fields_of(example.answer)), set(fields_of(answer.json()))
    lines = example.answer.splitlines() if isinstance(example.answer, str) else []
    return set(lines), set(answer.text.splitlines())


def has_shape(response: Operation) -> bool:
    """Whether it is said what an answer looks like, in each way in which it can be sent."""
    content: dict[str, Any] = response.get("content", {})
    return bool(content) and all("schema" in each for each in content.values())


def test_every_operation_has_an_example() -> None:
    """Whoever reads what can be asked sees it asked, also what was added yesterday."""
    assert set(OURS) - set(EXAMPLES) == UNENDING, "add them to src/interlock/api/examples"
    assert set(EXAMPLES) - set(OURS) == set(), "there is nothing of the kind"


@pytest.mark.parametrize("label", EXAMPLES)
def test_an_example_is_answered_as_it_shows(world: World, label: str) -> None:
    """An example that is wrong costs whoever copies it more than none would."""
    example = EXAMPLES[label]

    answer = asked(World(world.server), label, example)

    assert answer.is_success, answer.text
    schema = told(label, answer).get("schema", {})
    really = answer.json() if answer.headers.get("content-type") == JSON else answer.text
    shown, answered = shown_in(example, answer)
    assert misfits(schema, really) == []
    assert example.answer is UNSET or misfits(schema, example.answer) == []
    assert shown - answered == set()


@pytest.mark.parametrize("label", EXAMPLES)
def test_an_example_shows_an_answer_where_there_is_one_to_read(label: str) -> None:
    """A request without its answer is half an example. Of a run's file nothing can be shown."""
    responses = OURS[label]["responses"]
    content = responses[next(status for status in responses if status.startswith("2"))].get("content", {})

    assert [kind for kind, shown in content.items() if "example" not in shown and kind != "application/x-tar"] == []


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_says_all_that_a_client_needs(label: str) -> None:
    """What it does, what each parameter means, what is answered in each case."""
    operation = OPERATIONS[label]
    parameters, responses = operation.get("parameters", []), operation["responses"]
    shapeless = [status for status, told in responses.items() if status not in BODILESS and not has_shape(told)]

    assert operation["summary"]
    assert operation["description"]
    assert [each["name"] for each in parameters if not each.get("description")] == []
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert shapeless == []
    assert responses["default"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_operations_are_told_apart_by_their_ids() -> None:
    """Generated clients name their methods after them."""
    ids = Counter(operation["operationId"] for operation in OPERATIONS.values())

    assert [each for each, count in ids.items() if count > 1] == []


def test_the_document_says_how_to_come_with_a_key() -> None:
    """And that none is needed on one's own machine."""
    assert DOCUMENT["security"] == [{"key": []}, {}]
    assert DOCUMENT["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_the_document_is_made_without_a_warning() -> None:
    """A warning would be of two operations of one name, or of a shape that cannot be told."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = document()

    assert made == DOCUMENT


def test_what_is_served_is_the_document(server: RunningServer) -> None:
    """A client is generated from either."""
    assert server.get("/openapi.json") == DOCUMENT
