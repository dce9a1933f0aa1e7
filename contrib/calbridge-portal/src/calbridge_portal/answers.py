"""How refusals leave: problem+json for programs, a page in their language for people. Never a stack trace."""

import logging
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, TooManyRequestsException, ValidationException
from litestar.response import Template

from calbridge_portal.language import chosen
from calbridge_portal.problems import CODES, Problem

BY_STATUS = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "rate_limited",
}
CLIENT_ERRORS = range(400, 500)
PAGES = ("/book/", "/manage/")
RETRY_S = 60
log = logging.getLogger("calbridge_portal")
AnyRequest = Request[Any, Any, State]


def on_problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    """Answer one of our own refusals."""
    if request.url.path.startswith(PAGES):
        return _page(request, problem)
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=problem.headers(),
        media_type="application/problem+json",
    )


def on_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what the framework refused, such as a body of the wrong form or an unknown path."""
    status = error.status_code
    fallback = "invalid_request" if status in CLIENT_ERRORS else "internal"
    retry = RETRY_S if isinstance(error, TooManyRequestsException) else None
    return on_problem(request, Problem(BY_STATUS.get(status, fallback), _detail(error), retry_after=retry))


def on_crash(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer a defect: logged by its type and place, told to nobody."""
    if isinstance(error, RecursionError):
        return on_problem(request, Problem("invalid_request", "The body is nested too deeply."))
    log.error("a request failed: %s", type(error).__name__, exc_info=error)
    return on_problem(request, Problem("internal", "The portal failed; nothing was changed. Try again later."))


def _detail(error: HTTPException) -> str:
    """Field names and what is wrong with them; never the values, which may be personal data."""
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        faults = [f"{fault.get('key', 'body')}: {fault.get('message', 'is wrong')}" for fault in error.extra]
        return "; ".join(faults) or error.detail
    return error.detail


def _page(request: AnyRequest, problem: Problem) -> Response[Any]:
    lang = chosen(request.headers.get("Accept-Language"))
    key = f"error_{problem.code}"
    context = {
        "lang": lang,
        "site": request.app.state.portal.site,
        "message": lang.text(key if key in lang.texts else "error_other"),
        "alternatives": problem.members.get("alternatives", []),
    }
    return Template("error.html", context=context, status_code=CODES[problem.code].status, headers=problem.headers())
