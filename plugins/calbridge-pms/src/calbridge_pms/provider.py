"""The provider of one PMS connection: the hooks, each a line or two over the module that does the work."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import Consent, Details
from calbridge.provider import (
    Capabilities,
    ClientQuery,
    ClientRecord,
    Context,
    Feed,
    Finding,
    Gone,
    Hint,
    InboundRequest,
    PmsChange,
    Present,
    Probe,
    Receipt,
    Record,
    Unknown,
)
from calbridge_pms import checks, people
from calbridge_pms.api import Api, path_of
from calbridge_pms.convert import SHOWN_AS
from calbridge_pms.feed import LISTS, Reader
from calbridge_pms.names import Names
from calbridge_pms.settings import PmsSettings
from calbridge_pms.writing import Writing

FIELDS = frozenset(
    {
        "state",
        "resource",
        "start",
        "end",
        "service",
        "co_resources",
        "title",
        "description",
        "note",
        "client",
        "patient",
    }
)


class Pms:
    """One practice-management system that speaks the generic PMS contract."""

    def __init__(self, settings: PmsSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._names = Names.of(settings, context.clinic)
        self._api = Api(settings, context)
        self.capabilities = Capabilities(
            fields=FIELDS | ({"marked"} if self._names.marks else frozenset()),
            mirrors=True,
            adopts=True,
            resources=frozenset(self._names.resources),
            shown_as=SHOWN_AS,
            holds=settings.holds,
            matches_clients=True,
            webhooks=settings.webhook_secret is not None,
        )

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record]:
        """Appointments, blocks, absences, closures and windows since the cursor, or all of them."""
        return Reader(api=self._api, names=self._names, window=window, known=known).read(cursor)

    @hookimpl
    def propagate_change(self, change: PmsChange) -> Receipt:
        """Make, change or cancel one appointment."""
        writing = Writing(api=self._api, names=self._names, change=change, conflict_text=self._settings.conflict_text)
        return writing.carry_out()

    @hookimpl
    def find_clients(self, query: ClientQuery) -> tuple[ClientRecord, ...]:
        """Everybody who shares the e-mail, the phone number or the name; and the one with that id."""
        return people.find(self._api, self._names, query)

    @hookimpl
    def create_client(self, details: Details, key: str, consent: Consent | None) -> ClientRecord:
        """A new client with her animal and what she agreed to."""
        return people.create(self._api, self._names, details, key, consent)

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """Present, also when cancelled; Gone only by the PMS's own word about this very record."""
        kind, _, ident = ref.partition("/")
        if kind not in LISTS or not ident or "@" in ident:
            return Unknown(why="this is no record that the PMS could be asked for")
        try:
            return Gone() if self._api.look(path_of(LISTS[kind], ident), ref) is None else Present()
        except BridgeError as error:
            return Unknown(why=error.hint)

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Address, token, capabilities, names."""
        return tuple(checks.findings(self._api, self._settings, self._context.clinic, self._names))

    @hookimpl
    def receive(self, request: InboundRequest) -> tuple[Hint, ...]:
        """A thin notice with our secret in its header: read again."""
        if self._settings.webhook_secret is None:
            raise NeedsHuman("a webhook came, but this connection has no webhook_secret: set it, or remove the hook")
        secret = self._context.secrets(self._settings.webhook_secret)
        given = request.headers.get(self._settings.webhook_header.lower(), "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise SkipItem("a webhook came without this connection's secret")
        return (Hint(id=_notice(request.body)),)

    def close(self) -> None:
        """Let go of the connection to the server."""
        self._api.close()


def create(settings: PmsSettings, context: Context) -> Pms:
    """Make the provider; no I/O. A mapping for a name that the clinic does not have is a mistake in writing."""
    for field, keys in (("resources", context.clinic.resources), ("services", context.clinic.services)):
        for key in getattr(settings, field):
            if key not in keys:
                known = ", ".join(sorted(keys)) or "none"
                raise ConfigError(
                    f"{field}.{key}: clinic {context.clinic.key} has no {field[:-1]} of that name (it has: {known}).",
                    connection=context.connection,
                )
    return Pms(settings, context)


def _notice(body: bytes) -> str:
    """The notice's number, which removes duplicates."""
    try:
        notice = json.loads(body)
        return f"{notice['object']}/{notice['id']}/{notice['seq']}"
    except (ValueError, KeyError, TypeError):
        raise SkipItem("a webhook came with a body that is no notice of the PMS contract") from None
