"""The application: every route, behind the one door."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from interlock.api import costs, effects, fleet, health, jobs, keys, problem_pages, questions, schedules, sinks
from interlock.api.a2a.over_http import ROUTES as A2A
from interlock.api.addresses import Addresses, routes_at
from interlock.api.artifacts import keeping, of_runs
from interlock.api.compat.routes import ROUTERS as OF_OTHER_SYSTEMS
from interlock.api.errors import ApiError
from interlock.api.graphs import checking, drafts, known, publishing
from interlock.api.guard import REQUEST, Guard
from interlock.api.mcp.over_http import ROUTE as MCP
from interlock.api.metrics import routes as metrics
from interlock.api.openai import routes as openai_routes
from interlock.api.openai.errors import PREFIX as OPENAI
from interlock.api.openapi import openapi_of
from interlock.api.problem_shapes import told_at
from interlock.api.problems import problem_of
from interlock.api.reception import Reception
from interlock.api.registry import agents, models, policies, tools
from interlock.api.runs import acting, asking, carrying, continuing, listing, looking, migrating, reasons, starting
from interlock.api.streams import server_sent, socket
from interlock.api.webhooks import managing, taking
from interlock.core.errors import InterlockError
from interlock.wire.problems import Place

ROUTERS: Final = (
    starting.router,
    listing.router,
    looking.router,
    reasons.router,
    carrying.router,
    asking.router,
    continuing.router,
    migrating.router,
    acting.router,
    server_sent.router,
    socket.router,
    questions.router,
    keeping.router,
    of_runs.router,
    jobs.router,
    taking.router,
    managing.router,
    checking.router,
    known.router,
    drafts.router,
    publishing.router,
    agents.router,
    tools.router,
    models.router,
    policies.router,
    schedules.router,
    fleet.router,
    sinks.router,
    effects.router,
    costs.router,
    keys.router,
    metrics.router,
    health.router,
    problem_pages.router,
)


def make_app(reception: Reception) -> Guard:
    """The application that a server is given."""
    app = _make_routes()
    app.state.reception = reception
    settings = reception.settings
    return Guard(
        app,
        keys=reception.keys,
        meter=reception.meter,
        requires_key=reception.requires_key,
        requests_max=settings.requests,
        listeners_max=settings.listeners,
        body_bytes_max=settings.body_bytes,
        upload_bytes_max=settings.upload_bytes,
    )


def document() -> dict[str, Any]:
    """The OpenAPI document, without a server."""
    return _document_of(_make_routes())


def _make_routes() -> FastAPI:
    app = FastAPI(title="Interlock", openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None)
    app.openapi = lambda: _document_of(app)
    for router in ROUTERS:
        app.router.routes.extend(routes_at("/v1", router))
    app.router.routes.extend(routes_at(OPENAI, openai_routes.router))
    app.router.routes.extend([MCP, *A2A])
    for router in OF_OTHER_SYSTEMS:
        app.router.routes.extend(routes_at("", router))
    app.router.middleware_stack = Addresses(app.router)
    app.add_exception_handler(InterlockError, _tell)
    app.add_exception_handler(RequestValidationError, _tell_misfit)
    app.add_exception_handler(HTTPException, _tell_status)
    return app


def _document_of(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = openapi_of(app, version("interlock"))
    return app.openapi_schema


# --- what goes wrong -------------------------------------------------------------------------------------------------


async def _tell(request: Request, error: Exception) -> Response:
    problem = problem_of(error, request.scope[REQUEST])
    headers = error.headers if isinstance(error, ApiError) else None
    body, media_type = told_at(request.url.path, problem)
    return Response(body, status_code=problem.status, headers=headers, media_type=media_type)


async def _tell_misfit(request: Request, error: Exception) -> Response:
    """A request that does not fit its route, with each thing that is wrong."""
    assert isinstance(error, RequestValidationError)
    found = [_place(each) for each in error.errors()]
    sent = request.headers.get("content-type", "")
    if found[0].field == "body" and "json" not in sent:
        advice = "send the body as JSON, with `Content-Type: application/json`"
        return await _tell(request, ApiError("unsupported_media_type", f"{advice}, and not as {sent or 'nothing'}"))
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return await _tell(request, ApiError("unreadable_body", f"the body is not JSON: {found[0].message}"))
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    told = ApiError("invalid_request", f"{first.field or 'the request'}: {first.message}{more}", problems=found)
    told.field = first.field if isinstance(first.field, str) else ""
    return await _tell(request, told)


def _place(found: dict[str, Any]) -> Place:
    where = [str(each) for each in found["loc"]]
    inside = where[1:] if where[0] in {"body", "query", "path", "header"} else where
    message = str(found.get("ctx", {}).get("error") or found["msg"])
    return Place(message=message[0].lower() + message[1:], field=".".join(inside) or where[0])


async def _tell_status(request: Request, error: Exception) -> Response:
    """What the framework itself refuses."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ApiError):
        return await _tell(request, error.__cause__)  # what was met while the body was read
    codes = {404: "not_found", 405: "method_not_allowed", 400: "unreadable_body", 415: "unsupported_media_type"}
    path = request.url.path
    details = {404: f"there is nothing at {path}", 405: f"{path} does not take {request.method}"}
    code = codes.get(error.status_code, "invalid_request")
    detail = details.get(error.status_code, str(error.detail))
    headers = {"allow": ", ".join(_methods_at(request))} if error.status_code == 405 else error.headers
    return await _tell(request, ApiError(code, detail, headers=headers))


def _methods_at(request: Request) -> list[str]:
    """Every method that the address takes: each has a route of its own, and the framework names the first alone."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    taken = (methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path))
    return sorted({method.upper() for methods in taken for method in methods})
