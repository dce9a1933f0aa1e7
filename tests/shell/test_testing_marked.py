"""The search of the kit finds a value in any coat, and half of one, and nothing where there is nothing."""

from __future__ import annotations

import base64
import email.policy
import html
import json
import quopri
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Event

from calbridge.testing.marked import Marked, email_address, found, phone, text

NAME, MAIL, PHONE, OTHER = text("name"), email_address("mail"), phone("phone"), text("other")
MARKS = (NAME, MAIL, PHONE, OTHER)


def _event(value: str) -> str:
    event = Event()
    event.add("description", value * 3)
    return event.to_ical().decode()


def _mail(value: str) -> bytes:
    message = EmailMessage(email.policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = f"Ihr Termin für {' '.join(value.split())}, am Dienstag"
    message.set_content(f"Guten Tag {value},\n\näöü", cte="base64")
    return message.as_bytes()


def _header(value: str) -> bytes:
    message = EmailMessage(email.policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = f"Ihr Termin für {' '.join(value.split())}, am Dienstag"
    message.set_content("ok")
    return message.as_bytes()


COATS: dict[str, Callable[[str], str | bytes]] = {
    "plain": str,
    "upper": str.upper,
    "url": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "url twice": lambda value: quote(quote(value, safe=""), safe=""),
    "json": lambda value: json.dumps({"name": value}),
    "json in json": lambda value: json.dumps(json.dumps({"name": value})),
    "html": html.escape,
    "numbers in html": lambda value: "".join(f"&#{ord(sign)};" for sign in value),
    "u-escapes": lambda value: "".join(f"\\u{ord(sign):04x}" for sign in value),
    "quoted-printable": lambda value: quopri.encodestring(value.encode() * 3),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).rstrip(b"="),
    "base64 in lines": lambda value: base64.encodebytes(value.encode() * 5),
    "basic login": lambda value: b"Authorization: Basic " + base64.b64encode(f"{value}:secret".encode()),
    "base64 in an address": lambda value: quote(base64.b64encode(value.encode()), safe=""),
    "hex": lambda value: value.encode().hex(),
    "an event": _event,
    "a mail": _mail,
    "a subject": _header,
    "bytes": str.encode,
}


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.field)
@pytest.mark.parametrize("coat", COATS)
def test_a_value_is_found_in_every_coat(coat: str, mark: Marked) -> None:
    assert found(COATS[coat](str(mark)), MARKS) == {mark.field}


@given(before=st.text(max_size=30), after=st.text(max_size=30), coat=st.sampled_from(sorted(COATS)))
def test_whatever_stands_around_it(before: str, after: str, coat: str) -> None:
    """Text in which it stands may be encoded with it."""
    around = f"{before} {NAME} {after}".encode("utf-8", "replace").decode()
    assert "name" in found(COATS[coat](around), MARKS)


@given(offset=st.integers(0, 40), coat=st.sampled_from(["base64", "base64 in lines", "hex", "quoted-printable"]))
def test_wherever_it_begins(offset: int, coat: str) -> None:
    """Three bytes are four signs of base64: it looks different at each of three places."""
    assert found(COATS[coat]("x" * offset + str(NAME)), MARKS) == {"name"}


def test_half_of_a_value_is_a_leak_too() -> None:
    assert found(str(NAME)[:16], MARKS) == {"name"}
    assert found(str(NAME)[-14:], MARKS) == {"name"}


@pytest.mark.parametrize("written", ["+4930231{0}", "030-231.{0}", "(030) 231 {0}", "004930231{0}", "+49 (30) 2 31{0}"])
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    last = PHONE.needles[0][-5:]
    assert found(written.format(last), MARKS) == {"phone"}


@given(st.one_of(st.text(), st.binary()))
def test_nothing_is_found_where_nothing_is(data: str | bytes) -> None:
    assert found(data, MARKS) == frozenset()


def test_every_field_has_a_value_of_its_own() -> None:
    names = [f"field{number}" for number in range(500)]
    for make in (text, email_address, phone):
        marks = [make(name) for name in names[: 60 if make is phone else 500]]
        assert len({needle for mark in marks for needle in mark.needles}) == sum(len(mark.needles) for mark in marks)
    assert found("", MARKS) == frozenset()
    assert found(str(NAME), ()) == frozenset()
