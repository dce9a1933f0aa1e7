"""Asking for a feed: politely, and never taking a failure for an empty calendar."""

from __future__ import annotations

import os
from typing import Any

import pytest
from pydantic import ValidationError

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, RetryLater
from calbridge.interval import Interval
from calbridge.provider import Complete, NotModified, Unreadable
from calbridge.testing.feed_site import FeedSite, calendar, event
from calbridge_ics.settings import IcsSettings
from calbridge_ics.source import address_of

NINE = 1_795_507_200  # 2026-11-24T09:00:00+01:00
WINDOW = Interval(NINE - 86_400, NINE + 30 * 86_400)
ONE = calendar(event("one", ":20261124T090000Z", ":20261124T100000Z"))
TWO = calendar(
    event("one", ":20261124T090000Z", ":20261124T100000Z"), event("two", ":20261125T090000Z", ":20261125T100000Z")
)


def pull(feed: Any, cursor: str = "") -> Any:
    return feed.import_schedule(cursor=cursor, window=WINDOW, known={})


# --- an address -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "condition"),
    [
        ("ETag", '"a1"', "if-none-match"),
        ("Last-Modified", "Tue, 24 Nov 2026 08:00:00 GMT", "if-modified-since"),
    ],
)
def test_it_is_asked_only_for_what_changed(
    provider: Any, site: FeedSite, clock: Any, name: str, value: str, condition: str
) -> None:
    feed = provider(url=site.url)
    site.body, site.headers = ONE, {name: value}
    first = pull(feed)
    clock.at += 301
    second = pull(feed, first.cursor)
    assert isinstance(first, Complete)
    assert isinstance(second, NotModified)
    assert site.asked[1][condition] == value
    site.body, site.headers = TWO, {name: value.replace("8", "9").replace("a1", "a2")}
    clock.at += 301
    third = pull(feed, second.cursor)
    assert len(third.items) == 2


def test_it_is_not_asked_again_before_refresh_is_over(provider: Any, site: FeedSite, clock: Any) -> None:
    feed, site.body = provider(url=site.url, refresh="PT10M"), ONE
    cursor = pull(feed).cursor
    clock.at += 599
    assert isinstance(pull(feed, cursor), NotModified)
    assert len(site.asked) == 1
    clock.at += 1
    assert isinstance(pull(feed, cursor), Complete)
    assert len(site.asked) == 2


def test_another_address_is_not_asked_with_the_old_ones_marks(provider: Any, site: FeedSite, clock: Any) -> None:
    site.body, site.headers = ONE, {"ETag": '"same"'}
    cursor = pull(provider(url=site.url)).cursor
    clock.at += 301
    assert isinstance(pull(provider(url=f"{site.url}?calendar=2"), cursor), Complete)
    assert "secret-token" not in cursor


def test_a_daily_full_read_asks_without_marks(provider: Any, site: FeedSite) -> None:
    site.body, site.headers = ONE, {"ETag": '"same"'}
    feed = provider(url=site.url)
    pull(feed)
    assert isinstance(pull(feed, ""), Complete)
    assert "if-none-match" not in site.asked[1]


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (200, b"<html><body>Log in</body></html>", NeedsHuman, "no iCalendar"),
        (
            200,
            b"<html><body>BEGIN:VCALENDAR is what a feed begins with, and ends with END:VCALENDAR",
            NeedsHuman,
            "no iCal",
        ),
        (200, b"", RetryLater, "nothing at all"),
        (200, ONE[:-18], RetryLater, "breaks off"),
        (200, ONE + ONE[:-18], RetryLater, "breaks off"),
        (200, ONE + b"<b>Warning</b>: geheim\r\n", NeedsHuman, r"other text behind its end \(line 11\)"),
        (200, ONE + b"\r\n" + b"<!-- -->\r\n" * 999, NeedsHuman, r"other text behind its end \(line 12\)"),
        (200, (ONE + b"x").decode().encode("utf-16"), NeedsHuman, r"other text behind its end \(line 11\)"),
        (401, b"", NeedsHuman, "credentials"),
        (404, b"", NeedsHuman, "404"),
        (429, b"", RetryLater, "429"),
        (500, b"", RetryLater, "500"),
    ],
)
def test_a_failure_is_never_an_empty_calendar(
    provider: Any, site: FeedSite, status: int, body: bytes, error: type[BridgeError], words: str
) -> None:
    site.status, site.body = status, body
    with pytest.raises(error, match=words) as caught:
        pull(provider(url=site.url))
    assert "secret-token" not in str(caught.value)


