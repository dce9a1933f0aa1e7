"""Who asks: the integration and the desk have a token each; everything else is nobody.

The same door refuses query parameters that an operation does not know: one that was silently ignored
(a misspelt filter) would answer with far more than was asked for.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import QueryParameter

from calbridge_refpms.problems import ProblemError, invalid
from calbridge_refpms.wire import Role


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tokens:
    """The two secrets. Without a desk token there is no desk."""

    integration: str
    desk: str | None = None

    def role_of(self, token: str) -> Role | None:
        """Whose token this is, compared in constant time."""
        if self.desk is not None and hmac.compare_digest(token.encode(), self.desk.encode()):
            return "desk"
        if hmac.compare_digest(token.encode(), self.integration.encode()):
            return "integration"
        return None


Connection = ASGIConnection[Any, Any, Any, Any]


def require_role(connection: Connection, _: BaseRouteHandler) -> None:
    """401 without a known bearer token."""
    header = connection.headers.get("authorization", "").split(maxsplit=1)
    bearer = len(header) == 2 and header[0].lower() == "bearer"  # noqa: PLR2004 - a scheme and a token
    role = connection.app.state.tokens.role_of(header[1].strip()) if bearer else None
    if role is None:
        raise ProblemError(
            401, "unauthenticated", "Send 'Authorization: Bearer <token>' with a token of this practice."
        )
    connection.scope["user"] = role


def require_desk(connection: Connection, _: BaseRouteHandler) -> None:
    """403 for everybody but the desk."""
    if connection.user != "desk":
        raise ProblemError(403, "forbidden", "Only the desk may do this.")


def require_known_query(connection: Connection, handler: BaseRouteHandler) -> None:
    """400 for a query parameter that this operation does not have."""
    known = _query_names(handler) if isinstance(handler, HTTPRouteHandler) else set()
    unknown = sorted(set(connection.query_params) - known)
    if unknown:
        raise invalid(f"Unknown query parameter {unknown[0]!r}; known here: {', '.join(sorted(known)) or 'none'}.")


def _query_names(handler: HTTPRouteHandler) -> set[str]:
    fields = handler.parsed_fn_signature.parameters.values()
    definitions = [field.kwarg_definition for field in fields]
    return {definition.name for definition in definitions if isinstance(definition, QueryParameter) and definition.name}
