"""The running portal: its database, its clock and who may talk to it."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from calbridge_portal.clock import Clock
from calbridge_portal.faults import Faults
from calbridge_portal.holds import expire_due
from calbridge_portal.problems import Problem
from calbridge_portal.store import Store, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """What every request needs."""

    store: Store
    clock: Clock
    site: str
    token: str
    faults: Faults = field(default_factory=Faults)

    def reached_at(self, address: str) -> None:
        """Where clients reach the site from now on: the links of their bookings begin with it."""
        with self.admin() as tx:
            tx.set_fact("public_url", address.rstrip("/"))

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent moment."""
        with self.store.read(self.clock.now()) as tx:
            yield tx

    @contextmanager
    def admin(self) -> Iterator[Tx]:
        """A write that also works under maintenance; what has run out by now is written down first."""
        with self.store.write(self.clock.now()) as tx:
            expire_due(tx)
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A write; refused under maintenance."""
        with self.admin() as tx:
            pause = int(tx.fact("maintenance_retry_s"))
            if pause:
                raise Problem("maintenance", "The portal is under maintenance; try again later.", retry_after=pause)
            yield tx

    def check_token(self, authorization: str | None) -> None:
        """Require the site's bearer token, compared in constant time."""
        given = (authorization or "").removeprefix("Bearer ").encode()
        if not authorization or not hmac.compare_digest(given, self.token.encode()):
            raise Problem("unauthenticated", "Send Authorization: Bearer with the site's token.")

    def check_site(self, site: str) -> None:
        """The token is for one site; whether others exist is not said."""
        if site != self.site:
            raise Problem("forbidden", f"This token is not for the site {site!r}.")
