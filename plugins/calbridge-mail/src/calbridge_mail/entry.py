"""The entry for the client's own calendar (iTIP, RFC 5546): a request, its updates and its end, under one UID.

METHOD is REQUEST rather than PUBLISH, because the mail programs people use take an update and a cancellation of a
REQUEST over by themselves and show a PUBLISH as a file. She is the only ATTENDEE, accepted already and asked for no
answer; the mail goes to her alone, and no calendar server sees it (the clinic's own calendar never has an attendee).
"""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress, vText

from calbridge.model import State
from calbridge.provider import ClientNotice, Kind, Visit
from calbridge_mail.content import one_line

TOLD = frozenset({Kind.CONFIRMED, Kind.MOVED})


def method(notice: ClientNotice) -> str:
    """What the entry asks of her calendar; "" where the message has none: a request is not an appointment yet, and
    only what she was sent can be taken back (RFC 5546, section 3.2.5: a CANCEL is for whom the REQUEST went to).
    """
    if notice.visit is None:
        return ""
    if notice.kind is Kind.CANCELLED:
        return "CANCEL" if notice.had_confirmed else ""
    return "REQUEST" if notice.kind in TOLD and notice.visit.state is not State.REQUESTED else ""


def entry(notice: ClientNotice, visit: Visit, *, sender: str, to: str, now: int) -> str:
    """The object as text with CRLF line ends. `sender` is the organizer's address, `to` the client's."""
    wanted = method(notice)
    event = Event()
    event.add("uid", f"{notice.clinic.key}.{notice.booking}@calbridge")
    event.add("sequence", notice.revision)
    event.add("dtstamp", _instant(now))
    event.add("dtstart", _instant(visit.start))
    if visit.end is not None:
        event.add("dtend", _instant(visit.end))
    event.add("summary", " – ".join(part for part in map(one_line, (visit.service, notice.clinic.name)) if part))
    event.add("status", "CANCELLED" if wanted == "CANCEL" else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    event.add("organizer", _person(sender, notice.clinic.name))
    event.add("attendee", _client(to, notice.to.name))
    calendar = Calendar()
    calendar.add("prodid", "-//calbridge//mail//EN")
    calendar.add("version", "2.0")
    calendar.add("method", wanted)
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))


def _instant(seconds: int) -> datetime:
    """In UTC: every calendar shows it in its owner's time, and no time zone needs to come with it."""
    return datetime.fromtimestamp(seconds, UTC)


def _person(address: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    person.params["CN"] = vText(one_line(name).replace('"', "'"))
    return person


def _client(address: str, name: str) -> vCalAddress:
    client = _person(address, name or address)
    client.params["PARTSTAT"] = vText("ACCEPTED")
    client.params["RSVP"] = vText("FALSE")
    client.params["ROLE"] = vText("REQ-PARTICIPANT")
    return client
