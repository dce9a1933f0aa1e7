"""What an answer or a failure of a server means: one pure table for every provider, and two small helpers.

A provider uses `request` and `json_of` with `httpx.Client(transport=context.transport)`, or hands what it
caught to `classify`. Sentences name the server's origin only: a path or a query may hold somebody's name.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from calbridge.errors import BridgeError, NeedsHuman, Replan, RetryLater, SkipItem

__all__ = ["AddressRefused", "BodyRefused", "classify", "json_of", "request", "retry_after"]

LONGEST_WAIT = 86_400.0
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
LOGIN_WORDS = ("login", "signin", "sign-in", "sign_in", "logon", "auth", "sso", "saml", "session", "anmeld")


class AddressRefused(httpx.ConnectError):
    """The host resolves to a private or loopback address and the connection does not allow that."""


class BodyRefused(httpx.DecodingError):
    """The body is too large, unpacks to too much, or comes in a coding that was not asked for."""


def request(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    accept: Collection[int] = (),
    item: str = "",
    **options: Any,
) -> httpx.Response:
    """Send one request; give back a 2xx answer or one with a status in `accept`; else raise what it means.

    `options` go to `httpx.Client.request`. `item` names the one record that the request is about.
    """
    try:
        response = client.request(method, url, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise classify(error, item=item) from error
    if response.is_success or response.status_code in accept:
        return response
    raise classify(response, item=item)


def json_of(response: httpx.Response) -> Any:
    """The JSON document of an answer; other text is `NeedsHuman`, never an empty result (R2)."""
    if _is_page(response):
        raise classify(response)
    try:
        return _whole(response.json(), response.text)
    except (ValueError, RecursionError):  # also numbers of 5,000 digits, and a million brackets
        # not chained: a JSONDecodeError carries the whole document, and with it people's data
        sentence = f"answered {response.status_code} with something that is not JSON"
    raise NeedsHuman(f"{_origin(response)} {sentence}: {_CHECK_URL}")


def _whole(document: Any, text: str) -> Any:
    """JSON can spell half a character, which no database stores: one such name must not stop everybody's records."""
    if not _HALF.search(text):
        return document
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def classify(problem: httpx.Response | Exception, *, item: str = "") -> BridgeError:
    """The recovery and the sentence for an answer or an exception. `item`: the one record it was about."""
    error = _of_response(problem, item) if isinstance(problem, httpx.Response) else _of_exception(problem)
    error.item = error.item or item
    return error


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the server asks to wait: a number, or a date set against the server's own Date header (R25)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        until, sent = parsedate_to_datetime(text), parsedate_to_datetime(response.headers.get("date", ""))
        return min(max((until - sent).total_seconds(), 0.0), LONGEST_WAIT)
    except (ValueError, TypeError):
        return None


# --- answers --------------------------------------------------------------------------------------

_CHECK_URL = "check the url of this connection"
_AGAIN = "the bridge tries again by itself"

_STOP = {
    401: "refused the credentials (401): correct the user name, password or token of this connection",
    403: "does not let this account do that (403): give it the rights in that system, or use another account",
    404: f"does not know this address (404): {_CHECK_URL}",
    407: "stands behind a proxy that wants a login (407): let the bridge reach it directly",
}
_WAIT = {
    408: "gave up waiting for the request (408)",
    423: "has locked this record (423)",
    425: "asks to send this later (425)",
    429: "asks for fewer requests (429)",
    503: "is not available at the moment (503)",
}
_MOVED = {
    409: "holds something newer (409)",
    410: "no longer has this (410)",
    412: "holds something newer (412)",
}


def _of_response(response: httpx.Response, item: str) -> BridgeError:
    origin, status = _origin(response), response.status_code
    if status in _WAIT or response.is_server_error:
        reason = _WAIT.get(status, f"has a fault of its own ({status})")
        return RetryLater(f"{origin} {reason}: {_AGAIN}", after=retry_after(response))
    if status in _MOVED:
        return Replan(f"{origin} {_MOVED[status]}: the bridge reads it again")
    if status in _STOP and (status in {401, 407} or not item):
        return NeedsHuman(f"{origin} {_STOP[status]}")
    if response.is_client_error:
        return SkipItem(f"{origin} refused this record ({status}): see the server's own log for the reason")
    return NeedsHuman(f"{origin} {_wrong_place(response)}")


