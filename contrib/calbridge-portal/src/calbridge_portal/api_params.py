"""The parameters and guards every route of the bridge's side shares."""

from typing import TYPE_CHECKING, Annotated

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

if TYPE_CHECKING:
    from calbridge_portal.portal import Portal

FromInstant = Annotated[str, Parameter(query="from", description="RFC 3339 instant, inclusive")]
ToInstant = Annotated[str, Parameter(query="to", description="RFC 3339 instant, exclusive")]
MaybeFrom = Annotated[str | None, Parameter(query="from", description="RFC 3339 instant, inclusive")]
MaybeTo = Annotated[str | None, Parameter(query="to", description="RFC 3339 instant, exclusive")]
TypeId = Annotated[str, Parameter(query="type", description="appointment type id")]
IfMatch = Annotated[str | None, Parameter(header="If-Match", description='the revision read, such as "3"')]
Limit = Annotated[int, Parameter(ge=1, le=1000)]


def bearer_guard(connection: ASGIConnection[object, object, object, State], _: BaseRouteHandler) -> None:
    """Only the site's token may call, and only for its own site."""
    portal: Portal = connection.app.state.portal
    portal.check_token(connection.headers.get("Authorization"))
    if "site" in connection.path_params:
        portal.check_site(connection.path_params["site"])
