"""Servers that are none, or not in the mood: one plain sentence each, and never an empty calendar (R1, R2, R25)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, RetryLater
from calbridge.provider import Gone, Present, Unknown
from calbridge_caldav.plugin import calbridge_register
from calbridge_caldav.provider import create
from calbridge_caldav.settings import CaldavSettings

URL = "https://cal.example/dav/"
CALENDARS = {"anna": "/dav/anna/", "ben": "ben"}
Answer = Callable[[httpx.Request], httpx.Response]


def provider(make: Any, answer: Answer, **settings: Any) -> Any:
    values = {"url": URL, "calendars": CALENDARS, **settings}
    return create(CaldavSettings.model_validate(values), make.context(httpx.MockTransport(answer)))


def always(status: int, text: str = "", **headers: str) -> Answer:
    return lambda request: httpx.Response(
        status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def multistatus(*parts: str) -> Answer:
    spaces = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    return always(207, f"<D:multistatus {spaces}>{''.join(parts)}</D:multistatus>", content_type="application/xml")


def part(href: str, *, status: str = "", props: str = "", found: str = "200 OK") -> str:
    own = f"<D:status>HTTP/1.1 {status}</D:status>" if status else ""
    stat = f"<D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 {found}</D:status></D:propstat>" if props else ""
    return f"<D:response><D:href>{href}</D:href>{own}{stat}</D:response>"


CALENDAR = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
FOLDER = "<D:resourcetype><D:collection/></D:resourcetype>"


def refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def time_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


@pytest.mark.parametrize(
    ("answer", "recovery", "says"),
    [
        pytest.param(always(200, "<html>Welcome"), NeedsHuman, "url", id="a web page"),
        pytest.param(always(207, "<html>Welcome"), NeedsHuman, "no CalDAV", id="a web page as 207"),
        pytest.param(always(207, ""), NeedsHuman, "no CalDAV", id="207 and nothing"),
        pytest.param(always(207, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), NeedsHuman, "no CalDAV", id="entities"),
        pytest.param(always(302, location="https://sso.example/login"), NeedsHuman, "login", id="a login redirect"),
        pytest.param(always(301, location="https://new.example/dav/"), NeedsHuman, "new.example", id="moved"),
        pytest.param(always(401), NeedsHuman, "wants a login .401. and none is given", id="401"),
        pytest.param(always(403), NeedsHuman, r"may not see the calendar in calendars\.anna .403.: share", id="403"),
        pytest.param(always(404), NeedsHuman, r"calendars\.anna", id="404 on the collection"),
        pytest.param(always(410), NeedsHuman, r"calendars\.anna", id="410 on the collection"),
        pytest.param(
            multistatus(part("/dav/anna/", status="404 Not Found")), NeedsHuman, r"calendars\.anna", id="207, inner 404"
        ),
        pytest.param(multistatus(part("/dav/anna/", props=FOLDER)), NeedsHuman, "no calendar", id="a plain folder"),
        pytest.param(
            multistatus(part("/dav/anna/", props=CALENDAR, found="404 Not Found")),
            NeedsHuman,
            "no calendar",
            id="a property-level 404 (R3)",
        ),
        pytest.param(multistatus(), NeedsHuman, r"calendars\.anna", id="207 that names nothing"),
        pytest.param(always(405), NeedsHuman, "url", id="no WebDAV"),
        pytest.param(always(500), RetryLater, "500", id="500"),
        pytest.param(always(503, retry_after="120"), RetryLater, "503", id="503"),
        pytest.param(always(429), RetryLater, "429", id="429"),
        pytest.param(refuse_connection, RetryLater, "cal.example", id="no connection"),
        pytest.param(time_out, RetryLater, "in time", id="no answer"),
    ],
)
@pytest.mark.parametrize("cursor", ["", '{"anna": ["/dav/anna/", "t", "c"]}'])
def test_a_read_fails_with_one_sentence(
    make: Any, answer: Answer, recovery: type[BridgeError], says: str, cursor: str
) -> None:
    with pytest.raises(recovery, match=says) as caught:
        provider(make, answer).import_schedule(cursor, make.window, {"anna/a.ics": '"1"'})
    assert "Welcome" not in str(caught.value)


def test_hrefs_in_any_form(make: Any) -> None:
    """With an origin, quoted anyhow, or under the path that a server behind a proxy knows: the same objects."""
    event = make.event("a", "DTSTART:20260303T090000Z", "DURATION:PT1H").replace("\r\n", "&#13;\n")
    etag = '<D:getetag>"1"</D:getetag>'

    def answer(request: httpx.Request) -> httpx.Response:
        inside = request.headers.get("depth") == "1"
        if not request.url.path.startswith("/dav/anna"):
            return multistatus(part("/dav/ben", props=CALENDAR))(request)
        if request.method == "REPORT":
            data = f"{etag}<C:calendar-data>{event}</C:calendar-data>"
            return multistatus(part("https://cal.example/real/anna/%61%20b.ics", props=data))(request)
        members = [part("/real/anna/a%20b.ics", props=etag), part("/real/carl/c.ics", props=etag)] if inside else []
        return multistatus(part("https://cal.example/real/anna/", props=CALENDAR), *members)(request)

    feed = provider(make, answer).import_schedule("", make.window, {})
    assert [item.ref for item in feed.items] == ["anna/a b.ics"]
    assert feed.items[0].spans == (make.span("2026-03-03 10:00", "2026-03-03 11:00"),)


def test_a_listing_of_something_else_is_not_an_empty_calendar(make: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        other = request.headers["depth"] == "1"
        return multistatus(part("/somewhere/else/" if other else request.url.path, props=CALENDAR))(request)

    with pytest.raises(RetryLater, match=r"calendars\.anna"):
        provider(make, answer).import_schedule("", make.window, {})


def test_a_calendar_that_goes_between_two_requests_is_not_an_empty_one(make: Any) -> None:
    """A missing collection may be a 207 with a 404 in it: nothing in it was deleted."""
    there, gone = (lambda path: part(path, props=CALENDAR)), (lambda path: part(path, status="404 Not Found"))

    def answer(request: httpx.Request) -> httpx.Response:
        told = gone if request.headers["depth"] == "1" else there
        return multistatus(told(request.url.path))(request)

    with pytest.raises(RetryLater, match=r"calendars\.anna"):
        provider(make, answer).import_schedule("", make.window, {"anna/a.ics": '"1"'})


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry_after": "90"}, 90.0),
        ({"retry_after": "Sun, 01 Mar 2026 10:02:00 GMT", "date": "Sun, 01 Mar 2026 10:00:00 GMT"}, 120.0),
        ({}, None),
    ],
)
def test_retry_after_in_both_forms(make: Any, headers: dict[str, str], after: float | None) -> None:
    with pytest.raises(RetryLater) as caught:
        provider(make, always(503, **headers)).import_schedule("", make.window, {})
    assert caught.value.after == after


ICS = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (always(200, ICS, content_type="text/calendar"), Present),
        (always(200, "<html>login", content_type="text/html"), Unknown),
        (always(200, "hello", content_type="text/plain"), Unknown),
        (always(401), Unknown),
        (always(403), Unknown),
        (always(302, location="/login"), Unknown),
        (always(500), Unknown),
        (always(503), Unknown),
        (always(404), Unknown),  # of everything, the calendar too
        (time_out, Unknown),
    ],
)
def test_a_probe_is_gone_only_when_it_is(make: Any, answer: Answer, wanted: type) -> None:
    assert isinstance(provider(make, answer).probe("anna/abc.ics"), wanted)


@pytest.mark.parametrize(("status", "wanted"), [(404, Gone), (410, Gone)])
def test_a_probe_of_one_missing_object(make: Any, status: int, wanted: type) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PROPFIND":
            return multistatus(part(request.url.path, props=CALENDAR))(request)
        return httpx.Response(status)

    assert isinstance(provider(make, answer).probe("anna/somebody-else.ics"), wanted)
    assert isinstance(provider(make, answer).probe("carl/a.ics"), Unknown)


def test_a_read_only_calendar(make: Any) -> None:
    with pytest.raises(NeedsHuman, match="may not write"):
        provider(make, lambda request: httpx.Response(403 if request.method == "PUT" else 404)).propagate_change(
            make.change()
        )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("<C:max-resource-size/>", r"does not take this event \(403, max-resource-size\)"),
        ("<!-- geheim --><C:valid-calendar-data/>", r"does not take this event \(403, valid-calendar-data\)"),
        ("<C:GEHEIM.1/>", r"does not take this event \(403\)"),
        ("geheim", r"does not take this event \(403\)"),
        ("<C:no-uid-conflict><D:href>/x.ics</D:href></C:no-uid-conflict>", "in a calendar that no resource uses"),
        ("<C:unique-scheduling-object-resource/>", "in a calendar that no resource uses"),
    ],
)
def test_a_rule_of_the_server_against_one_event(make: Any, rule: str, says: str) -> None:
    reason = f'<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{rule}</D:error>'

    def refusing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, text=reason) if request.method == "PUT" else httpx.Response(404)

    with pytest.raises(BridgeError, match=says) as caught:
        provider(make, refusing).propagate_change(make.change())
    assert caught.value.recovery == "skip"
    assert caught.value.item == "anna/abc123.ics"


class Login:
    """A server with a login: it remembers what it was sent."""

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        self.sent: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        given = request.headers.get("authorization", "")
        self.sent.append(given.split(" ")[0])
        if not given.startswith(self.challenge.split(" ", maxsplit=1)[0]):
            return httpx.Response(401, headers={"WWW-Authenticate": self.challenge})
        return httpx.Response(200, headers={"DAV": "1, calendar-access"})


DIGEST = 'Digest realm="dav", nonce="abc", qop="auth", algorithm=MD5'
NAMES = {"username": "praxis", "password": "geheim"}


@pytest.mark.parametrize(
    ("url", "challenge", "sent"),
    [
        ("https://cal.example/", 'Basic realm="dav"', ["Basic", "Basic"]),
        ("http://127.0.0.1:5232/", 'Basic realm="dav"', ["Basic", "Basic"]),
        ("http://cal.example/", 'Basic realm="dav"', ["", "Basic", "Basic"]),
        ("http://cal.example/", DIGEST, ["", "", "Digest", "Digest"]),
        ("https://cal.example/", DIGEST, ["Basic", "", "Digest", "Digest"]),
    ],
)
def test_basic_or_digest_as_the_server_asks(make: Any, url: str, challenge: str, sent: list[str]) -> None:
    """In the clear no password goes out unasked, and what worked is used again."""
    server = Login(challenge)
    side = provider(make, server, url=url, calendars={"anna": "/a/"}, **NAMES)
    for _twice in range(2):
        side._wire.request("OPTIONS", "/a/")
    assert server.sent == sent


@pytest.mark.parametrize(
    ("answer", "level", "field", "says"),
    [
        (always(200, "<html>", content_type="text/html"), "warning", "url", "does not say"),
        (always(401), "error", "username", "login"),
        (refuse_connection, "error", "url", "cal.example"),
        (always(302, location="https://sso.example/login"), "error", "calendars.anna", "login"),
        (always(404, dav="1, calendar-access"), "error", "calendars.anna", "no calendar"),
    ],
)
def test_check_says_it_plainly(make: Any, answer: Answer, level: str, field: str, says: str) -> None:
    found = provider(make, answer).check()
    assert any(one.level == level and one.field == field and says in one.message for one in found), found


def test_a_refused_login_is_told_from_none(make: Any) -> None:
    side = provider(make, always(401), **NAMES)
    with pytest.raises(NeedsHuman, match=r"refused the credentials \(401\): correct the user name"):
        side.import_schedule("", make.window, {})


def test_check_names_the_secret_that_is_missing(make: Any) -> None:
    def missing(_reference: object) -> str:
        raise ConfigError("the secret file was not found")

    for login, field in ((NAMES, "password"), ({"token": "geheim"}, "token")):
        settings = CaldavSettings.model_validate({"url": URL, "calendars": CALENDARS, **login})
        context = replace(make.context(httpx.MockTransport(always(200))), secrets=missing)
        (finding,) = create(settings, context).check()
        assert (finding.level, finding.field, finding.message) == ("error", field, "the secret file was not found")


def test_check_on_a_real_server(practice: Any, make: Any) -> None:
    extra = practice.server.make_calendar(f"unused-{id(practice)}")
    found = practice.provider.check()
    assert [one.level for one in found] == ["ok"] * len(found)
    assert [one.field for one in found[:3]] == ["url", "calendars.anna", "calendars.ben"]
    assert any(extra in one.message for one in found)
    assert not any(practice.paths["anna"] in one.message for one in found[3:])


def test_check_of_a_wrong_login(practice: Any, make: Any) -> None:
    if practice.server.username:
        found = practice.again(password="falsch").check()
        assert [(one.level, one.field) for one in found] == [("error", "password")]
        assert "falsch" not in repr(found)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "cal.example"}, "https://"),
        ({"url": "https://praxis:geheim@cal.example/"}, "user name"),
        ({"calendars": {}}, "calendars"),
        ({"calendars": {"anna": "/a/", "ben": "/a"}}, "same calendar"),
        ({"calendars": {"anna": "https://cal.example/a/", "ben": "https://other.example/b/"}}, "another server"),
        ({"calendars": {"anna": "https://cal.example/"}}, "whole server"),
        ({"calendars": {"an/na": "/a/"}}, "key of a resource"),
        ({"username": "praxis"}, "password is missing"),
        ({"password": "geheim"}, "username is missing"),
        ({"all_day": "maybe"}, "all_day"),
        ({"passwort": "x"}, "passwort"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CaldavSettings.model_validate({"url": URL, "calendars": CALENDARS, **changes})


def test_a_calendar_for_nobody(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"calendars\.carl.*anna, ben"):
        provider(make, always(200), calendars={"carl": "/c/"})


def test_the_plugin_registers_one_kind() -> None:
    class Registry:
        kinds: list[Any] = []  # noqa: RUF012  # one test, one object

        def provider(self, kind: Any) -> None:
            self.kinds.append(kind)

    calbridge_register(Registry())
    assert [(kind.name, kind.role, kind.settings) for kind in Registry.kinds] == [
        ("caldav", "calendar", CaldavSettings)
    ]


def test_no_secret_is_shown(make: Any) -> None:
    settings = CaldavSettings.model_validate({"url": URL, "calendars": CALENDARS, **NAMES})
    assert "geheim" not in repr(settings)
    assert "geheim" not in repr(provider(make, always(200), **NAMES).__dict__)
