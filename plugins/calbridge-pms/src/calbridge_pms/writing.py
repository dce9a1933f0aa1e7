"""Carrying one appointment state to the PMS, so that twice is the same as once.

A new one is made under our `client_ref` and the change's idempotency key; a known one is changed under If-Match.
What the answer does not say, or an answer that was lost, is read back and recognised by `client_ref` and
`client_revision`, which comes with the last step (`calbridge_pms.road`). Somebody else's edit is never overwritten
unseen: it is handed back as `moved`, with what our own steps had left there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx

from calbridge.errors import NeedsHuman, SkipItem
from calbridge.http import classify, json_of
from calbridge.marking import marked_as
from calbridge.provider import PmsChange, Receipt
from calbridge.views import PmsView
from calbridge_pms.abilities import Abilities
from calbridge_pms.api import Api, code_of, path_of, refusal, says_gone
from calbridge_pms.conflict import REFUSALS, is_conflict
from calbridge_pms.convert import AGAIN, body_of, booking_info, client_ref, entry_of, failure_of, status_of
from calbridge_pms.names import Names
from calbridge_pms.road import Road, steps
from calbridge_pms.wire import PmsAppointment, PmsPage, Status, read

MEANS_TAKEN = "the PMS says that the time is taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One change on its way."""

    api: Api
    names: Names
    change: PmsChange
    conflict_text: str

    def carry_out(self) -> Receipt:
        """Write it; the receipt says what became of it."""
        if self.change.remove:
            return self._remove()
        if self._abilities.holds or status_of(self._view.state) != "tentative":
            return self._update(self.change.ref, self.change.version) if self.change.ref else self._create()
        raise NeedsHuman("this PMS keeps no tentative appointments: write holds = false for this connection")

    @property
    def _view(self) -> PmsView:
        if not isinstance(self.change.view, PmsView):
            raise SkipItem("a PMS shows appointments, not this", item=self.change.appointment)
        return self.change.view

    @property
    def _abilities(self) -> Abilities:
        return self.api.abilities()

    # --- a new one ---

    def _create(self) -> Receipt:
        ref = client_ref(self.change.appointment)
        found = None if self._abilities.keys else self._by_client_ref(ref)
        if found is not None:
            return self._adopt(found)
        return self._post(ref)

    def _post(self, ref: str) -> Receipt:
        body = body_of(self._view, self.names) | {
            "status": self._first,
            "client_ref": ref,
            "booking_info": booking_info(self.change, self._view),
            "allow_double_booking": self.change.overbook,
        }
        body |= self._categories(()) | (self._stamp if self._first == self._wanted else {})
        key = self.change.key if ref == client_ref(self.change.appointment) else f"{self.change.key}{AGAIN}"
        response = self.api.write("POST", "/v1/appointments", body, self._item, **{"Idempotency-Key": key})
        if self._taken(response):
            return Receipt(outcome="conflict", why=MEANS_TAKEN)
        if code_of(response) == "already_exists":
            return self._existing(ref)
        if not response.is_success:
            raise self._refused(response)
        return self._made(self._read(response))

    @property
    def _wanted(self) -> Status:
        return status_of(self._view.state)

    @property
    def _first(self) -> Status:
        """As what it is made."""
        return "tentative" if self._wanted == "tentative" else "confirmed"

    def _made(self, made: PmsAppointment) -> Receipt:
        """A replayed answer may be old: what was pending then is read again, and the desk may have had it since."""
        now = self._get(made.id) if made.write_state == "pending" else made
        if now is None:
            return self._vanished(f"appointment/{made.id}")
        if self._first == self._wanted or self._is_whole(now) or now.write_state == "failed":
            return self._landed(now)
        road = replace(self._road(self._first, self._stamp), left=self._shown_by(made))
        if self._shown_by(now) == road.left:
            return self._walk(f"appointment/{now.id}", now.revision, road)
        return self._carry_on(now, road)

    def _existing(self, ref: str) -> Receipt:
        found = self._by_client_ref(ref)
        if found is None:
            raise SkipItem("the PMS says that this appointment exists already, but does not find it", item=self._item)
        return self._adopt(found)

    def _adopt(self, found: PmsAppointment) -> Receipt:
        """It is there already: our write whose answer was lost, or an earlier state of ours."""
        if self._is_whole(found):
            return self._landed(found)
        if (found.client_revision or 0) > self.change.revision:
            return Receipt(outcome="moved", entry=entry_of(found, self.names))
        half_made = not found.client_revision
        if found.modified_by == "desk" and (half_made or found.status != "cancelled"):
            made = self._shown_by(self._as_written(found, self._first)) if half_made else None
            return Receipt(outcome="moved", entry=entry_of(found, self.names), wrote=made)
        if found.status == "cancelled":
            return self._again(found)
        return self._update(f"appointment/{found.id}", found.revision, found)

    def _again(self, found: PmsAppointment) -> Receipt:
        """The PMS brings nothing back to life: this revision gets an entry of its own."""
        again = f"{client_ref(self.change.appointment)}{AGAIN}{self.change.revision}"
        if found.client_ref == again:
            return Receipt(outcome="conflict", why=MEANS_TAKEN)
        later = self._by_client_ref(again)
        return self._adopt(later) if later is not None else self._post(again)

    def _landed(self, found: PmsAppointment) -> Receipt:
        """Our own write, found again. What the desk did to it since is for the next read, against what we wrote."""
        if found.write_state == "failed":
            return self._not_written(found)
        return self._receipt(self._as_written(found, self._wanted) if found.modified_by == "desk" else found)

    def _not_written(self, found: PmsAppointment) -> Receipt:
        """It was accepted and then not written: a taken time is a refusal like any other, the rest is a person's."""
        if failure_of(found) == "slot_unavailable":
            return Receipt(outcome="conflict", why=MEANS_TAKEN)
        raise SkipItem("the PMS accepted it and then could not write it; it does not say why", item=self._item)

    def _as_written(self, found: PmsAppointment, status: Status) -> PmsAppointment:
        """The same record as our own write left it."""
        body = body_of(self._view, self.names)
        shown = read(PmsAppointment, body | {"id": "x", "revision": "0", "status": status}, "appointment")
        written = {name: getattr(shown, name) for name in (*body, "status", "revision")}
        marks = {"categories": marked_as(found.categories, self.names.marks, marked=self._view.marked)}
        return found.model_copy(update=written | marks)

    # --- a known one ---

    def _update(self, ref: str, version: str, found: PmsAppointment | None = None) -> Receipt:
        """`found` is an earlier state of ours that nobody was told of."""
        before = self.change.previous
        known = before if isinstance(before, PmsView) else None
        was = found.status if found else status_of(known.state) if known else self._wanted
        rest = self._differences() | self._stamp | self._marks(ref)
        if self.change.details is not None:
            rest["booking_info"] = booking_info(self.change, self._view)
        road = replace(self._road(was, rest), before=known, left=self._shown_by(found) if found else None)
        return self._walk(ref, version, road)

    @property
    def _stamp(self) -> dict[str, Any]:
        return {"client_revision": self.change.revision}

    def _road(self, was: Status, last: dict[str, Any]) -> Road:
        each = {"allow_double_booking": True} if self.change.overbook else {}
        return Road(states=steps(was, self._wanted), last=last, each=each)

    def _walk(self, ref: str, version: str, road: Road) -> Receipt:
        response = self._patch(ref, version, road.body())
        if self._taken(response) or not response.is_success:
            return self._stopped(ref, response, road)
        found = self._read(response)
        if road.is_last:
            return self._receipt(found)
        return self._walk(ref, found.revision, road.after(self._shown_by(found)))

    def _stopped(self, ref: str, response: httpx.Response, road: Road) -> Receipt:
        """This step was not taken."""
        if self._taken(response):
            return self._not_all("conflict", ref, road, why=MEANS_TAKEN)
        if response.status_code == httpx.codes.PRECONDITION_FAILED:
            return self._changed_meanwhile(ref, road)
        if says_gone(response):
            return self._vanished(ref)
        half_way = road.left is not None and response.status_code in REFUSALS
        if half_way or code_of(response) == "illegal_transition":
            return self._not_all("moved", ref, road)
        raise self._refused(response)

    def _not_all(self, outcome: Literal["moved", "conflict"], ref: str, road: Road, *, why: str = "") -> Receipt:
        entry = self._shown(ref)
        return Receipt(outcome=outcome, entry=entry, wrote=road.left if entry else None, why=why)

    def _vanished(self, ref: str) -> Receipt:
        """Somebody took it away; of a new one nobody knows yet that it stood there."""
        return Receipt(outcome="moved", gone="" if self.change.ref else ref)

    def _patch(self, ref: str, version: str, body: dict[str, Any]) -> httpx.Response:
        return self.api.write("PATCH", _path(ref), body, self._item, **{"If-Match": f'"{version}"'})

    def _differences(self) -> dict[str, Any]:
        """Only what changed is sent: the PMS may hold more (a room, a service) than the bridge has names for."""
        wanted = body_of(self._view, self.names)
        before = self.change.previous
        if not isinstance(before, PmsView):
            return wanted
        had = body_of(before, self.names)
        changed = {name: value for name, value in wanted.items() if had[name] != value}
        if {"client_id", "patient_id"} & changed.keys():
            changed |= {name: wanted[name] for name in ("client_id", "patient_id")}
        return changed

    def _changed_meanwhile(self, ref: str, road: Road) -> Receipt:
        """The version moved on: by our own write whose answer was lost, perhaps half way, or by somebody."""
        found = self._get(_ident(ref))
        if found is None:
            return self._vanished(ref)
        if self._is_whole(found) and found.modified_by != "desk" and found.write_state != "failed":
            return self._receipt(found)
        return self._carry_on(found, road)

    def _carry_on(self, found: PmsAppointment, road: Road) -> Receipt:
        """Only from where our own steps have led, and over nobody's edit."""
        entry = entry_of(found, self.names)
        if self._is_whole(found) or found.write_state == "failed":  # a failure puts back what was before all steps
            return Receipt(outcome="moved", entry=entry)
        left = road.beyond(found.status, self._shown_by(found))
        if left is not None:
            return self._walk(entry.ref, found.revision, left)
        return Receipt(outcome="moved", entry=entry, wrote=road.half_way(found.status))

    def _is_whole(self, found: PmsAppointment) -> bool:
        """It bears the mark of this change, which came with its last step."""
        return found.client_revision == self.change.revision

    # --- the mark for its client ---

    def _categories(self, present: tuple[str, ...]) -> dict[str, Any]:
        """What else stands there is the practice's own."""
        wanted = marked_as(present, self.names.marks, marked=self._view.marked)
        return {"categories": list(wanted)} if self._abilities.categories and wanted != present else {}

    def _marks(self, ref: str) -> dict[str, Any]:
        before = self.change.previous
        if isinstance(before, PmsView) and before.marked == self._view.marked:
            return {}
        found = self._get(_ident(ref))
        return {} if found is None else self._categories(found.categories)

    # --- taking it away ---

    def _remove(self) -> Receipt:
        found = None if self.change.ref else self._by_client_ref(client_ref(self.change.appointment))
        ref = self.change.ref or (f"appointment/{found.id}" if found else "")
        if not ref:
            return Receipt(outcome="written")
        version = self.change.version or (found.revision if found else "")
        body = {"reason": self.change.reason[:300], "client_revision": self.change.revision}
        headers = {"If-Match": f'"{version}"'} if version else {}
        response = self.api.write("POST", f"{_path(ref)}/cancel", body, self._item, **headers)
        if response.is_success or says_gone(response):
            return Receipt(outcome="written")
        if response.status_code in {httpx.codes.PRECONDITION_FAILED, httpx.codes.CONFLICT}:
            return self._not_removed(ref)
        raise self._refused(response)

    def _not_removed(self, ref: str) -> Receipt:
        entry = self._shown(ref)
        if entry is None or entry.view.state.gone:
            return Receipt(outcome="written")
        return Receipt(outcome="moved", entry=entry)

    # --- reading back ---

    @property
    def _item(self) -> str:
        return self.change.appointment

    def _taken(self, response: httpx.Response) -> bool:
        return is_conflict(response, self._abilities.conflict, self.conflict_text)

    def _refused(self, response: httpx.Response) -> Exception:
        if response.status_code == httpx.codes.NOT_FOUND:
            return classify(response)  # not about this appointment: the address is wrong
        known = response.status_code in REFUSALS and code_of(response)
        return refusal(response, self._item) if known else classify(response, item=self._item)

    def _read(self, response: httpx.Response) -> PmsAppointment:
        return read(PmsAppointment, json_of(response), "appointment")

    def _get(self, ident: str) -> PmsAppointment | None:
        raw = self.api.look(path_of("appointments", ident), self._item)
        return None if raw is None else read(PmsAppointment, raw, "appointment")

    def _shown_by(self, found: PmsAppointment) -> PmsView:
        view = entry_of(found, self.names).view
        assert isinstance(view, PmsView)  # noqa: S101 - narrows the union
        return view

    def _shown(self, ref: str) -> Any:
        found = self._get(_ident(ref))
        return None if found is None else entry_of(found, self.names)

    def _by_client_ref(self, ref: str) -> PmsAppointment | None:
        page = read(PmsPage, self.api.get("/v1/appointments", client_ref=ref), "list")
        # a PMS that ignores the filter would hand back somebody else's appointment
        found = [read(PmsAppointment, raw, "appointment") for raw in page.items]
        return next((each for each in found if each.client_ref == ref), None)

    def _receipt(self, found: PmsAppointment) -> Receipt:
        entry = entry_of(found, self.names)
        if found.write_state == "pending":
            return Receipt(outcome="pending", entry=entry)
        return Receipt(outcome="written", entry=entry)


def _ident(ref: str) -> str:
    return ref.removeprefix("appointment/")


def _path(ref: str) -> str:
    return path_of("appointments", _ident(ref))
