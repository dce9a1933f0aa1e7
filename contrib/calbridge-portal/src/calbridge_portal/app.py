"""The application: the bridge's side under /v1, the public JSON under /public, the pages, and /schema."""

import secrets
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, put
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.openapi.config import OpenAPIConfig
from litestar.params import JSONBody
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.router import Router
from litestar.template import TemplateConfig
from litestar.types import Message, Middleware, Scope

from calbridge_portal import answers, background
from calbridge_portal.api_accounts import accounts_router
from calbridge_portal.api_bookings import bookings_router
from calbridge_portal.api_feed import feed_router
from calbridge_portal.api_params import GivenPortal, bearer_guard
from calbridge_portal.api_public import public_router
from calbridge_portal.api_settings import settings_router
from calbridge_portal.description import WithProblems
from calbridge_portal.faults import FaultMiddleware, FaultPlan
from calbridge_portal.idempotency import OneAtATime, provide_call
from calbridge_portal.language import Language, chosen
from calbridge_portal.pages import pages_router
from calbridge_portal.portal import Portal
from calbridge_portal.problems import Problem
from calbridge_portal.public_accounts import public_accounts_router

LARGEST_BODY = 32 * 1024 * 1024
PROGRAMS = ["^/v1", "^/public", "^/faults", "^/schema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the application is served."""

    faults: bool = False
    public_per_minute: int = 600
    secure_cookies: bool = False


def create_app(portal: Portal, options: Options | None = None) -> Litestar:
    """Put the application together."""
    chosen_options = options or Options()
    return Litestar(
        route_handlers=_routes(chosen_options),
        dependencies={
            "portal": Provide(lambda: portal, sync_to_thread=False),
            "lang": Provide(_language, sync_to_thread=False),
            "call": Provide(provide_call),
        },
        state=State({"portal": portal}),
        middleware=_middleware(portal, chosen_options),
        csrf_config=_csrf(portal, chosen_options),
        exception_handlers={
            Problem: answers.on_problem,
            HTTPException: answers.on_http,
            Exception: answers.on_crash,
        },
        lifespan=[lambda _: background.running(portal)],
        before_send=[_request_id],
        template_config=TemplateConfig(
            directory=Path(str(files("calbridge_portal").joinpath("templates"))), engine=JinjaTemplateEngine
        ),
        openapi_config=_openapi(),
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
    )


@put("/faults", include_in_schema=False, sync_to_thread=False)
def put_faults(portal: GivenPortal, data: JSONBody[FaultPlan]) -> FaultPlan:
    """Put fault rules in force; this route exists only with --faults."""
    portal.faults.plan(data)
    return data


def _routes(options: Options) -> list[Any]:
    guarded = [settings_router, bookings_router, accounts_router, feed_router]
    routes: list[Any] = [
        Router(path="/", route_handlers=guarded, guards=[bearer_guard]),
        public_router,
        public_accounts_router,
        pages_router,
    ]
    if options.faults:
        routes.append(Router(path="/", route_handlers=[put_faults], guards=[bearer_guard]))
    return routes


def _middleware(portal: Portal, options: Options) -> list[Middleware]:
    chain: list[Middleware] = [OneAtATime()]
    if options.faults:
        chain.append(FaultMiddleware(portal.faults))
    if options.public_per_minute:
        limit = RateLimitConfig(rate_limit=("minute", options.public_per_minute), exclude=["^/v1", "^/faults"])
        chain.append(limit.middleware)
    return chain


def _csrf(portal: Portal, options: Options) -> CSRFConfig:
    """Forms of the pages only: programs send no cookies, so there is nothing to forge."""
    with portal.read() as tx:
        secret = tx.fact("csrf_secret")
    return CSRFConfig(secret=secret, cookie_httponly=True, cookie_secure=options.secure_cookies, exclude=PROGRAMS)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="calbridge portal protocol",
        version=version("calbridge-portal"),
        description="A booking portal: the bridge's side under /v1, the client's side under /public.",
        path="/schema",
        render_plugins=[WithProblems(path=["/", "/openapi.json"])],
    )


def _language(request: Request[Any, Any, State]) -> Language:
    return chosen(request.headers.get("Accept-Language"))


async def _request_id(message: Message, scope: Scope) -> None:
    """Every answer bears the caller's X-Request-Id, or one of ours."""
    if message["type"] != "http.response.start":
        return
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    fits = given.isascii() and given.isprintable() and 0 < len(given) <= 200  # noqa: PLR2004 - a generous id
    MutableScopeHeaders(message)["X-Request-Id"] = given if fits else secrets.token_hex(8)
