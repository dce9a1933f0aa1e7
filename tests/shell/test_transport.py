"""The transport keeps its bounds against a real, hostile server."""

from __future__ import annotations

import gzip
import time
from typing import Any

import httpcore
import httpx
import pytest

from calbridge.bodies import LARGEST
from calbridge.http import AddressRefused, BodyRefused, classify
from calbridge.transport import USER_AGENT, Fault, Limits, RetryBudget, Transport


def client(**options: Any) -> httpx.Client:
    options.setdefault("allow_private", True)
    options.setdefault("sleep", lambda seconds: None)
    return httpx.Client(transport=Transport(**options))


def test_a_plain_answer_comes_through_with_our_name_on_the_request(server: Any) -> None:
    server.say(200, b"hello", X_Thing="1")
    with client() as http:
        answer = http.get(server.url + "/x?q=1", headers={"User-Agent": "other", "Accept-Encoding": "br"})
    assert (answer.text, answer.headers["x-thing"]) == ("hello", "1")
    method, path, headers = server.seen[0]
    assert (method, path, headers["user-agent"], headers["accept-encoding"]) == (
        "GET",
        "/x?q=1",
        USER_AGENT,
        "gzip",
    )


@pytest.mark.parametrize("text", [b"", b"x", " ".join(map(str, range(300_000))).encode()])
def test_gzip_is_unpacked(server: Any, text: bytes) -> None:
    server.say(200, gzip.compress(text), Content_Encoding="gzip")
    with client() as http:
        answer = http.get(server.url)
    assert answer.content == text
    assert "content-encoding" not in answer.headers


def test_a_gzip_body_of_several_members_is_unpacked_whole(server: Any) -> None:
    server.say(200, gzip.compress(b"one ") + gzip.compress(b"two"), Content_Encoding="gzip")
    with client() as http:
        assert http.get(server.url).content == b"one two"


