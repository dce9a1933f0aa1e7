"""The one way out: every outside request of every provider goes through a `Transport` of its connection.

It bounds bodies (`bodies`), addresses and time (`network`), follows no redirect, and asks again only where
that cannot do harm: a connection that was never made, or a read that failed or was answered 503. A budget per
host keeps it from hammering a dead server. Providers see httpx errors; `calbridge.http.classify` explains.
"""

from __future__ import annotations

import functools
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from calbridge.bodies import BoundedBody
from calbridge.errors import ConfigError
from calbridge.http import AddressRefused, retry_after
from calbridge.network import Deadline, GuardedNetwork, PrivateAddressError, resolve
from calbridge.version import __version__

USER_AGENT = f"calbridge/{__version__}"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
ATTEMPTS = 3
PATIENCE = 5.0
"""Longer waits than this are the engine's timers, not a sleeping thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: `connect` and `read` for one operation, `total` for a request with its whole body."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0

    def of(self, total: float) -> Limits:
        """The same, with another total; no operation may take longer than the whole."""
        return Limits(connect=min(self.connect, total), read=min(self.read, total), total=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a test makes of one request: an `error` or an `answer`; `sent`: it arrives, its answer is lost."""

    error: Exception | None = None
    answer: httpx.Response | None = None
    sent: bool = False


class RetryBudget:
    """At most `burst` retries a host at once, then one for every five requests; shared by all connections."""

    def __init__(self, *, burst: float = 10.0, share: float = 0.2) -> None:
        self._burst = burst
        self._share = share
        self._left: dict[str, float] = {}
        self._lock = threading.Lock()

    def earn(self, host: str) -> None:
        """One first attempt was made."""
        with self._lock:
            self._left[host] = min(self._burst, self._left.get(host, self._burst) + self._share)

    def spend(self, host: str) -> bool:
        """Take one retry, or say that there is none left."""
        with self._lock:
            left = self._left.get(host, self._burst)
            self._left[host] = left - 1 if left >= 1 else left
            return left >= 1


class Transport(httpx.BaseTransport):
    """The httpx transport of one connection.

    `authorities` names a file of further certificate authorities. `faults` is asked before each attempt, for tests.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        authorities: Path | None = None,
        limits: Limits | None = None,
        budget: RetryBudget | None = None,
        faults: Callable[[httpx.Request], Fault | None] | None = None,
        resolve: Callable[[str, int], list[str]] = resolve,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits or Limits()
        self._authorities = authorities
        self._budget = budget or RetryBudget()
        self._faults = faults
        self._sleep = sleep
        self._deadline = Deadline()
        self._network = GuardedNetwork(self._deadline, allow_private=allow_private, resolve=resolve)
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, again where that is harmless, and give back whatever the server answered.

        A request that is known to take long says so: `extensions={"patience": seconds}`.
        """
        request.headers["User-Agent"] = USER_AGENT
        request.headers["Accept-Encoding"] = "gzip"
        ends = time.monotonic() + self._patience(request).total
        self._budget.earn(request.url.host)
        for attempt in range(1, ATTEMPTS):
            self._deadline.at = ends
            try:
                response = self._attempt(request, ends)
            except httpx.TransportError as error:
                if not self._again(request, _may_repeat(request, error), _pause(attempt), ends):
                    raise
            else:
                wait = _asked_to_wait(request, response, attempt)
                if not self._again(request, wait is not None, wait or 0.0, ends):
                    return response
                response.close()
        self._deadline.at = ends
        return self._attempt(request, ends)

    def close(self) -> None:
        """Close the kept connections."""
        for pool in self._pools.values():
            pool.close()

    def _again(self, request: httpx.Request, allowed: bool, wait: float, ends: float) -> bool:
        fits = wait <= PATIENCE and time.monotonic() + wait < ends
        if not (allowed and fits and self._budget.spend(request.url.host)):
            return False
        self._sleep(wait)
        return True

    def _attempt(self, request: httpx.Request, ends: float) -> httpx.Response:
        fault = self._faults(request) if self._faults else None
        if fault is None or fault.sent:
            response = self._send(request, ends)
            if fault is None:
                return response
            response.close()
        if fault.error is not None:
            raise fault.error
        return fault.answer or httpx.Response(500)

    def _send(self, request: httpx.Request, ends: float) -> httpx.Response:
        with _as_httpx():
            answer = self._pool(request.url.scheme).handle_request(self._outgoing(request))
        headers = httpx.Headers(answer.headers)
        coding = headers.pop("content-encoding", "")
        if coding:
            headers.pop("content-length", None)
        body = BoundedBody(self._within(answer.iter_stream(), ends), coding, close=answer.close)
        return httpx.Response(answer.status, headers=headers, stream=body, extensions=answer.extensions)

    def _pool(self, scheme: str) -> httpcore.ConnectionPool:
        """One a scheme, made when needed: reading the machine's authorities costs every short command 0.2 s."""
        if scheme not in self._pools:
            self._pools[scheme] = httpcore.ConnectionPool(
                ssl_context=_trusted(self._authorities) if scheme == "https" else None,
                max_connections=4,
                keepalive_expiry=15.0,
                network_backend=self._network,
            )
        return self._pools[scheme]

    def _patience(self, request: httpx.Request) -> Limits:
        patience = float(request.extensions.get("patience", 0.0))
        if patience <= self._limits.total:
            return self._limits
        return Limits(connect=self._limits.connect, read=patience, total=patience)

    def _outgoing(self, request: httpx.Request) -> httpcore.Request:
        url = request.url
        limits = self._patience(request)
        timeout = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.total}
        return httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={**request.extensions, "timeout": timeout},
        )

    def _within(self, pieces: Iterable[bytes], ends: float) -> Iterator[bytes]:
        source = iter(pieces)
        while True:
            self._deadline.at = ends
            with _as_httpx():
                piece = next(source, None)
            if piece is None:
                return
            yield piece


@functools.cache
def _trusted(authorities: Path | None) -> ssl.SSLContext:
    """The usual authorities, those of this machine, and the connection's own: a clinic's server often has one."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except OSError as error:  # also an SSLError: the file is there and holds no certificate
            reason = error.strerror or "it holds no certificate"
            raise ConfigError(f"ca_file {authorities} cannot be used ({reason}): name a PEM file") from None
    return context


def _may_repeat(request: httpx.Request, error: httpx.TransportError) -> bool:
    if isinstance(error, AddressRefused) or _of_certificate(error):
        return False
    never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    broke_off = isinstance(error, httpx.ReadError | httpx.RemoteProtocolError)
    return never_sent or (broke_off and request.method in SAFE)


def _of_certificate(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return error is not None


def _asked_to_wait(request: httpx.Request, response: httpx.Response, attempt: int) -> float | None:
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or request.method not in SAFE:
        return None
    asked = retry_after(response)
    return _pause(attempt) if asked is None else asked


def _pause(attempt: int) -> float:
    return 0.1 * (1 << attempt) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpx names its errors after httpcore's; the cause stays chained, `classify` reads it."""
    try:
        yield
    except PrivateAddressError as error:
        raise AddressRefused(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error