def test_a_feed_that_is_suddenly_empty_is_asked_once_more(provider: Any, site: FeedSite, clock: Any) -> None:
    """A publisher that is just starting gives a whole calendar with nothing in it: all time would be free at once."""
    feed, site.body = provider(url=site.url, window_categories=["frei"]), TWO
    first = pull(feed)
    known = {record.ref: record.version for record in first.items}

    def again(cursor: str) -> Any:
        clock.at += 301
        return feed.import_schedule(cursor=cursor, window=WINDOW, known=known)

    site.body, site.headers = calendar(), {"ETag": '"empty"'}
    doubted = again(first.cursor)
    assert isinstance(doubted, NotModified)
    site.body = calendar(event("broken", ":never", ":never"))
    assert isinstance(again(first.cursor), NotModified)
    site.body, site.headers = TWO, {}
    assert len(again(doubted.cursor).items) == 3
    site.body, site.headers = calendar(), {"ETag": '"empty"'}
    believed = again(again(first.cursor).cursor)
    assert [record.ref for record in believed.items] == ["/windows"]
    assert isinstance(again(believed.cursor), NotModified)


def test_unchanged_is_no_answer_to_who_did_not_ask(provider: Any, site: FeedSite, clock: Any) -> None:
    """A cache in between says so of an address that the bridge never read: all of its time would be free."""
    site.body = ONE
    cursor = pull(provider(url=site.url)).cursor
    site.status = 304
    clock.at += 301
    for given in (cursor, ""):
        with pytest.raises(NeedsHuman, match="unexpected answer"):
            pull(provider(url=f"{site.url}?calendar=2"), given)


def test_an_empty_calendar_is_one(provider: Any, site: FeedSite) -> None:
    site.body = calendar()
    assert pull(provider(url=site.url)).items == ()


def test_webcal_is_https() -> None:
    """What a subscription link gives away is a secret: it is never sent where somebody on the way can read it."""
    assert address_of("webcal://x/a.ics?key=1") == address_of("webcals://x/a.ics?key=1") == "https://x/a.ics?key=1"


@pytest.mark.parametrize("url", ["anna.ics", "ftp://x/anna.ics", "https://"])
def test_what_is_no_address(provider: Any, url: str) -> None:
    with pytest.raises(NeedsHuman, match="write it like"):
        pull(provider(url=url))


def test_a_login_goes_with_the_request(provider: Any, site: FeedSite) -> None:
    site.body = ONE
    pull(provider(url=site.url, username="praxis", password="geheim"))
    assert site.asked[0]["authorization"].startswith("Basic ")


def test_utf16_and_a_mark_in_front(provider: Any, site: FeedSite) -> None:
    for body in (ONE.decode().encode("utf-16"), b"\xef\xbb\xbf" + ONE, ONE + b"\r\n\x1a\0"):
        site.body = body
        assert len(pull(provider(url=site.url)).items) == 1


# --- a file ---------------------------------------------------------------------------------------


def test_a_file_is_read_when_it_changed(provider: Any, tmp_path: Any) -> None:
    file = tmp_path / "anna.ics"
    file.write_bytes(ONE)
    feed = provider(path="anna.ics")
    first = pull(feed)
    assert isinstance(pull(feed, first.cursor), NotModified)
    file.write_bytes(TWO)
    assert len(pull(feed, first.cursor).items) == 2


