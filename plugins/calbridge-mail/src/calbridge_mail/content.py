"""What a mail says: subject, plain text and HTML, from the notice and the words of its language.

Whatever people typed is one line here, without control characters: a name must not make a header or a second paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from calbridge.model import State
from calbridge.provider import ClientNotice, ClinicNotice, Kind, Visit
from calbridge_mail.words import Words, words

LONGEST = 500
"""Signs of one line that a person typed: a reason of the visit is a sentence, not a letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A mail without its envelope."""

    language: str
    subject: str
    text: str
    html: str


def one_line(text: str) -> str:
    """Visible signs only, white space folded, not too long."""
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    folded = " ".join(visible.split())
    return folded if len(folded) <= LONGEST else folded[: LONGEST - 1] + "…"


def for_client(notice: ClientNotice) -> Content:
    """A mail to the client, in her language."""
    said = words(notice.to.language, notice.clinic.time_zone)
    key = _key(notice)
    values = {
        "greeting": _greeting(said, notice.to.name),
        "lead": said.text("lead", key, email=notice.to.email),
        "reason": said.reason(one_line(notice.reason)) if notice.reason else "",
        "rows": list(_rows(said, notice.visit)) if notice.visit else [],
        "instructions": _instructions(said, notice),
        "alternatives": [said.span(each.start, None) for each in notice.alternatives],
        "alternatives_lead": said.text("phrase", "alternatives"),
        "action": _action(said, notice),
        "phone": said.text("phrase", "phone", phone=one_line(notice.clinic.phone)) if notice.clinic.phone else "",
    }
    visit = notice.visit
    when = {"day": said.day(visit.start), "time": said.time(visit.start)} if visit else {}
    subject = said.text("subject", key, clinic=one_line(notice.clinic.name), **when)
    return _rendered(said, subject, one_line(notice.clinic.name), _footer(said, notice), values)


def for_clinic(notice: ClinicNotice) -> Content:
    """A mail to the staff: that a request waits, and nobody's name."""
    said = words(notice.clinic.language, notice.clinic.time_zone)
    rows = [("when", said.span(notice.start, notice.end)), ("what", notice.service), ("who", notice.resource)]
    values = {
        "greeting": said.text("phrase", "greeting_nameless"),
        "lead": said.text("lead", "clinic_request"),
        "reason": "",
        "rows": [(said.text("label", key), one_line(value)) for key, value in rows if value]
        + [(said.text("label", "booking"), notice.booking)],
        "instructions": said.text("phrase", "clinic_answer", booking=notice.booking),
        "alternatives": [],
        "alternatives_lead": "",
        "action": None,
        "phone": "",
    }
    subject = said.text("subject", "clinic_request", day=said.day(notice.start), time=said.time(notice.start))
    return _rendered(said, subject, "calbridge", said.text("phrase", "automatic"), values)


# --- parts ----------------------------------------------------------------------------------------


def _key(notice: ClientNotice) -> str:
    """A request that got another time is no appointment that moved."""
    requested = notice.visit is not None and notice.visit.state is State.REQUESTED
    return "request_moved" if notice.kind is Kind.MOVED and requested else str(notice.kind)


def _greeting(said: Words, name: str) -> str:
    shown = one_line(name)
    return said.text("phrase", "greeting", name=shown) if shown else said.text("phrase", "greeting_nameless")


def _rows(said: Words, visit: Visit) -> Iterator[tuple[str, str]]:
    shown = {
        "when": said.span(visit.start, visit.end),
        "before": said.span(visit.previous, None) if visit.previous is not None else "",
        "what": visit.service,
        "who": visit.resource,
        "patient": visit.patient,
        "description": visit.description,
    }
    return ((said.text("label", key), one_line(value)) for key, value in shown.items() if one_line(value))


def _instructions(said: Words, notice: ClientNotice) -> str:
    given = one_line(notice.visit.instructions) if notice.visit else ""
    wanted = given and notice.kind in {Kind.CONFIRMED, Kind.MOVED, Kind.REMINDER}
    return said.text("phrase", "instructions", instructions=given) if wanted else ""


def _action(said: Words, notice: ClientNotice) -> dict[str, str] | None:
    """One link, if any: to her booking's page, else to where another is made. It opens a page and changes nothing."""
    if _is_page(notice.manage_url):
        hint = said.text("phrase", "manage_hint")
        return {"text": said.text("phrase", "manage"), "url": notice.manage_url, "hint": hint}
    book = {Kind.DECLINED: "book", Kind.CANCELLED: "book", Kind.INVITATION: "invite"}.get(notice.kind)
    if book and _is_page(notice.clinic.booking_url):
        return {"text": said.text("phrase", book), "url": notice.clinic.booking_url, "hint": ""}
    return None


def _is_page(url: str) -> bool:
    """A web page and nothing else: the link comes from another system, and must run no script."""
    return url.startswith(("https://", "http://")) and url.isprintable() and " " not in url


def _footer(said: Words, notice: ClientNotice) -> str:
    clinic = notice.clinic
    parts = (clinic.name, clinic.phone, clinic.email, said.text("phrase", "automatic"))
    return " · ".join(one_line(part) for part in parts if part)


# --- rendering ------------------------------------------------------------------------------------


def _rendered(said: Words, subject: str, clinic: str, footer: str, values: Mapping[str, Any]) -> Content:
    given = {
        **values,
        "language": said.language,
        "subject": subject,
        "closing": said.text("phrase", "closing"),
        "clinic": clinic,
        "footer": footer,
    }
    return Content(
        language=said.language,
        subject=subject,
        text=_environment().get_template("mail.txt").render(given),
        html=_environment().get_template("mail.html").render(given),
    )


@cache
def _environment() -> Environment:
    """HTML is escaped, plain text is not HTML; a value that a template misses is an error."""
    return Environment(
        loader=PackageLoader("calbridge_mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
