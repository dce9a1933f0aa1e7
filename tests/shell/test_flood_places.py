"""Places beside sides and letters: accounts, the columns of the state, its free pages, a bug in the bridge itself.

The lives are those of `marked_life`. What a place may hold is rules.md section 6; the state: what is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from marked_life import ACCOUNT, CLINIC_ADDRESS, HOUR, MARKS, MIA, NOW, TYPED, Life, connected, marks_in, value, whole

from calbridge.http import classify
from calbridge.ical import Policy, read
from calbridge.interval import Interval
from calbridge.model import Consent
from calbridge.testing.columns import columns as marked_columns
from calbridge.testing.mail_server import Sink
from calbridge.testing.marked import found
from calbridge.wall import zone

GIVEN = {name for name in MARKS if name.startswith("account ")}
DESK = {"desk title", "desk note", "desk description"}
CORRECTED = {"new email", "new phone"}

# --- accounts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tells", [True, False], ids=["tells", "silent"])
@pytest.mark.parametrize("publish", ["all", "marked"])
def test_what_is_shown_in_an_account_is_the_reason_of_the_visit_and_no_more(
    life: Callable[..., Life], sink: Sink, logged: Callable[[], str], publish: str, tells: bool
) -> None:
    """S1: only the clinic sees the title. What she told to connect goes into her own record and nowhere else."""
    place = life(tells=tells, publish=publish, on_unmatched="create", calendar_names="none")
    connected(place)
    assert marks_in(place.sides["portal"].given) == {"desk description"}
    assert marks_in(place.sides["calendar"].given) == {"desk description"}
    made = [each for each in place.sides["pms"].given if each.startswith("create_client")]
    assert marks_in(made) == {*GIVEN, "consent"}
    asked = [each for each in place.sides["pms"].given if each.startswith("find_clients")]
    assert marks_in(asked) == {"account email", "record email"}, "an account is linked by its address alone"
    to_client = [raw for to, raw in zip(sink.to, sink.received, strict=True) if to != CLINIC_ADDRESS]
    assert bool(to_client) is not tells
    assert marks_in(to_client) <= {
        "record first", "record last", "record email", "account first", "account last", "account email",
        "desk description",
    }  # fmt: skip
    assert marks_in([logged(), *place.kept]) == set()


# --- the state ----------------------------------------------------------------------------------------

STATE: dict[str, set[str]] = {
    "appointments.body": {"description", "title", "note", "declined", "hidden", *DESK, *TYPED, *CORRECTED},
    "shadows.view": {"description", "title", "note", *DESK, *TYPED, *CORRECTED} - {"email", "phone"},
    "messages.body": {"declined"},
    "notices.text": {"consent"},
}
"""Whose field stands where once everything is done; every other column holds nobody. A side shows what was corrected,
not what was before. A message keeps the reason that its client was told."""


def columns(path: Path) -> dict[str, frozenset[str]]:
    return marked_columns(path, MARKS.values())


def test_each_column_of_the_state_holds_what_the_bridge_needs_and_no_more(
    life: Callable[..., Life], sink: Sink, tmp_path: Path
) -> None:
    place = life(location=tmp_path / "state.sqlite3", calendar_names="full", decline_reason_visible=True)
    whole(place, sink)
    assert columns(tmp_path / "state.sqlite3") == STATE
    place.store.close()


def test_what_is_waiting_to_be_written_stands_in_the_outbox_and_then_no_more(
    life: Callable[..., Life], tmp_path: Path
) -> None:
    path = tmp_path / "state.sqlite3"
    place = life(location=path, calendar_names="full")
    key = place.book()
    place.sides["pms"].act = lambda hook: (_ for _ in ()).throw(httpx.ConnectError("down"))
    place.store.add_command("hafen", _decline(key))
    assert columns(path)["commands.body"] == {"declined"}
    place.cycle()
    assert {"description", "declined"} <= columns(path)["outbox.change"]
    place.sides["pms"].act = None
    place.later(HOUR)
    assert not {"commands.body", "outbox.change"} & set(columns(path))
    place.store.close()


def _decline(key: str) -> Any:
    from calbridge.hub import Command

    return Command(kind="decline", appointment=key, reason=value("declined"))


def test_what_an_account_told_is_forgotten_down_to_the_free_pages_of_the_file(
    life: Callable[..., Life], tmp_path: Path
) -> None:
    """As soon as it is known who she is (decision 0040); only what she agreed to is proof, and stays."""
    path = tmp_path / "state.sqlite3"
    place = life(location=path, publish="all", on_unmatched="create", calendar_names="none")
    create = place.pms.create_client
    place.pms.create_client = lambda *_: (_ for _ in ()).throw(httpx.ConnectError("down"))  # type: ignore[method-assign]
    place.portal.connect(ACCOUNT, Consent(notice=value("consent"), agreed_at=NOW))
    place.cycle()
    assert columns(path)["foreign_records.body"] == GIVEN, "kept until her record is made"
    place.pms.create_client = create  # type: ignore[method-assign]
    place.later(HOUR)
    place.cycle()
    assert columns(path) == {"notices.text": {"consent"}}
    place.store.close()
    raw = b"".join(each.read_bytes() for each in tmp_path.iterdir()).decode("latin-1").casefold()
    assert [name for name in GIVEN for needle in MARKS[name].needles if needle in raw] == []


# --- the bridge itself breaks ---------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["commit", "load", "message_answered", "confirm"])
def test_a_mistake_of_the_bridge_itself_names_its_place_and_nobody(
    life: Callable[..., Life], logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    place = life(calendar_names="none")

    def bug(*_: Any, **given: Any) -> Any:
        raise KeyError(value("crash"), given, MIA)

    monkeypatch.setattr(type(place.store), broken, bug)
    hold = place.portal.select("anna", "checkup", max(start for _, start in place.portal.offers["anna"]))
    place.cycle()
    place.portal.confirm(hold, MIA, value("description"))
    place.cycle()
    monkeypatch.undo()
    said = logged()
    assert marks_in([said, *place.kept]) == set()
    assert re.search(r"cycle failed.*KeyError at [a-z.]*test_flood_places:\d+", said)


# --- what servers answer ----------------------------------------------------------------------------------

EVERYBODY = "; ".join(map(str, MARKS.values()))
ASKED = httpx.Request("GET", "https://pms.example.org/v1/clients", params={"email": value("email")})


@pytest.mark.parametrize("kind", ["text/html", "application/problem+json", "text/calendar"])
@pytest.mark.parametrize("item", ["", "client"])
def test_no_answer_of_a_server_is_repeated(kind: str, item: str) -> None:
    """Whatever it answers: its body, its headers and its own reason echo the request and everybody else."""
    for status in (*range(200, 209), *range(300, 309), *range(400, 452), *range(500, 512), 599):
        headers = {
            "content-type": kind,
            "retry-after": value("email"),
            "www-authenticate": f'Basic realm="{value("first").encode().hex()}"',
            "location": f"/clients?email={value('email').replace(' ', '')}",
            "x-echo": value("email"),
        }
        response = httpx.Response(
            status,
            request=ASKED,
            headers=headers,
            content=EVERYBODY.encode(),
            extensions={"reason_phrase": value("first").encode()},
        )
        assert found(str(classify(response, item=item)), MARKS.values()) == set(), status


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError, httpx.TooManyRedirects,
     httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.ProxyError, OSError, UnicodeError, ValueError],
)  # fmt: skip
def test_no_failure_of_a_connection_repeats_what_it_was_about(error: Any) -> None:
    given = {"request": ASKED} if issubclass(error, httpx.RequestError) else {}
    assert found(str(classify(error(EVERYBODY, **given))), MARKS.values()) == set()


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VTIMEZONE
TZID:Own
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:an-event
DTSTAMP:20261101T000000Z
DTSTART;TZID=Own:20261124T090000
DTEND;TZID=Own:20261124T093000
RRULE:FREQ=DAILY;COUNT=3;UNTIL=20261130T000000Z
EXDATE;TZID=Own:20261125T090000
RECURRENCE-ID;TZID=Own:20261124T090000
RDATE;VALUE=PERIOD:20261127T090000Z/PT1H
STATUS:CONFIRMED
TRANSP:OPAQUE
SUMMARY:x
END:VEVENT
BEGIN:VFREEBUSY
UID:busy
DTSTAMP:20261101T000000Z
FREEBUSY:20261128T090000Z/PT1H
END:VFREEBUSY
END:VCALENDAR
"""


def spoiled() -> list[str]:
    """The calendar with somebody's name instead of each value, each name of a property, and each parameter in turn."""
    lines, name = CALENDAR.splitlines(), MARKS["summary"].needles[0]
    kinds = {}
    for number, line in enumerate(lines):
        head, _, text = line.partition(":")
        others = [f"{head}:{name}", f"{name}:{text}", f"{head};{name}={name}:{text}", f'{head};TZID="{name}":{text}']
        for other in (*others, name):
            kinds["\r\n".join([*lines[:number], other, *lines[number + 1 :], ""])] = True
    return [text for text in kinds if f"UID:{name}" not in text]


def test_no_refusal_of_a_calendar_repeats_what_stands_in_it() -> None:
    """Every line of it spoiled with somebody's name: what is said of it is which line, and why."""
    window, here, said = Interval(NOW, NOW + 30 * 86_400), zone("Europe/Berlin"), []
    for text in spoiled():
        said += [each.why for each in read(text.encode(), window=window, zone=here, policy=Policy()).refused]
    assert len(said) > 50
    assert marks_in(said) == set()