def test_a_file_that_is_not_there_is_a_persons_matter(provider: Any, tmp_path: Any) -> None:
    with pytest.raises(NeedsHuman, match="is not there"):
        pull(provider(path="anna.ics"))
    (tmp_path / "anna.ics").mkdir()
    with pytest.raises(NeedsHuman, match="cannot be read"):
        pull(provider(path="anna.ics"))


def test_a_pipe_is_not_waited_for(provider: Any, tmp_path: Any) -> None:
    os.mkfifo(tmp_path / "anna.ics")
    with pytest.raises(NeedsHuman, match=r"anna.ics is no file but a pipe"):
        pull(provider(path="anna.ics"))


def test_an_old_file_keeps_all_time_until_it_is_written_again(provider: Any, tmp_path: Any) -> None:
    file = tmp_path / "anna.ics"
    file.write_bytes(ONE)
    os.utime(file, (NINE - 3_600, NINE - 3_600))
    feed = provider(path="anna.ics", max_age="PT1H")
    first = pull(feed)
    assert not [record for record in first.items if isinstance(record, Unreadable)]
    os.utime(file, (NINE - 3_601, NINE - 3_601))
    (kept,) = [record for record in pull(feed, first.cursor).items if isinstance(record, Unreadable)]
    assert kept.spans == (WINDOW,)
    assert [finding.field for finding in feed.check() if finding.level == "error"] == ["max_age"]


@pytest.mark.parametrize(("place", "age"), [({"url": "https://x/a.ics"}, 3_000), ({"path": "a.ics"}, 3_600)])
def test_what_is_not_asked_again_counts_as_older(provider: Any, place: dict[str, str], age: int) -> None:
    """Within `refresh` the last answer is given once more, and read "just now"."""
    assert provider(max_age="PT1H", refresh="PT10M", **place).capabilities.max_age == age


def test_a_file_gets_old_without_a_change_to_it(provider: Any, tmp_path: Any, clock: Any) -> None:
    file = tmp_path / "anna.ics"
    file.write_bytes(ONE)
    os.utime(file, (NINE, NINE))
    feed = provider(path="anna.ics", max_age="PT1H")
    cursor = pull(feed).cursor
    clock.at += 3_601
    assert any(isinstance(record, Unreadable) for record in pull(feed, cursor).items)


# --- settings and check ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "exactly one of url and path"),
        ({"url": "https://x/a.ics", "path": "a.ics"}, "exactly one of url and path"),
        ({"path": "a.ics", "username": "x", "password": "y"}, "belong to a url"),
        ({"url": "https://x/a.ics", "username": "x"}, "password is missing"),
        ({"url": "https://x/a.ics", "password": "x"}, "username is missing"),
        ({"url": "https://x/a.ics", "max_age": "PT5M"}, "not longer than refresh"),
        ({"path": "a.ics", "max_age": "PT0S"}, "greater than 0"),
        ({"path": "a.ics", "max_age": "soon"}, "a duration is written like"),
        ({"path": "a.ics", "window_categories": ["a, b"]}, "is no category"),
        (
            {"path": "a.ics", "window_categories": ["frei"], "absence_categories": ["Frei"]},
            "both a window and an absence",
        ),
    ],
)
def test_wrong_settings(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        IcsSettings.model_validate({"resource": "anna", **settings})


def test_an_unknown_resource(provider: Any) -> None:
    with pytest.raises(ConfigError, match='no resource "carl"'):
        provider(path="a.ics", resource="carl")


def test_check_tells_what_it_found(provider: Any, site: FeedSite) -> None:
    site.body = calendar(event("one", ":20261124T090000Z", ":20261124T100000Z", "RRULE:FREQ=NEVER"))
    levels = [finding.level for finding in provider(url=site.url).check()]
    assert levels == ["ok", "warning"]
    site.status = 404
    (finding,) = provider(url=site.url).check()
    assert (finding.level, finding.field) == ("error", "url")
