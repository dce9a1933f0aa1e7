"""How the bridge reaches a server: the name is resolved here, the address checked, and that address used.

Checking a name and then letting a library resolve it again is how a public name leads into a private network.
Every read and write also ends at the request's deadline: a server that drips a byte a minute holds no thread.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore

FOREVER = float("inf")


class PrivateAddressError(httpcore.ConnectError):
    """Nothing that the name resolves to may be connected to."""


class Deadline(threading.local):
    """When the request of this thread must be over, on the monotonic clock."""

    at: float = FOREVER

    def left(self, timeout: float | None) -> float | None:
        """The time limit of one operation that may take `timeout` seconds, or raise `ReadTimeout`."""
        rest = self.at - time.monotonic()
        if rest <= 0:
            raise httpcore.ReadTimeout("total time limit")
        if rest == FOREVER:
            return timeout
        return rest if timeout is None else min(rest, timeout)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Public addresses always; private and loopback ones where allowed; link-local and multicast never.

    Link-local stays refused because 169.254.169.254 hands out a cloud machine's credentials.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    return allow_private or ip.is_global


class GuardedNetwork(httpcore.SyncBackend):
    """The network backend of one connection's pool."""

    def __init__(
        self, deadline: Deadline, *, allow_private: bool, resolve: Callable[[str, int], list[str]] = resolve
    ) -> None:
        super().__init__()
        self._deadline = deadline
        self._allow_private = allow_private
        self._resolve = resolve

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **kw: Any) -> _Stream:
        """Connect to the first allowed address that answers."""
        failure: Exception | None = None
        for address in self._addresses(host, port):
            try:
                stream = super().connect_tcp(address, port, self._deadline.left(timeout), *args, **kw)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self._deadline)
        raise failure or PrivateAddressError("no address of this name may be connected to")

    def _addresses(self, host: str, port: int) -> Iterable[str]:
        with _as_connect_error():
            found = self._resolve(host, port)
        return [each for each in found if may_connect(each, allow_private=self._allow_private)]


@contextlib.contextmanager
def _as_connect_error() -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name cannot be resolved") from error


class _Stream(httpcore.NetworkStream):
    """A network stream whose every operation ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        limit = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
