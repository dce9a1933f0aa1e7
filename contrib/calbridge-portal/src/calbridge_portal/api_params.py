"""The parameters and guards every route of the bridge's side shares."""

from typing import Annotated

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter

from calbridge_portal.idempotency import Call
from calbridge_portal.language import Language
from calbridge_portal.portal import Portal

GivenPortal = NamedDependency[Portal]
GivenCall = NamedDependency[Call]
GivenLanguage = NamedDependency[Language]
FromInstant = Annotated[str, QueryParameter(name="from", description="RFC 3339 instant, inclusive")]
ToInstant = Annotated[str, QueryParameter(name="to", description="RFC 3339 instant, exclusive")]
MaybeFrom = Annotated[str | None, QueryParameter(name="from", description="RFC 3339 instant, inclusive")]
MaybeTo = Annotated[str | None, QueryParameter(name="to", description="RFC 3339 instant, exclusive")]
TypeId = Annotated[str, QueryParameter(name="type", description="appointment type id")]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="the revision read, in quotes")]
Alternatives = Annotated[
    list[str] | None, QueryParameter(name="alternative", description="<calendar>@<RFC 3339 instant>, once for each")
]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


def bearer_guard(connection: ASGIConnection[object, object, object, State], _: BaseRouteHandler) -> None:
    """Only the site's token may call, and only for its own site."""
    portal: Portal = connection.app.state.portal
    portal.check_token(connection.headers.get("Authorization"))
    if "site" in connection.path_params:
        portal.check_site(connection.path_params["site"])
