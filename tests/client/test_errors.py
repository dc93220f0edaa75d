"""What clients raise: a type for what a program can do about it, and all that a person needs."""

from __future__ import annotations

import pytest

from interlock.api.problems import MEANINGS
from interlock.client import Client, ClientError, NotUnderstood, Patience, RunNotFound, ServerFailed, Unreachable
from interlock.client import errors as e
from interlock.client.judging import error_told
from interlock.core.errors import InterlockError
from tests.api.running_server import RunningServer
from tests.client.errands_by_hand import answered

IMPATIENT = Patience(attempts_max=1)
FAMILIES = {401: e.KeyRefused, 403: e.NotAllowed, 404: e.NotFound, 409: e.Refused, 410: e.Gone, 429: e.TooMany}


@pytest.mark.parametrize("code", MEANINGS)
def test_every_code_of_the_server_has_a_type_of_its_kind(code: str) -> None:
    """Whoever catches all that is not found catches a kind of thing that comes later, too."""
    status = MEANINGS[code].status

    family = FAMILIES.get(status, e.ServerFailed if status >= 500 else e.ProblemTold)

    assert issubclass(e.kind_of(code, status), family)


def test_an_error_says_all_that_the_problem_does(client: Client) -> None:
    """What happened, to which thing, what to do next, and what to look for in the server's log."""
    with pytest.raises(RunNotFound) as told:
        client.summary("nowhere")

    error = told.value
    assert isinstance(error, InterlockError)
    assert str(error) == f"{error.detail} (run_not_found): {error.advice}"
    assert (error.status, len(error.request)) == (404, 16)


def test_places_of_what_is_wrong_come_along(client: Client) -> None:
    """A form marks the very field."""
    with pytest.raises(e.Invalid) as told:
        client.start("make", priority=5_000)

    assert (told.value.field, [place.field for place in told.value.problems]) == ("priority", ["priority"])


def test_nobody_at_the_address_is_told_with_that_nothing_was_sent() -> None:
    """Whoever knows that asks again without a thought."""
    with Client("http://127.0.0.1:1", key="", patience=IMPATIENT) as client, pytest.raises(Unreachable) as told:
        client.health()

    assert (told.value.in_doubt, told.value.code) == (False, "unreachable")
    assert "http://127.0.0.1:1 cannot be reached" in str(told.value)


def test_an_address_of_something_else_is_told_as_that(server: RunningServer) -> None:
    """A typing error in an address must not look like an empty list."""
    with Client(f"{server.url}/elsewhere", key="") as client, pytest.raises(ClientError) as told:
        client.health()

    assert told.value.code == "not_found"


@pytest.mark.parametrize(
    ("status", "kind"), [(200, NotUnderstood), (302, NotUnderstood), (418, NotUnderstood), (502, ServerFailed)]
)
def test_an_answer_without_a_problem_is_told_by_its_status(status: int, kind: type[ClientError]) -> None:
    """What stands before a server answers in its own words."""
    told = error_told(answered(status, b"<html>Bad Gateway", content_type="text/html"))

    assert type(told) is kind
    assert told.status == status
