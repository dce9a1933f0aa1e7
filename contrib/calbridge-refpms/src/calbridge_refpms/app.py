"""Puts the application together: one Litestar app over one database file."""

import logging
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from calbridge_refpms.access import Tokens
from calbridge_refpms.api_appointments import AppointmentsApi
from calbridge_refpms.api_clients import ClientsApi
from calbridge_refpms.api_practice import ClosuresApi, PracticeApi
from calbridge_refpms.api_service import FaultsApi, HealthApi, ServiceApi
from calbridge_refpms.description import WithProblems
from calbridge_refpms.desk import desk_routes
from calbridge_refpms.faults import Faults, faulty
from calbridge_refpms.instants import Clock, system_clock
from calbridge_refpms.problems import ProblemError, invalid
from calbridge_refpms.records import Records, Terms
from calbridge_refpms.wire import Role
from calbridge_refpms.worker import background

CODES = {400: "invalid_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
CODES |= {413: "too_large", 415: "unsupported_media_type"}
MAX_BODY = 1_000_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Practice:
    """What one running reference PMS is made of."""

    database: Path
    tokens: Tokens
    clock: Clock = system_clock
    terms: Terms = field(default_factory=Terms)
    faults: bool = False


def create_app(practice: Practice) -> ASGIApp:
    """The application; raises UnusableFileError when the database is not ours."""
    records = Records(path=practice.database, clock=practice.clock, terms=practice.terms)
    records.prepare()
    faults = Faults()
    app = Litestar(
        route_handlers=_routes(practice),
        dependencies={
            "records": Provide(lambda: records, sync_to_thread=False),
            "faults": Provide(lambda: faults, sync_to_thread=False),
            "by": Provide(_role, sync_to_thread=False),
        },
        state=State({"tokens": practice.tokens, "records": records, "faults": faults}),
        lifespan=[background],
        exception_handlers={ProblemError: _problem, HTTPException: _http_problem, Exception: _fault},
        csrf_config=CSRFConfig(
            secret=secrets.token_hex(32), cookie_httponly=True, exclude=["^/v1", "^/faults", "^/schema"]
        ),
        template_config=TemplateConfig(
            directory=Path(str(files("calbridge_refpms") / "templates")), engine=JinjaTemplateEngine
        ),
        openapi_config=_openapi(),
        request_max_body_size=MAX_BODY,
        logging_config=None,
    )
    return faulty(app, faults) if practice.faults else app


def _routes(practice: Practice) -> list[ControllerRouterHandler]:
    routes: list[ControllerRouterHandler] = [
        HealthApi,
        ServiceApi,
        PracticeApi,
        ClosuresApi,
        AppointmentsApi,
        ClientsApi,
    ]
    if practice.faults:
        routes.append(FaultsApi)
    if practice.tokens.desk is not None:
        routes.append(desk_routes())
    return routes


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="calbridge reference PMS",
        version="1",
        description="A practice-management system that serves the generic PMS contract.",
        path="/schema",
        render_plugins=[WithProblems(path=["/", "/openapi.json"])],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )


def _role(request: Request[Role, Any, Any]) -> Role:
    return request.user


def _problem(_: Request[Any, Any, Any], problem: ProblemError) -> Response[dict[str, Any]]:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
    return Response(problem.body, status_code=problem.status, headers=headers, media_type="application/problem+json")


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    detail = _sentence(error) if isinstance(error, ValidationException) else error.detail
    code = CODES.get(
        error.status_code,
        "internal" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request",
    )
    return _problem(request, ProblemError(error.status_code, code, detail))


def _sentence(error: ValidationException) -> str:
    """Which field is wrong and why; never the value, which may be somebody's data."""
    faults = error.extra if isinstance(error.extra, list) else []
    said = [f"{fault.get('key') or 'body'}: {fault['message']}" for fault in faults if "message" in fault]
    return "; ".join(said) or error.detail


def _fault(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    if isinstance(error, RecursionError):
        return _problem(request, invalid("The body is nested too deeply."))
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(request, ProblemError(500, "internal", "The reference PMS failed; its log says why."))
