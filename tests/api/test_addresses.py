"""Which route takes a request, and what becomes of what goes wrong in it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse

from interlock.api.addresses import Addresses, routes_at
from interlock.api.app import ROUTERS
from interlock.api.compat.routes import ROUTERS as OF_OTHER_SYSTEMS
from interlock.api.errors import ApiError
from interlock.api.guard import REQUEST
from tests.store.event_loop import in_event_loop

router = APIRouter()


@router.get("/things/{name}")
async def get_thing(name: str) -> PlainTextResponse:
    """One of them."""
    return PlainTextResponse(f"thing {name}")


@router.get("/things/latest")
async def get_latest() -> PlainTextResponse:
    """Stands behind the one that takes any name, as in the framework."""
    return PlainTextResponse("never reached")


@router.get("/files/{path:path}")
async def get_file(path: str) -> PlainTextResponse:
    """As many parts as there are."""
    return PlainTextResponse(f"file {path}")


@router.get("/broken")
async def get_broken() -> PlainTextResponse:
    """A fault of ours."""
    raise ZeroDivisionError("nobody thought of that")


async def answer_of(path: str, *, method: str = "GET") -> tuple[int, str]:
    """What is answered at a path."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes.extend(routes_at("/v1", router))
    app.router.middleware_stack = Addresses(app.router)
    sent: list[dict[str, Any]] = []
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "root_path": "", "server": ("x", 1), "client": ("x", 1), REQUEST: "1",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/things/a", (200, "thing a")),
        ("/v1/things/latest", (200, "thing latest")),
        ("/v1/files/a/b/c", (200, "file a/b/c")),
        ("/v1/nothing", (404, '{"detail":"Not Found"}')),
        ("/things/a", (404, '{"detail":"Not Found"}')),
        ("/", (404, '{"detail":"Not Found"}')),
    ],
)
def test_a_request_is_answered_by_the_route_of_its_address(path: str, answer: tuple[int, str]) -> None:
    """As the framework would, whatever the address looks like."""

    @in_event_loop
    async def story() -> None:
        assert await answer_of(path) == answer

    story()


@in_event_loop
async def test_another_method_is_left_to_the_framework_to_refuse() -> None:
    """It knows which there are."""
    assert await answer_of("/v1/things/a", method="PUT") == (405, '{"detail":"Method Not Allowed"}')


@in_event_loop
async def test_a_fault_in_a_route_is_told_as_one_and_says_nothing_of_itself() -> None:
    """Who asks learns that it is ours to mend, and not what our code looks like inside."""
    with pytest.raises(ApiError) as told:
        await answer_of("/v1/broken")

    assert (told.value.code, "nobody thought" in told.value.detail) == ("fault", False)
    assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_every_route_of_the_api_has_an_address_of_its_own() -> None:
    """A router inside a router has none: what stands in it would be found by trying one route after another."""
    routes = [route for router in (*ROUTERS, *OF_OTHER_SYSTEMS) for route in router.routes]

    assert [route for route in routes if not getattr(route, "path", None)] == []
