"""The service itself over HTTP: what it can, how it is, what changed, who is told, what shall fail."""

from typing import Annotated, Any

from litestar import Controller, delete, get, post, put
from litestar.params import QueryParameter, RequestBody

from calbridge_refpms import changes, closures, diary, hooks
from calbridge_refpms.access import require_known_query, require_role
from calbridge_refpms.asked import (
    Armed,
    Books,
    By,
    Cursor,
    Ident,
    Limit,
    MaybeFrom,
    MaybeTo,
    at_most,
    maybe_span,
)
from calbridge_refpms.instants import render
from calbridge_refpms.problems import invalid
from calbridge_refpms.records import Terms, Transaction
from calbridge_refpms.wire import Changes, FaultRules, Health, Hook, NewHook, Page, Snapshot
from calbridge_refpms.zones import UTC_ZONE


def capabilities_of(terms: Terms) -> dict[str, Any]:
    """What an integration can rely on here."""
    return {
        "time": "offset",
        "availability": ["windows", "freebusy", "closures"],
        "read": "list",
        "changes": "cursor",
        "deletes": "tombstone",
        "webhook": {"payload": "thin", "signature": "static_header"},
        "holds": "placeholder",
        "reschedule": "patch",
        "idempotency": ["header", "client_ref"],
        "matching": "client",
        "documents": "client",
        "categories": "list",
        "conflict": "409",
        "write": "sync" if terms.two_stage_s is None else "two_stage",
        "limits": {"per_min": None, "page_max": terms.page_max, "window_days": terms.window_days},
    }


class HealthApi(Controller):
    """Whether it lives; needs no token and tells nothing about anybody."""

    path = "/v1/health"
    tags = ("service",)
    guards = (require_known_query,)

    @get(sync_to_thread=True)
    def health(self, records: Books) -> Health:
        """The source is the database itself, so it is as fresh as the answer."""
        with records.write("integration") as tx:
            return Health(read_ok=True, write_ok=True, last_source_sync=render(tx.now, UTC_ZONE))


class ServiceApi(Controller):
    """Capabilities, changes and hooks."""

    path = "/v1"
    tags = ("service",)
    guards = (require_role, require_known_query)

    @get("/capabilities", sync_to_thread=False)
    def capabilities(self, records: Books) -> dict[str, Any]:
        """What an integration can rely on here."""
        return capabilities_of(records.terms)

    @get("/changes", sync_to_thread=True)
    def changed(
        self,
        *,
        records: Books,
        cursor: Cursor = None,
        limit: Limit = None,
        snapshot: Annotated[
            bool, QueryParameter(name="snapshot", description="1: all of a window, and a cursor")
        ] = False,
        start: MaybeFrom = None,
        end: MaybeTo = None,
    ) -> Changes | Snapshot:
        """Events after a cursor, or a snapshot of a window together with the cursor that continues it."""
        with records.read() as tx:
            window = maybe_span(start, end, records.terms)
            if snapshot:
                return _snapshot(tx, window)
            if window is not None:
                raise invalid("'from' and 'to' belong to a snapshot; the feed itself knows no window.")
            return changes.since(tx, cursor, at_most(limit, records.terms))

    @get("/hooks", sync_to_thread=True)
    def hooks(self, records: Books) -> Page[Hook]:
        """Who is told."""
        with records.read() as tx:
            return Page(items=hooks.registered(tx))

    @post("/hooks", sync_to_thread=True, status_code=201)
    def register(self, records: Books, by: By, data: RequestBody[NewHook]) -> Hook:
        """Tell this address about changes; its secret is in this answer and never again."""
        with records.write(by) as tx:
            return hooks.register(tx, data)

    @delete("/hooks/{ident:str}", sync_to_thread=True)
    def unregister(self, records: Books, by: By, ident: Ident) -> None:
        """Tell it no more."""
        with records.write(by) as tx:
            hooks.remove(tx, ident)


class FaultsApi(Controller):
    """Faults on demand; only there with `--faults`."""

    path = "/faults"
    tags = ("faults",)
    guards = (require_role, require_known_query)

    @put(sync_to_thread=False)
    def arm(self, faults: Armed, data: RequestBody[FaultRules]) -> FaultRules:
        """Replace all armed faults."""
        faults.arm(data.rules)
        return data


def _snapshot(tx: Transaction, window: tuple[int, int] | None) -> Snapshot:
    if window is None:
        raise invalid("A snapshot needs 'from' and 'to'.")
    return Snapshot(
        appointments=diary.touching(tx, *window),
        blocks=closures.blocks(tx, *window),
        absences=closures.absences(tx, *window),
        closures=closures.closures(tx, *window),
        next_cursor=changes.cursor_at(tx, changes.last_seq(tx)),
    )