BOMBS: dict[str, tuple[bytes, str]] = {
    "gzip that unpacks to far more": (gzip.compress(bytes(8 * 1024 * 1024)), "gzip"),
    "gzip in gzip": (gzip.compress(gzip.compress(bytes(1024))), "gzip, gzip"),
    "a coding we did not ask for": (b"whatever", "br"),
    "plainly too large": (bytes(LARGEST + 1), "identity"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_and_say_what_to_do(server: Any, name: str) -> None:
    body, coding = BOMBS[name]
    server.say(200, body, Content_Encoding=coding)
    with client() as http, pytest.raises(BodyRefused) as caught:
        http.get(server.url)
    assert classify(caught.value).hint == (
        f"{server.url} sent more data than the bridge takes, or in a packing it did not ask for: "
        "check the url of this connection"
    )


@pytest.mark.parametrize("cut", [5, 20])
def test_a_body_that_ends_early_is_an_error_not_less_data(server: Any, cut: int) -> None:
    server.say(200, gzip.compress(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR")[:-cut], Content_Encoding="gzip")
    with client() as http, pytest.raises(httpx.DecodingError):
        http.get(server.url)


def test_a_damaged_gzip_body_is_an_error(server: Any) -> None:
    server.say(200, b"\x1f\x8b but no more", Content_Encoding="gzip")
    with client() as http, pytest.raises(httpx.DecodingError, match="damaged"):
        http.get(server.url)


def test_a_redirect_is_given_back(server: Any) -> None:
    server.say(302, Location="/elsewhere")
    with client() as http:
        assert http.get(server.url).status_code == 302
    assert len(server.seen) == 1


@pytest.mark.parametrize("method", ["GET", "PROPFIND"])
def test_a_read_answered_503_is_asked_again_after_the_time_it_names(server: Any, method: str) -> None:
    waits: list[float] = []
    server.say(503, Retry_After="2")
    server.say(200, b"now")
    with client(sleep=waits.append) as http:
        assert http.request(method, server.url).text == "now"
    assert waits == [2.0]


@pytest.mark.parametrize(
    ("method", "headers"),
    [("PUT", {}), ("POST", {}), ("GET", {"Retry_After": "600"})],
    ids=["PUT", "POST", "long"],
)
def test_a_write_or_a_long_wait_is_the_engines_business(server: Any, method: str, headers: Any) -> None:
    server.say(503, **headers)
    with client() as http:
        assert http.request(method, server.url, content=b"x").status_code == 503
    assert len(server.seen) == 1


def test_a_server_that_is_down_is_tried_three_times_then_reported() -> None:
    waits: list[float] = []
    with client(sleep=waits.append) as http, pytest.raises(httpx.ConnectError) as caught:
        http.post("http://127.0.0.1:9/")
    assert len(waits) == 2
    assert classify(caught.value).hint.startswith("nothing answers at http://127.0.0.1:9:")


def test_the_retry_budget_of_a_host_runs_out(server: Any) -> None:
    server.say(503)
    with client(budget=RetryBudget(burst=2.0, share=0.0)) as http:
        for _ in range(5):
            http.get(server.url)
    assert len(server.seen) == 5 + 2


def test_a_body_that_drips_ends_at_the_total_limit(server: Any) -> None:
    def drip(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        while not server.stopping.wait(0.02):
            request.wfile.write(b"x")

    server.answers.append(drip)
    began = time.monotonic()
    with client(limits=Limits(total=0.3)) as http, pytest.raises(httpx.ReadTimeout):
        http.get(server.url)
    assert time.monotonic() - began < 2


def test_headers_that_drip_end_at_the_total_limit(server: Any) -> None:
    def drip(request: Any) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not server.stopping.wait(0.02):
            request.wfile.write(b"x")

    server.answers.append(drip)
    with client(limits=Limits(total=0.3)) as http, pytest.raises(httpx.ReadTimeout):
        http.get(server.url)


REFUSED = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "169.254.169.254",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "0.0.0.0",
]


@pytest.mark.parametrize("address", REFUSED)
def test_a_public_name_does_not_lead_into_a_private_network(address: str) -> None:
    options = {"allow_private": False, "resolve": lambda host, port: [address]}
    with client(**options) as http, pytest.raises(AddressRefused) as caught:
        http.get("https://calendar.example/dav")
    assert classify(caught.value).hint == (
        "https://calendar.example is a private or local address: "
        "if that is meant, set allow_private = true in this connection"
    )


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"])
def test_link_local_and_multicast_stay_refused_where_private_is_allowed(address: str) -> None:
    with client(resolve=lambda host, port: [address]) as http, pytest.raises(AddressRefused):
        http.get("http://metadata.example/")


def test_the_checked_address_is_the_one_connected_to(server: Any) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server.say(200, b"here")
    port = server.url.rpartition(":")[2]
    with client(resolve=rebinding) as http:
        assert http.get(f"http://pms.example:{port}/").text == "here"
    assert asked == ["pms.example"]
    assert server.seen[0][2]["host"] == f"pms.example:{port}"


def test_an_unknown_name_is_said_to_be_one() -> None:
    with client() as http, pytest.raises(httpx.ConnectError) as caught:
        http.get("http://no-such-host.invalid/")
    assert classify(caught.value).hint.startswith("the name of http://no-such-host.invalid is not known:")


def test_plain_http_behind_https_is_said_to_be_that(server: Any) -> None:
    server.say(200)
    with client() as http, pytest.raises(httpx.ConnectError) as caught:
        http.get(server.url.replace("http:", "https:"))
    assert "does not speak TLS as expected" in classify(caught.value).hint


def test_faults_replace_answers_or_lose_them(server: Any) -> None:
    faults = iter([Fault(answer=httpx.Response(418)), Fault(error=httpx.ReadTimeout("lost"), sent=True), None])
    server.say(200, b"real")
    with client(faults=lambda request: next(faults)) as http:
        assert http.post(server.url).status_code == 418
        assert server.seen == []
        with pytest.raises(httpx.ReadTimeout):
            http.post(server.url)
        assert len(server.seen) == 1
        assert http.post(server.url).text == "real"


def test_an_address_that_swallows_everything_does_not_hide_the_next(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.say(200, b"hello")
    really = httpcore.SyncBackend.connect_tcp

    def silent(self: Any, host: str, *args: Any, **more: Any) -> Any:
        if host == "127.0.0.2":
            raise httpcore.ConnectTimeout
        return really(self, host, *args, **more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", silent)
    with client(resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]) as http:
        assert http.get(server.url).text == "hello"
