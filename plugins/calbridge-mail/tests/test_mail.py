"""The mail as another parser reads it: headers nobody can break, two texts, an entry for the calendar."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from mailing import CLINIC, NOW, START, clinic_notice, notice, visit

from calbridge.model import State
from calbridge.provider import ClientNotice, Kind
from calbridge_mail.mail import Envelope, addressable, mail

SENDER = Envelope(sender="praxis@example.org", sender_name=CLINIC.name)


def written(given_: Any = None, *, attach: bool = True, envelope: Envelope = SENDER) -> bytes:
    one = given_ or notice()
    to = addressable(one.to.email) if isinstance(one, ClientNotice) else "praxis@example.org"
    return mail(one, to, envelope, now=NOW, attach=attach).as_bytes()


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def entries(raw: bytes) -> list[Calendar]:
    found = [part for part in read(raw).walk() if part.get_content_type() in {"text/calendar", "application/ics"}]
    return [Calendar.from_ical(part.get_payload(decode=True)) for part in found]


def event(raw: bytes) -> Any:
    return entries(raw)[0].walk("VEVENT")[0]


def test_the_head() -> None:
    message = read(written())
    assert message["Subject"] == "Ihr Termin am Mittwoch, 25. November 2026, 09:10 Uhr"
    assert message["From"] == "Tierarztpraxis am Hafen <praxis@example.org>"
    assert message["To"] == "Mia Albers <mia@example.net>"
    assert message["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "de")
    assert message["Reply-To"] is None
    assert read(written(envelope=replace(SENDER, reply_to="tresen@example.org")))["Reply-To"] == "tresen@example.org"


def test_the_same_message_has_the_same_id_and_all_of_a_booking_are_one_conversation() -> None:
    first, again, other = (read(written(each)) for each in (notice(), notice(), notice(Kind.MOVED)))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"]
    elsewhere = read(written(notice(clinic=replace(CLINIC, key="other"))))
    assert elsewhere["Message-ID"] != first["Message-ID"]


def test_what_is_in_it() -> None:
    kinds = [part.get_content_type() for part in read(written()).walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    plain = [part.get_content_type() for part in read(written(attach=False)).walk()]
    assert plain == ["multipart/alternative", "text/plain", "text/html"]
    clinic = [part.get_content_type() for part in read(written(clinic_notice())).walk()]
    assert clinic == ["multipart/alternative", "text/plain", "text/html"]


def test_it_is_ascii_in_short_lines_with_crlf() -> None:
    raw = written(notice(language="fi", name="Äiti " * 40, visit=visit(description="ä" * 400)))
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


LINE_ENDS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"]
HEADERS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(
    HEADERS,
    HEADERS,
    HEADERS,
    st.sampled_from(LINE_ENDS),
    st.sampled_from(["confirmed", "moved", "cancelled", "declined"]),
)
def test_no_name_makes_a_header(name: str, service: str, clinic: str, end: str, kind: str) -> None:
    """Newlines in names, and everything that some program takes for one."""
    evil = f"{name}{end}Bcc: victim@example.com{end}{end}<b>{service}"
    raw = written(
        notice(
            Kind(kind),
            name=evil,
            clinic=replace(CLINIC, name=evil or "x"),
            visit=visit(service=evil, resource=evil, patient=evil),
        ),
        envelope=replace(SENDER, sender_name=evil),
    )
    head = raw.partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in {b" ", b"\t"}}
    assert names == {
        *(b"subject", b"from", b"to", b"date", b"auto-submitted", b"x-auto-response-suppress", b"mime-version"),
        *(b"content-type", b"content-language", b"message-id", b"references"),
    }
    message = read(raw)
    assert [address.addr_spec for address in message["To"].addresses] == ["mia@example.net"]
    assert [address.addr_spec for address in message["From"].addresses] == ["praxis@example.org"]


# --- the calendar's entry -------------------------------------------------------------------------


def test_confirmed_moved_cancelled_are_one_entry_that_grows() -> None:
    """What she opens first, what updates it, and what takes it away."""
    later = visit(start=START + 3_600, end=START + 5_400, previous=START)
    life = [
        notice(revision=2),
        notice(Kind.MOVED, revision=3, visit=later),
        notice(
            Kind.CANCELLED, revision=5, visit=replace(later, state=State.CANCELLED, previous=None), had_confirmed=True
        ),
    ]
    raws = [written(each) for each in life]
    events = [event(raw) for raw in raws]
    assert len({str(each["UID"]) for each in events}) == 1
    assert [int(each["SEQUENCE"]) for each in events] == [2, 3, 5]
    assert [str(entries(raw)[0]["METHOD"]) for raw in raws] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [str(each["STATUS"]) for each in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [int(each["DTSTART"].dt.timestamp()) for each in events] == [START, START + 3_600, START + 3_600]


def test_the_part_says_the_method_that_the_entry_has() -> None:
    """RFC 6047, section 2.4: without it a mail program shows a file."""
    (part,) = [each for each in read(written()).walk() if each.get_content_type() == "text/calendar"]
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "REQUEST"
    assert str(part.get_param("charset")).lower() == "utf-8"
    attached, shown = entries(written())
    assert attached.to_ical() == shown.to_ical()


def test_only_she_is_asked_and_nobody_has_to_answer() -> None:
    one = event(written())
    assert str(one["ORGANIZER"]) == "mailto:praxis@example.org"
    assert str(one["ATTENDEE"]) == "mailto:mia@example.net"
    assert (one["ATTENDEE"].params["RSVP"], one["ATTENDEE"].params["PARTSTAT"]) == ("FALSE", "ACCEPTED")
    assert str(one["CLASS"]) == "PRIVATE"
    assert str(one["SUMMARY"]) == "Check-up – Tierarztpraxis am Hafen"
    assert "manage" not in written().decode().partition("text/calendar")[2]


def test_times_are_utc_and_an_end_that_is_hidden_is_not_there() -> None:
    raw = entries(written())[0].to_ical().decode()
    assert "DTSTART:20261125T081000Z" in raw
    assert "DTEND:20261125T084000Z" in raw
    hidden = entries(written(notice(visit=visit(end=None))))[0].to_ical().decode()
    assert "DTEND" not in hidden


NO_ENTRY = [
    notice(Kind.REQUEST_RECEIVED, visit=visit(state=State.REQUESTED)),
    notice(Kind.MOVED, visit=visit(state=State.REQUESTED)),
    notice(Kind.DECLINED, visit=visit(state=State.DECLINED)),
    notice(Kind.CANCELLED, visit=visit(state=State.CANCELLED)),
    notice(Kind.REMINDER),
    notice(Kind.PLEASE_PHONE),
    notice(Kind.INVITATION, visit=None),
]


@pytest.mark.parametrize("given_", NO_ENTRY, ids=lambda each: each.kind)
def test_what_is_no_appointment_is_in_nobodys_calendar(given_: ClientNotice) -> None:
    assert entries(written(given_)) == []


@given(HEADERS, HEADERS)
def test_no_name_breaks_the_entry(name: str, service: str) -> None:
    evil = f'{name}"\r\nATTENDEE:mailto:victim@example.com\r\n{service};:,\\'
    raw = written(notice(name=evil, clinic=replace(CLINIC, name=evil), visit=visit(service=evil)))
    text = entries(raw)[0].to_ical().decode()
    assert max(len(line.encode()) for line in re.split(r"\r\n", text)) <= 75
    one = event(raw)
    assert str(one["ATTENDEE"]) == "mailto:mia@example.net"
    assert len(entries(raw)[0].walk("VEVENT")) == 1
