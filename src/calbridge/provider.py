"""What a provider plugin is given: a context with everything from outside it may touch, and what it registers.

What it gives back are the records of `calbridge.feeds`, which are named here too: a plugin imports them from here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from calbridge.changes import (
    CalendarChange,
    Change,
    ExportReceipt,
    Offer,
    OfferedSlot,
    OfferWindow,
    PmsChange,
    PortalChange,
    Receipt,
    change_of,
)
from calbridge.feeds import (
    AbsenceRecord,
    AccountRecord,
    Busy,
    Capabilities,
    ClientQuery,
    ClientRecord,
    ClosureRecord,
    Complete,
    Delta,
    Entry,
    Feed,
    Gone,
    NotModified,
    Partial,
    PatientRecord,
    Present,
    Probe,
    Record,
    Stamp,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge.messages import Kind
from calbridge.model import Alternative, Clinic
from calbridge.notices import (
    ClientNotice,
    ClinicNotice,
    Notice,
    NotifierAbilities,
    NotifyReceipt,
    Recipient,
    Visit,
)
from calbridge.public import PublicClinic, PublicResource, PublicRules, PublicService
from calbridge.views import Role

if TYPE_CHECKING:
    import httpx

__all__ = [
    "AbsenceRecord",
    "AccountRecord",
    "Alternative",
    "Busy",
    "CalendarChange",
    "Capabilities",
    "Change",
    "Choice",
    "ClientNotice",
    "ClientQuery",
    "ClientRecord",
    "ClinicNotice",
    "Clock",
    "ClosureRecord",
    "Complete",
    "Context",
    "Delta",
    "Discovered",
    "Entry",
    "ExportReceipt",
    "Feed",
    "Finding",
    "Gone",
    "Hint",
    "InboundRequest",
    "Kind",
    "Learned",
    "NotModified",
    "Notice",
    "NotifierAbilities",
    "NotifierKind",
    "NotifyReceipt",
    "Offer",
    "OfferWindow",
    "OfferedSlot",
    "Partial",
    "PatientRecord",
    "PmsChange",
    "PortalChange",
    "Present",
    "Probe",
    "ProviderKind",
    "PublicClinic",
    "PublicContext",
    "PublicResource",
    "PublicRules",
    "PublicService",
    "Receipt",
    "Recipient",
    "Record",
    "Role",
    "Search",
    "Secrets",
    "Stamp",
    "Unknown",
    "Unreadable",
    "Visit",
    "WindowRecord",
    "change_of",
]  # fmt: skip


# --- checking and webhooks ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `calbridge check`. `field` is the configuration key it is about, where there is one."""

    level: Literal["ok", "warning", "error"]
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What trying a server out showed. `quirks` are stored with the connection and handed back by `Context.quirks`.

    Names and values are the plugin's own short words; they hold no personal data. `findings` say the same to people.
    """

    quirks: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRequest:
    """A webhook as it came. Header names are lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """ "Read again": never data. `id` removes duplicates (kept 14 days)."""

    id: str = ""


# --- what a provider is given ---------------------------------------------------------------------


class Clock(Protocol):
    """The only source of the present. Epoch seconds."""

    def now(self) -> int:
        """The present, whole seconds."""
        ...


class Secrets(Protocol):
    """Resolves a secret's reference; the value is never logged."""

    def __call__(self, reference: Any) -> str:
        """The secret's text, or `ConfigError` that names where it was looked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything from outside that a provider may touch. `transport` goes into `httpx.Client(transport=...)`.

    `home`: the configuration's folder, which files that settings name are relative to.
    """

    connection: str
    clinic: Clinic
    transport: httpx.BaseTransport
    clock: Clock
    secrets: Secrets
    log: Any
    home: Path = Path()
    random: random.Random = field(default_factory=random.SystemRandom)
    quirks: Callable[[], Mapping[str, str]] = dict
    """What `learn` found last of this connection's server; empty before the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicContext:
    """The same for a portal or a notifier, which may not know more of a clinic than its clients do."""

    connection: str
    clinic: PublicClinic
    transport: httpx.BaseTransport
    clock: Clock
    secrets: Secrets
    log: Any
    random: random.Random = field(default_factory=random.SystemRandom)
    quirks: Callable[[], Mapping[str, str]] = dict


# --- setting up -----------------------------------------------------------------------------------


def nobody_agrees(_question: str) -> bool:
    """The answer where nobody can be asked."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a person gave to find a server: an address of any form, and perhaps a login.

    `password` is asked for when it is first needed. `confirm` asks a yes-or-no question, where somebody can answer it.
    """

    address: str
    transport: httpx.BaseTransport
    clock: Clock
    username: str = ""
    password: Callable[[], str] = str
    confirm: Callable[[str], bool] = nobody_agrees


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing of the server's that a resource may be given, such as a calendar: its setting's value and its name."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What was found: values for the kind's settings, and for a table setting what each resource may be given."""

    values: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKind:
    """What a plugin registers: `kind = "<name>"` in a connection's section.

    `settings` is a pydantic model with `extra="forbid"`. `create(settings, context)` returns an object that implements
    the hooks it can and has `capabilities: Capabilities`; it does no I/O. A portal is given a `PublicContext`, the
    others a `Context`. `discover` finds a server from whatever a person knows of it, for `calbridge init`; it raises a
    BridgeError that says why where it finds none.
    """

    name: str
    role: Role
    settings: type[Any]
    create: Callable[[Any, Any], Any]
    summary: str = ""
    discover: Callable[[Search], Discovered] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierKind:
    """What a plugin registers: `kind = "<name>"` in a notifier's section.

    `settings` is a pydantic model with `extra="forbid"`. `create(settings, context)` returns an object that implements
    `notify` and may implement `check`, and has `abilities: NotifierAbilities`; it does no I/O.
    """

    name: str
    settings: type[Any]
    create: Callable[[Any, PublicContext], Any]
    summary: str = ""
