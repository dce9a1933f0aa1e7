"""What answers and failures mean: the table, with its sentences; nothing of a path, a query or a body gets into one."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from calbridge.errors import BridgeError, NeedsHuman, Replan, RetryLater, SkipItem
from calbridge.http import AddressRefused, BodyRefused, classify, json_of, request, retry_after

ASKED = httpx.Request("GET", "https://praxis:secret@dav.example:8443/anna@example.org/?email=berta@example.org")
HOST = "https://dav.example:8443"


def answer(status: int, **options: Any) -> httpx.Response:
    return httpx.Response(status, request=ASKED, **options)


ANSWERS: list[tuple[httpx.Response, type[BridgeError], str]] = [
    (answer(401), NeedsHuman,
     f"{HOST} refused the credentials (401): correct the user name, password or token of this connection"),
    (answer(403), NeedsHuman,
     f"{HOST} does not let this account do that (403): give it the rights in that system, or use another account"),
    (answer(404), NeedsHuman, f"{HOST} does not know this address (404): check the url of this connection"),
    (answer(407), NeedsHuman,
     f"{HOST} stands behind a proxy that wants a login (407): let the bridge reach it directly"),
    (answer(409), Replan, f"{HOST} holds something newer (409): the bridge reads it again"),
    (answer(410), Replan, f"{HOST} no longer has this (410): the bridge reads it again"),
    (answer(412), Replan, f"{HOST} holds something newer (412): the bridge reads it again"),
    (answer(400), SkipItem, f"{HOST} refused this record (400): see the server's own log for the reason"),
    (answer(422), SkipItem, f"{HOST} refused this record (422): see the server's own log for the reason"),
    (answer(408), RetryLater, f"{HOST} gave up waiting for the request (408): the bridge tries again by itself"),
    (answer(423), RetryLater, f"{HOST} has locked this record (423): the bridge tries again by itself"),
    (answer(429), RetryLater, f"{HOST} asks for fewer requests (429): the bridge tries again by itself"),
    (answer(500), RetryLater, f"{HOST} has a fault of its own (500): the bridge tries again by itself"),
    (answer(503), RetryLater, f"{HOST} is not available at the moment (503): the bridge tries again by itself"),
    (answer(200, html="<p>Welcome"), NeedsHuman,
     f"{HOST} answered with a web page instead of data (a login, a proxy?): check the url of this connection"),
    (answer(204), NeedsHuman, f"{HOST} gave an unexpected answer (204): check the url of this connection"),
    (answer(302, headers={"location": "https://sso.example/login?next=/anna"}), NeedsHuman,
     f"{HOST} sends to a login page instead of answering: check the credentials and the url of this connection"),
    (answer(301, headers={"location": "https://new.example/anna@example.org/"}), NeedsHuman,
     f"{HOST} sends on to https://new.example (301): put the final address into the url"),
    (answer(301, headers={"location": "/elsewhere/"}), NeedsHuman,
     f"{HOST} sends on to another path (301): put the final address into the url"),
]  # fmt: skip


@pytest.mark.parametrize(("response", "kind", "sentence"), ANSWERS, ids=[str(row[0].status_code) for row in ANSWERS])
def test_an_answer_is_one_recovery_and_one_sentence(
    response: httpx.Response, kind: type[BridgeError], sentence: str
) -> None:
    error = classify(response)
    assert (type(error), error.hint) == (kind, sentence)


@pytest.mark.parametrize(("status", "kind"), [(401, NeedsHuman), (403, SkipItem), (404, SkipItem), (500, RetryLater)])
def test_a_refusal_of_one_record_is_about_that_record(status: int, kind: type[BridgeError]) -> None:
    error = classify(answer(status), item="event 7")
    assert (type(error), error.item) == (kind, "event 7")


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


FAILURES: list[tuple[Exception, type[BridgeError], str]] = [
    (AddressRefused("x"), NeedsHuman, "is a private or local address"),
    (BodyRefused("x"), NeedsHuman, "sent more data than the bridge takes"),
    (httpx.UnsupportedProtocol("x"), NeedsHuman, "cannot be asked: the url must begin with https://"),
    (chained(httpx.ConnectError("x"), ssl.SSLCertVerificationError("x")), NeedsHuman, "shows a certificate"),
    (chained(httpx.ConnectError("x"), ssl.SSLError("x")), NeedsHuman, "does not speak TLS as expected"),
    (chained(httpx.ConnectError("x"), ConnectionRefusedError()), RetryLater, "nothing answers at"),
    (httpx.ReadTimeout("x"), RetryLater, "did not answer in time"),
    (TimeoutError(), RetryLater, "did not answer in time"),
    (httpx.DecodingError("x"), RetryLater, "sent a damaged answer"),
    (httpx.RemoteProtocolError("x"), RetryLater, "broke off"),
    (ConnectionResetError(), RetryLater, "broke off"),
    (httpx.TooManyRedirects("x"), RetryLater, "could not be asked (TooManyRedirects)"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "kind", "text"), FAILURES, ids=[type(row[0]).__name__ for row in FAILURES])
def test_a_failure_is_one_recovery_and_one_sentence(error: Exception, kind: type[BridgeError], text: str) -> None:
    if isinstance(error, httpx.RequestError):
        error.request = ASKED
    decided = classify(error)
    assert type(decided) is kind
    assert text in decided.hint
    assert (HOST if isinstance(error, httpx.RequestError) else "the server") in decided.hint


def test_an_error_that_is_decided_already_stays() -> None:
    error = SkipItem("odd", item="7")
    assert classify(error, item="8") is error
    assert error.item == "7"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "99999999"}, 86_400.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    response = answer(503, headers=headers)
    assert retry_after(response) == seconds
    error = classify(response)
    assert isinstance(error, RetryLater)
    assert error.after == seconds


def client(response: httpx.Response) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(lambda sent: response))


def test_request_gives_good_and_accepted_answers_and_raises_for_others() -> None:
    assert request(client(answer(200, json=[1])), "GET", "https://x.example/").json() == [1]
    assert request(client(answer(412)), "PUT", "https://x.example/", accept={412}).status_code == 412
    with pytest.raises(SkipItem) as caught:
        request(client(answer(422)), "POST", "https://x.example/", item="booking 7")
    assert caught.value.item == "booking 7"
    with pytest.raises(NeedsHuman, match="cannot be asked"):
        request(httpx.Client(), "GET", "ftp://x.example/")


def test_json_of_never_takes_a_page_for_data() -> None:
    assert json_of(answer(200, json={"items": []})) == {"items": []}
    for body, text in (({"html": "<p>"}, "a web page instead of data"), ({"text": "Rex, Berta"}, "is not JSON")):
        with pytest.raises(NeedsHuman, match=text) as caught:
            json_of(answer(200, **body))
        assert "Rex" not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize("row", [*ANSWERS, *FAILURES], ids=str)
def test_no_sentence_holds_a_secret_or_a_name(row: Any) -> None:
    text = str(classify(row[0]))
    assert not any(word in text for word in ("secret", "anna@", "berta@", "praxis:"))


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5_000, b'"\xff"', b"{", b""])
def test_what_is_no_json_is_never_a_crash_and_never_empty(body: bytes) -> None:
    with pytest.raises(NeedsHuman, match="not JSON"):
        json_of(answer(200, content=body))


def test_half_a_character_in_a_name_stops_nobody() -> None:
    found = json_of(answer(200, content=rb'{"name": "Rex \ud800", "note": "\ud83d\ude00", "end": "\uDfff"}'))
    assert found == {"name": "Rex ?", "note": "\N{GRINNING FACE}", "end": "?"}
