"""The portal twice: as a client sees it (public JSON), and as its operator reads it (the protocol, token in hand)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from calbridge.demo.people import Animal, Person
from calbridge.demo.shown import Refused, Shown

LIVE = frozenset({"requested", "confirmed", "arrived", "fulfilled"})
UNKNOWN = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSide:
    """`client` has no token and may do what every visitor may; `operator` bears the site's."""

    client: httpx.Client
    operator: httpx.Client
    site: str

    # --- as a client ---

    def free(self, service: str, span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
        """What a client could take now; without a length where the clinic does not show it."""
        asked = {"type": service, "from": span[0].isoformat(), "to": span[1].isoformat()}
        answer = self.client.get(f"/public/sites/{self.site}/slots", params=asked)
        if answer.status_code == UNKNOWN:
            return ()  # the bridge has not told the portal yet what can be booked
        return tuple(
            sorted(
                Shown(
                    start=datetime.fromisoformat(slot["start"]),
                    end=datetime.fromisoformat(slot["end"] or slot["start"]),
                    resource=slot["calendar"],
                    state="free",
                    text=service,
                )
                for slot in answer.raise_for_status().json()["items"]
            )
        )

    def select(self, slot: Shown, who: str) -> str:
        """Reserve a slot; the hold's id. Refused, with other times, where somebody has it."""
        body = {"type": slot.text, "calendar": slot.resource, "start": slot.start.isoformat(), "client_ref": who}
        return str(self._post(f"/public/sites/{self.site}/holds", body)["id"])

    def book(self, hold: str, who: str, person: Person, animal: Animal, *, agrees: bool = False) -> dict[str, Any]:
        """Turn a reservation into a booking: `manage_token` and `booking`. `agrees`: to the notice that is shown."""
        customer = {name: getattr(person, name) for name in ("first_name", "last_name", "email", "phone", "address")}
        body: dict[str, Any] = {
            "hold_id": hold,
            "client_ref": who,
            "customer": {name: text for name, text in customer.items() if text},
            "patient": {"name": animal.name, "species": animal.species},
            "note": "Kommt zum ersten Mal.",
        }
        if agrees:
            body["consent"] = {"version": self.notice()["version"]}
        return self._post(f"/public/sites/{self.site}/bookings", body)

    def connect(self, person: Person, animal: Animal, *, agrees: bool = False) -> str:
        """Connect with the practice, with the code that goes to her address; the account's link."""
        customer = {name: getattr(person, name) for name in ("first_name", "last_name", "email", "phone", "address")}
        body: dict[str, Any] = {
            "customer": {name: text for name, text in customer.items() if text},
            "patient": {"name": animal.name, "species": animal.species},
        }
        if agrees:
            body["consent"] = {"version": self.notice()["version"]}
        begun = self._post(f"/public/sites/{self.site}/accounts", body)
        mail = self.operator.get(f"/v1/sites/{self.site}/accounts/{begun['id']}/code").raise_for_status().json()
        proved = self._post(f"/public/accounts/{begun['account_token']}/prove", {"code": mail["code"]})
        return str(proved["account_token"])

    def account(self, token: str) -> list[dict[str, Any]]:
        """What one's own account shows: `manage_token` and `booking` of each appointment."""
        answer = self.client.get(f"/public/accounts/{token}").raise_for_status().json()
        return list(answer["appointments"])

    def notice(self) -> dict[str, str]:
        """The privacy notice that the form shows: `version` and `text`; {} where there is none."""
        site = self.client.get(f"/public/sites/{self.site}").raise_for_status().json()
        return dict(site["privacy_notice"] or {})

    def targets(self, token: str, span: tuple[datetime, datetime]) -> tuple[datetime, ...]:
        """The times that one's own booking could be moved to, with the same person."""
        asked = {"from": span[0].isoformat(), "to": span[1].isoformat()}
        calendar = self.own(token)["calendar"]
        answer = self.client.get(f"/public/bookings/{token}/slots", params=asked | {"calendar": calendar})
        return tuple(datetime.fromisoformat(slot["start"]) for slot in answer.raise_for_status().json()["items"])

    def own(self, token: str) -> dict[str, Any]:
        """One's own booking behind its link."""
        found: dict[str, Any] = self.client.get(f"/public/bookings/{token}").raise_for_status().json()
        return found

    def release(self, hold: str) -> None:
        """Give a reservation back."""
        self.client.delete(f"/public/holds/{hold}").raise_for_status()

    def types(self) -> dict[str, dict[str, Any]]:
        """What the booking page lists, by service."""
        answer = self.client.get(f"/public/sites/{self.site}/types").raise_for_status()
        return {item["id"]: item for item in answer.json()["items"]}

    def move(self, token: str, start: datetime) -> None:
        """Move one's own booking; it stays with whom it is."""
        self._post(f"/public/bookings/{token}/reschedule", {"start": start.isoformat()})

    def cancel(self, token: str) -> None:
        """Cancel one's own booking."""
        self._post(f"/public/bookings/{token}/cancel", {})

    def hold(self, ref: str) -> dict[str, Any]:
        """One's own reservation."""
        found: dict[str, Any] = self.client.get(f"/public/holds/{ref}").raise_for_status().json()
        return found

    # --- as the operator ---

    def shows(self, span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
        """Every live hold and booking that touches the span."""
        snapshot = self._snapshot()
        holds = [_shown(item, "reserved") for item in snapshot["holds"]]
        bookings = [_shown(item, item["status"]) for item in snapshot["bookings"] if item["status"] in LIVE]
        return tuple(sorted(one for one in (*holds, *bookings) if one.start < span[1] and span[0] < one.end))

    def booking(self, ref: str) -> dict[str, Any]:
        """One booking with what the bridge reported of it."""
        found: dict[str, Any] = self.operator.get(f"/v1/bookings/{ref}").raise_for_status().json()
        return found

    def messages(self, ref: str) -> list[str]:
        """What the client was told, by kind, in order."""
        answer = self.operator.get(f"/v1/sites/{self.site}/bookings/{ref}/messages").raise_for_status()
        return [item["kind"] for item in answer.json()["items"]]

    def everything(self) -> dict[str, Any]:
        """All that the portal holds of clients and their visits, as its operator reads it."""
        return self._snapshot()

    def fingerprint(self) -> dict[str, str]:
        """Each booking's revision, and where the change feed stands (it moves with every write, availability too)."""
        answer = self.operator.get(f"/v1/sites/{self.site}/changes", params={"snapshot": "1"}).raise_for_status().json()
        found = {item["id"]: str(item["revision"]) for item in answer["snapshot"]["bookings"]}
        return found | {"feed": answer["next_cursor"]}

    def _snapshot(self) -> dict[str, Any]:
        answer = self.operator.get(f"/v1/sites/{self.site}/changes", params={"snapshot": "1"})
        found: dict[str, Any] = answer.raise_for_status().json()["snapshot"]
        return found

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        if answer.is_client_error:
            told = answer.json()
            raise Refused(told["detail"], alternatives=len(told.get("alternatives", ())))
        done: dict[str, Any] = answer.raise_for_status().json()
        return done


def _shown(item: dict[str, Any], state: str) -> Shown:
    sync = item.get("sync") or {}
    told = "/".join(word for word in (sync.get("state"), sync.get("match")) if word)
    return Shown(
        start=datetime.fromisoformat(item["start"]),
        end=datetime.fromisoformat(item["end"]),
        resource=item["calendar"],
        state=state,
        text=f"{item['type']} {told}".strip(),
        ref=item["id"],
        version=str(item["revision"]),
    )