def _wrong_place(response: httpx.Response) -> str:
    """An answer that is neither data nor an error: most often something else lives at that address."""
    if response.has_redirect_location:
        return _redirect(response)
    if _is_page(response):
        return f"answered with a web page instead of data (a login, a proxy?): {_CHECK_URL}"
    return f"gave an unexpected answer ({response.status_code}): {_CHECK_URL}"


def _redirect(response: httpx.Response) -> str:
    target = response.headers["location"]
    if any(word in target.casefold() for word in LOGIN_WORDS):
        return "sends to a login page instead of answering: check the credentials and the url of this connection"
    return f"sends on to {_elsewhere(target)} ({response.status_code}): put the final address into the url"


def _elsewhere(target: str) -> str:
    try:
        url = httpx.URL(target)
    except httpx.InvalidURL:
        return "an address that cannot be read"
    return _show(url) if url.host else "another path"


def _is_page(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind in {"text/html", "application/xhtml+xml"}


# --- failures -------------------------------------------------------------------------------------


def _of_exception(error: Exception) -> BridgeError:
    if isinstance(error, BridgeError):
        return error
    origin = _origin(error)
    for kinds, recovery, sentence in _FAILURES:
        found = next((link for link in _chain(error) if isinstance(link, kinds)), None)
        if found is not None:
            return recovery(sentence.format(origin=origin, reason=_reason(found)))
    return RetryLater(f"{origin} could not be asked ({type(error).__name__}): {_AGAIN}")


def _reason(error: BaseException) -> str:
    """What is wrong with a certificate, in the library's words: expired, self-signed, for another name."""
    return str(getattr(error, "verify_message", "") or "it does not verify").rstrip(".")


_Kinds = type[BaseException] | tuple[type[BaseException], ...]
_FAILURES: tuple[tuple[_Kinds, Callable[[str], BridgeError], str], ...] = (
    (
        AddressRefused,
        NeedsHuman,
        "{origin} is a private or local address: if that is meant, set allow_private = true in this connection",
    ),
    (
        BodyRefused,
        NeedsHuman,
        f"{{origin}} sent more data than the bridge takes, or in a packing it did not ask for: {_CHECK_URL}",
    ),
    (
        (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError),
        NeedsHuman,
        "{origin} cannot be asked: the url must begin with https:// or http:// and name a host",
    ),
    (
        ssl.SSLCertVerificationError,
        NeedsHuman,
        "{origin} shows a certificate that cannot be trusted ({reason}): renew it, or name its issuer in ca_file",
    ),
    (
        ssl.SSLError,
        NeedsHuman,
        "{origin} does not speak TLS as expected: check https or http, and the port, in the url",
    ),
    (
        socket.gaierror,
        RetryLater,
        "the name of {origin} is not known: check the url of this connection and the name service (DNS)",
    ),
    (
        ConnectionRefusedError,
        RetryLater,
        "nothing answers at {origin}: check that the server runs, and the port in the url of this connection",
    ),
    ((httpx.TimeoutException, TimeoutError), RetryLater, f"{{origin}} did not answer in time: {_AGAIN}"),
    (httpx.DecodingError, RetryLater, f"{{origin}} sent a damaged answer: {_AGAIN}"),
    ((httpx.TransportError, OSError), RetryLater, f"the connection to {{origin}} broke off: {_AGAIN}"),
)
"""The first row whose kind is found in the chain of causes decides; httpx hides the true reason there."""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _origin(source: httpx.Response | Exception) -> str:
    try:
        url: httpx.URL = source.request.url  # type: ignore[union-attr]  # other exceptions have none: see below
    except (RuntimeError, AttributeError):
        return "the server"
    return _show(url)


def _show(url: httpx.URL) -> str:
    """`https://host:port`, without user, path or query."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"
