"""Faults on purpose, for tests of whoever talks to the portal; served only with --faults."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response.base import ASGIResponse
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from calbridge_portal.problems import Problem

Action = Literal[
    "500_before",
    "500_after_commit",
    "drop_after_commit",
    "429",
    "html_200",
    "delay",
    "webhook_drop",
    "webhook_duplicate",
    "webhook_bad_signature",
]
LOGIN_PAGE = b"<!doctype html><title>Login</title><h1>Please log in</h1>"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """`match` is "METHOD /path-prefix" (* for any METHOD) or "WEBHOOK event-prefix"; fires `times` times."""

    match: str
    action: Action
    times: int = 1
    seconds: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """The rules in force; the first that matches and has firings left acts."""

    rules: list[FaultRule]


@dataclass(slots=True)
class Faults:
    """The rules, what is left of each, and how to cut a connection (set by the server)."""

    rules: list[FaultRule] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    cut: Callable[[Scope], None] | None = None

    def plan(self, plan: FaultPlan) -> None:
        """Put other rules in force."""
        self.rules, self.left = list(plan.rules), [rule.times for rule in plan.rules]

    def take(self, method: str, subject: str) -> FaultRule | None:
        """Use up one firing of the first rule that fits."""
        for index, rule in enumerate(self.rules):
            wanted, _, prefix = rule.match.partition(" ")
            if self.left[index] > 0 and wanted in {method, "*"} and subject.startswith(prefix):
                self.left[index] -= 1
                return rule
        return None


class FaultMiddleware(ASGIMiddleware):
    """Acts out the rule that fits a request."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through, or fail it in the way asked for."""
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith("/faults"):
            await next_app(scope, receive, send)
            return
        rule = self._faults.take(scope["method"], scope["path"])
        if rule is not None:
            await _before(rule, scope, receive, send)
        if rule is None or rule.action == "delay":
            await next_app(scope, receive, send)
        elif rule.action in {"500_after_commit", "drop_after_commit"}:
            await next_app(scope, receive, _swallow)
            if rule.action == "drop_after_commit" and self._faults.cut is not None:
                self._faults.cut(scope)
            await _lost(scope, receive, send)


async def _before(rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    match rule.action:
        case "500_before":
            raise Problem("internal", "A fault was asked for: nothing was done.")
        case "429":
            raise Problem("rate_limited", "A fault was asked for.", retry_after=int(rule.seconds))
        case "delay":
            await asyncio.sleep(rule.seconds)
        case "html_200":
            page = ASGIResponse(body=LOGIN_PAGE, media_type="text/html")
            await page(scope, receive, send)
        case _:
            pass


async def _lost(scope: Scope, receive: Receive, send: Send) -> None:
    problem = Problem("internal", "A fault was asked for: the answer was lost after the commit.")
    answer = ASGIResponse(
        body=encode_json(problem.body()), status_code=problem.status, media_type="application/problem+json"
    )
    await answer(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Send nothing: the caller never learns what was committed."""
