"""The receptionist's screen: the PMS's own API with the desk's token."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from calbridge.demo.clinic import OPENING, Plan
from calbridge.demo.seed import plan_of
from calbridge.demo.shown import Refused, Shown

ATTEMPTS = 5
LIVE = frozenset({"tentative", "confirmed", "arrived", "fulfilled"})
CONFLICT = 409
CHANGED = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class PmsSide:
    """`client` bears the desk's token."""

    client: httpx.Client

    def shows(self, span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
        """Every live appointment that touches the span."""
        return tuple(sorted(_shown(item) for item in self.items(span) if item["status"] in LIVE))

    def items(self, span: tuple[datetime, datetime]) -> list[dict[str, Any]]:
        """Every appointment that touches the span, in any state, as the PMS says it."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"from": span[0].isoformat(), "to": span[1].isoformat(), "limit": "50"} | cursor
            page = self.client.get("/v1/appointments", params=asked).raise_for_status().json()
            found += page["items"]
            if not page["has_more"]:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def phone(self, resource: str, service: str, start: datetime, end: datetime, person: Any) -> dict[str, Any]:
        """Somebody called: book it. Refused where the time is taken."""
        body = {
            "resource": resource,
            "type": service,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "title": f"Telefon: {person.animals[0].name}",
            "client_id": person.id,
            "patient_id": person.animals[0].id,
        }
        answer = self.client.post("/v1/appointments", json=body, headers={"Idempotency-Key": f'"{uuid.uuid4()}"'})
        if answer.status_code == CONFLICT:
            raise Refused(answer.json()["detail"])
        if answer.is_error:
            raise ValueError(f"The PMS answered {answer.status_code}: {answer.text}")
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def change(self, ref: str, **fields: Any) -> None:
        """Edit an appointment at the desk; told that it was changed meanwhile, look again and say the same."""
        for _ in range(ATTEMPTS):
            item = self.client.get(f"/v1/appointments/{ref}").raise_for_status()
            asked = {"If-Match": item.headers["ETag"]}
            done = self.client.patch(f"/v1/appointments/{ref}", json=fields, headers=asked)
            if done.status_code != CHANGED:
                break
        done.raise_for_status()

    def plan(self, resource: str, *plans: Plan) -> None:
        """Draw somebody's times for online booking; the working time stays."""
        work = [{"days": [day], "windows": list(windows), "kind": "work"} for day, windows in OPENING.items()]
        lines = [*work, *map(plan_of, plans)]
        self.client.put(f"/v1/resources/{resource}/windows", json={"plans": lines}).raise_for_status()

    def cancel(self, ref: str) -> None:
        """Cancel an appointment at the desk."""
        self.client.post(f"/v1/appointments/{ref}/cancel", json={}).raise_for_status()

    def enter(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Enter something new at the desk: a client, an animal, an absence."""
        asked = {"Idempotency-Key": f'"{uuid.uuid4()}"'}
        made: dict[str, Any] = self.client.post(path, json=body, headers=asked).raise_for_status().json()
        return made

    def clients(self, last_name: str) -> list[dict[str, Any]]:
        """Everybody of that name."""
        answer = self.client.get("/v1/clients", params={"last_name": last_name}).raise_for_status().json()
        return list(answer["items"])

    def record(self, client: str) -> dict[str, Any]:
        """A client's record."""
        found: dict[str, Any] = self.client.get(f"/v1/clients/{client}").raise_for_status().json()
        return found

    def filed(self, client: str) -> list[dict[str, Any]]:
        """What is filed under a client."""
        found: list[dict[str, Any]] = (
            self.client.get(f"/v1/clients/{client}/documents").raise_for_status().json()["items"]
        )
        return found

    def animals(self, client: str) -> list[dict[str, Any]]:
        """A client's animals."""
        found: list[dict[str, Any]] = (
            self.client.get(f"/v1/clients/{client}/patients").raise_for_status().json()["items"]
        )
        return found

    def fingerprint(self, span: tuple[datetime, datetime]) -> dict[str, str]:
        """Each appointment's revision in the span, and where the change feed stands."""
        asked = {"snapshot": "1", "from": span[0].isoformat(), "to": span[1].isoformat()}
        snapshot = self.client.get("/v1/changes", params=asked).raise_for_status().json()
        found = {item["id"]: str(item["revision"]) for item in snapshot["appointments"]}
        return found | {"feed": snapshot["next_cursor"]}


def _shown(item: dict[str, Any]) -> Shown:
    linked = f"[{item['client_id']}/{item['patient_id'] or '-'}]" if item["client_id"] else "[unlinked]"
    return Shown(
        start=datetime.fromisoformat(item["start"]),
        end=datetime.fromisoformat(item["end"]),
        resource=item["resource"],
        state=item["status"],
        text=f"{item['title'] or item['type'] or ''} {linked}".strip(),
        ref=item["id"],
        version=str(item["revision"]),
    )
