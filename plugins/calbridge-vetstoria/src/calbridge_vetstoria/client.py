"""Talking to the portal: every answer is a record of the protocol or an error with a recovery, never nothing.

The portal's own sentences are not passed on; they may hold people's data. Its code decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from calbridge.errors import BridgeError, NeedsHuman, Replan, RetryLater, SkipItem
from calbridge.http import classify, json_of, request, retry_after
from calbridge.provider import PublicContext
from calbridge_vetstoria.settings import VetstoriaSettings
from calbridge_vetstoria.wire import Problem

ERRORS = range(400, 600)
MODEL = TypeVar("MODEL", bound=BaseModel)
READ_AGAIN = frozenset({
    "already_booked_by_client",
    "cursor_expired",
    "hold_consumed",
    "hold_expired",
    "not_pending",
    "slot_unavailable",
    "stale_availability",
    "stale_revision",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the portal said: a document, or one of the refusals the caller expected (`code`)."""

    document: Any = None
    code: str = ""
    problem: Problem | None = None


class PortalClient:
    """One site of one portal."""

    def __init__(self, settings: VetstoriaSettings, context: PublicContext) -> None:
        self._settings = settings
        self._context = context
        self._http = httpx.Client(transport=context.transport, follow_redirects=False)

    def site(self, *parts: str) -> str:
        """A path below the site."""
        return self.path("sites", self._settings.site, *parts)

    def path(self, *parts: str) -> str:
        """A path of the protocol; every part is quoted."""
        return "/".join([self._settings.url.rstrip("/"), "v1", *(quote(part, safe="") for part in parts)])

    def send(
        self,
        method: str,
        url: str,
        *,
        item: str = "",
        expects: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """One request. A refusal whose code is in `expects` is handed back; any other is raised as what it means."""
        token = self._context.secrets(self._settings.token)
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json"} | dict(headers or {})
        response = request(self._http, method, url, accept=ERRORS, item=item, headers=sent, **options)
        if response.is_success:
            return Answer(document=json_of(response) if response.content else None)
        problem = _problem(response)
        if problem is None:
            raise classify(response, item=item)
        if problem.code in expects:
            return Answer(code=problem.code, problem=problem)
        raise _meaning(problem, response, item)

    def parse(self, model: type[MODEL], document: Any) -> MODEL:
        """Read a document as `model`; another shape means that something else lives at that address."""
        try:
            return model.model_validate(document)
        except ValidationError as error:
            fields = ", ".join(sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()}))
        # not chained: a ValidationError carries the document, and with it people's data
        raise NeedsHuman(
            f"the portal answered with JSON of another shape than the protocol's (field {fields}): "
            "check the url of this connection and the portal's version"
        )


def _problem(response: httpx.Response) -> Problem | None:
    """The refusal in a problem document; None for an error of something else (a proxy, another server)."""
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None


def _meaning(problem: Problem, response: httpx.Response, item: str) -> BridgeError:
    if problem.retryable:
        after = retry_after(response)
        return RetryLater(f"the portal asks to try later ({problem.code})", after=after, item=item)
    if problem.code in READ_AGAIN:
        return Replan(f"the portal holds something else now ({problem.code}): the bridge reads it again", item=item)
    return _final(problem.code, item)


def _final(code: str, item: str) -> BridgeError:
    match code:
        case "unauthenticated":
            return NeedsHuman("the portal refused the token (unauthenticated): correct token of this connection")
        case "forbidden":
            return NeedsHuman("the portal says that the token is for another site (forbidden): correct site or token")
        case _ if item:
            return SkipItem(f"the portal refused this record ({code}): see the portal's own log", item=item)
        case _:
            return NeedsHuman(
                f"the portal refused a request of the bridge ({code}): check site, and the portal's version"
            )
