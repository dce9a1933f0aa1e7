"""What comes from sides that are broken, and staff's own calendar entries, with marked values in every field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date

from flooding import MARKS, value

from calbridge.testing.proxy import Answer, Call

BABBLING = {
    "portal": ((500, "text/plain"), (200, "application/json")),
    "pms": ((404, "text/plain"), (200, "application/json")),
    "calendar": ((207, "application/xml"), (423, "text/plain")),
}


def always(answer: Answer | None) -> Callable[[Call], Answer | None]:
    """The same answer to everything; None lets all through."""
    return lambda call: answer


def only_writes(answer: Answer) -> Callable[[Call], Answer | None]:
    """An answer to what would change something."""
    return lambda call: answer if call.writes else None


def spoiled_portal(call: Call, answer: Answer) -> Answer:
    """Bookings whose fields hold somebody's data where a number or a word belongs."""
    if "/changes" not in call.path or b'"bookings"' not in answer.body:
        return answer
    document = json.loads(answer.body)
    for part in ("snapshot", "objects"):
        for booking in (document.get(part) or {}).get("bookings", ()):
            booking |= {"start": value("wire.portal"), "status": value("stranger.first"), "revision": None}
    return dataclasses.replace(answer, body=json.dumps(document).encode())


def spoiled_pms(call: Call, answer: Answer) -> Answer:
    """An appointment whose fields hold texts where times belong."""
    if call.method != "GET" or not call.path.startswith("/v1/appointments/") or answer.status >= 400:
        return answer
    document = json.loads(answer.body) | {"start": value("wire.pms"), "status": value("stranger.last"), "rooms": 7}
    return dataclasses.replace(answer, body=json.dumps(document).encode())


def spoiled_calendar(call: Call, answer: Answer) -> Answer:
    """An entry whose time cannot be read, because it is somebody's name. The server itself would not have taken it."""
    if b"UID:broken" not in answer.body:
        return answer
    head, _, tail = answer.body.partition(b"UID:broken")
    begin, _, rest = tail.partition(b"DTSTART:")
    name = MARKS["broken.time"].needles[0].encode()
    summary = b"SUMMARY:" + MARKS["broken.summary"].needles[0].encode()
    spoiled = begin + b"DTSTART:" + name + rest[rest.index(b"Z") + 1 :].replace(b"SUMMARY:x", summary, 1)
    return dataclasses.replace(answer, body=head + b"UID:broken" + spoiled)


SPOILED = {"portal": spoiled_portal, "pms": spoiled_pms, "calendar": spoiled_calendar}
"""The calendar's is there all the time."""


# --- answers ---------------------------------------------------------------------------------------


def problem(status: int, code: str, detail: str) -> Answer:
    """A refusal in the protocols' own form."""
    body = json.dumps({"code": code, "title": detail, "detail": detail, "status": status}).encode()
    return Answer(status=status, headers=(("content-type", "application/problem+json"),), body=body)


def page(status: int, text: str, kind: str = "text/html") -> Answer:
    """An answer of something else that stands in between."""
    return Answer(status=status, headers=(("content-type", kind),), body=f"<h1>{text}</h1>".encode())


# --- what stands in the calendar --------------------------------------------------------------------


def escaped(name: str) -> str:
    """A value as a content line has it."""
    return value(name).replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")


def after(rest: str) -> str:
    """What follows a content line, its folds included."""
    lines = rest.split("\r\n")
    first = next(index for index, line in enumerate(lines[1:], start=1) if not line.startswith((" ", "\t")))
    return "\r\n".join(lines[first:])


def entry(day: date, who: str) -> bytes:
    """An entry of staff's own with everything a calendar program can hang on it."""
    private = [
        f"SUMMARY:{escaped('staff.summary')}",
        f"DESCRIPTION:{escaped('staff.description')}",
        f"LOCATION:{escaped('staff.location')}",
        f"COMMENT:{escaped('staff.comment')}",
        f"CATEGORIES:{escaped('staff.category')}",
        f"URL:https://example.org/{MARKS['staff.url'].needles[0]}",
        f"ATTENDEE;CN={MARKS['staff.attendee'].needles[0]}:mailto:{MARKS['staff.attendee'].needles[1]}@example.org",
        f"ORGANIZER;CN={MARKS['staff.organizer'].needles[0]}:mailto:{MARKS['staff.organizer'].needles[1]}@example.org",
    ]
    uid = MARKS["staff.uid"].needles[0] if who else "another"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}@praxis.example.org",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART:{day:%Y%m%d}T{'17' if who else '19'}0000Z",
        f"DTEND:{day:%Y%m%d}T{'18' if who else '20'}0000Z",
        *(private if who else ["SUMMARY:x"]),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines).encode()
