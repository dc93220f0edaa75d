"""Requests of every kind that the OpenAPI document allows, and many that it does not, at the real server."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from interlock.api.app import document
from tests.api.running_server import RunningServer

Operation: TypeAlias = Any
"""What schemathesis calls an operation; its parts have no types."""

EXAMPLES: Final = 3
"""How many requests of each kind there are for each operation."""
ACCEPTED: Final = ("2xx", "3xx", "404", "409", "429", "5xx")
"""What may come of a request that fits; a fault is found by another check."""
SAID_IN_ANOTHER_LANGUAGE: Final = (
    "POST /v1/graphs",
    "POST /v1/graphs/{graph}/versions",
    "POST /v1/graphs/{graph}/versions/plan",
    "POST /v1/runs/imports",
    "POST /v1/webhooks",
    "POST /graphs",
    "POST /policies",
    "POST /workflows/compile",
)
"""Where a request can fit and be none all the same: what a graph, a pattern or an expression has to be is not for a
schema to say, nor whether bytes are what was signed."""
SAYS_WHAT_WAS_SEEN: Final = ("PUT /v1/graphs/{graph}/draft", "DELETE /v1/graphs/{graph}/draft")
"""Where one of two headers is needed, which OpenAPI cannot say, and has to name what is there, which nobody guesses."""
SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""What is no fault of a schema."""
ANYTHING: Final = "application/octet-stream"


def accepting(statuses: tuple[str, ...], *operations: str) -> list[dict[str, Any]]:
    """For each of these operations, more answers that a request may have which fits."""
    checks = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, *statuses]}}
    return [{"include-name": operation, "checks": checks} for operation in operations]


def configuration() -> SchemathesisConfig:
    """The same requests each time, and what is accepted where."""
    exceptions = [*accepting(("422",), *SAID_IN_ANOTHER_LANGUAGE), *accepting(("412", "428"), *SAYS_WHAT_WAS_SEEN)]
    said = {"generation": {"deterministic": True, "database": "none"}, "operations": exceptions}
    return SchemathesisConfig.from_dict(said)  # pyright: ignore[reportUnknownMemberType] - it takes any dict


def operations_of(schema: Any) -> list[Operation]:  # noqa: ANN401 - as above
    """Everything that can be asked, but for what is answered for ever."""
    return [found.ok() for found in schema.exclude(path_regex="/stream$").get_all_operations()]


def can_be_wrong(operation: Operation) -> bool:
    """Whether a request can be made that does not fit: not where nothing is asked for, or anything at all is taken."""
    bodies = [body for body in operation.body if body.media_type != ANYTHING]
    return bool(bodies or len(operation.query) or len(operation.path_parameters))


OPERATIONS: Final = operations_of(schemathesis.openapi.from_dict(document(), config=configuration()))
CASES: Final = [
    *((GenerationMode.POSITIVE, each) for each in OPERATIONS),
    *((GenerationMode.NEGATIVE, each) for each in OPERATIONS if can_be_wrong(each)),
]


@pytest.mark.parametrize(("mode", "operation"), CASES, ids=lambda part: getattr(part, "label", None) or part.value)
def test_whatever_is_asked_is_answered_as_the_document_says(
    server: RunningServer, mode: GenerationMode, operation: Operation
) -> None:
    """No crash, no answer of another shape, nothing refused that fits, and nothing taken that does not."""

    @settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate), suppress_health_check=SLOW)
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:  # noqa: ANN401 - as above
        case.call_and_validate(base_url=server.url)

    holds()
