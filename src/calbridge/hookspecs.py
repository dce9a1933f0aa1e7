"""The hooks a provider may implement (design.md section 4). Arguments may be added, never changed.

Every hook is synchronous and is called for one provider at a time by `calbridge.host`, its only caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pluggy

from calbridge.interval import Interval
from calbridge.model import Consent, Details, Reach
from calbridge.provider import (
    Change,
    ClientQuery,
    ClientRecord,
    ExportReceipt,
    Feed,
    Finding,
    Hint,
    InboundRequest,
    Learned,
    Notice,
    NotifierKind,
    NotifyReceipt,
    Offer,
    Probe,
    ProviderKind,
    Receipt,
    Record,
)
from calbridge.rules import Answer, Case

PROJECT = "calbridge"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Registry(Protocol):
    """What a plugin registers itself with, once, when it is loaded."""

    def provider(self, kind: ProviderKind) -> None:
        """Add `kind = "<name>"` for connections."""
        ...

    def notifier(self, kind: NotifierKind) -> None:
        """Add `kind = "<name>"` for notifiers."""
        ...

    def rule(
        self,
        code: str,
        answer: Callable[[Case, Any], Answer],
        *,
        words: str,
        settings: type[Any] | None = None,
        reach: Reach = "clinic",
    ) -> None:
        """Add a slot rule, which a clinic turns on with `[clinics.<c>.rules.extra.<code>]`.

        `answer(case, options)` is a function of a module and looks at nothing else; `options` is that table as a
        `settings` (a pydantic model with `extra="forbid"`), or None where there is none. `code` is the reason people
        see, `words` the sentence of a refusal with the answer's facts in it: `"only {most} a day"`. `reach` promises
        what the answer depends on: "fixed", not on the start; "visit", on the configuration, the candidate and the
        facts of the visit's own dates; "clinic", on anything, which costs a call for every start.
        """
        ...

    def preset(self, name: str, rules: Mapping[str, object]) -> None:
        """Add `preset = "<name>"`: values for the `[rules]` keys of a clinic, `extra` included."""
        ...

    def words(self, vendor: str, language: str, words: Mapping[str, str]) -> None:
        """Add what `vendor` calls the terms of `calbridge.glossary.TERMS` in one language (BCP 47, such as "de")."""
        ...


class PluginSpec:
    """The one hook of a plugin's entry point (group `calbridge`)."""

    @hookspec
    def calbridge_register(self, registry: Registry) -> None:
        """Register provider kinds, notifiers, slot rules, presets and a vendor's words."""


class ProviderSpec:
    """The hooks of one provider object. What it does not implement is not called."""

    @hookspec(firstresult=True)
    def export_availability(self, offer: Offer) -> ExportReceipt | None:
        """Portals: replace the offered slots of each window in `offer`."""

    @hookspec(firstresult=True)
    def import_bookings(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record] | None:
        """Portals: holds, requests, bookings, accounts and their changes since `cursor` ("" is a first read)."""

    @hookspec(firstresult=True)
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record] | None:
        """Calendars and PMS: appointments, busy time, absences, closures and windows since `cursor`.

        `known` maps every ref the bridge holds of this connection to its version, for sides that can only list.
        """

    @hookspec(firstresult=True)
    def propagate_change(self, change: Change) -> Receipt | None:
        """Write one appointment state, given as this role's record. Idempotent by `change.key`; reads back."""

    @hookspec(firstresult=True)
    def find_clients(self, query: ClientQuery) -> tuple[ClientRecord, ...] | None:
        """PMS: everybody who shares the e-mail, the phone or the name, or the one with that id. Minimal fields."""

    @hookspec(firstresult=True)
    def create_client(self, details: Details, key: str, consent: Consent | None) -> ClientRecord | None:
        """PMS: make a new client with her animal, idempotent by `key`.

        `consent` is filed with her record where the PMS has a place for it: the notice she agreed to, with its date.
        """

    @hookspec(firstresult=True)
    def probe(self, ref: str) -> Probe | None:
        """Is this one really gone? Gone only on a 404 or 410 of that very resource."""

    @hookspec(firstresult=True)
    def check(self) -> tuple[Finding, ...] | None:
        """Look at settings and server, and change nothing: before anything is configured, and in `calbridge check`."""

    @hookspec(firstresult=True)
    def learn(self) -> Learned | None:
        """Find out what this server does differently, by its own words and by trying it out.

        Tried only on what is made for it and removed again; nothing that was there before is touched.
        """

    @hookspec(firstresult=True)
    def receive(self, request: InboundRequest) -> tuple[Hint, ...] | None:
        """Verify one inbound webhook; raise SkipItem when the signature is wrong.

        Its sender waits only seconds, so it may run while another hook of this provider runs: touch no shared state.
        """

    @hookspec(firstresult=True)
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt | None:
        """Portals that send their clients what they are asked to (`capabilities.notifies`); as below."""


class NotifierSpec:
    """The hooks of one notifier object."""

    @hookspec(firstresult=True)
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt | None:
        """Deliver one message.

        Call `hand_over()` once, right before the step after which the message may be out (for mail, before the end of
        its text is sent). It remembers that, and raises when the message is not due any more: then send nothing. What
        fails before it is tried again; what fails after it without an answer is never repeated, unless the notifier
        `repeats_safely`.
        """

    @hookspec(firstresult=True)
    def check(self) -> tuple[Finding, ...] | None:
        """Look at settings and server, and send nothing."""
