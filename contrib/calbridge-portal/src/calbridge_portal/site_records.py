"""What a clinic's site is and offers, in and out, as frozen records; their field names are the wire's."""

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["instant", "request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What the clinic lets its clients do. Seconds; None means no limit."""

    client_cancel_cutoff_s: int | None = None
    client_move_cutoff_s: int | None = None
    client_move_limit: int | None = None
    hold_ttl_s: int = 300
    show_resource: bool = True
    show_duration: bool = True
    late_confirm: Literal["retry", "refuse"] = "retry"
    one_patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One clinic's booking site. `privacy_notice` is what a new client agrees to, word for word."""

    name: str
    time_zone: str
    settings: SiteSettings = field(default_factory=SiteSettings)
    privacy_notice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState(Site):
    """A site as read back."""

    id: str
    revision: int
    maintenance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A privacy notice. `version` is the SHA-256 of its text, so it names the same words for ever."""

    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One resource that is booked; `name` is None where clients may not know it.

    `external_ref` is the bridge's own name for it.
    """

    name: str | None
    online: bool
    external_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarState(Calendar):
    """A calendar as read back."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentType:
    """One service a client can book. `mode` instant still waits for the bridge's decision."""

    display_name: str
    duration_min: int
    calendars: list[str]
    mode: Mode
    group: str | None = None
    instructions: str | None = None
    client_type: Literal["new", "existing", "both"] = "both"
    species: list[str] = field(default_factory=list)
    excluded_species: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentTypeState(AppointmentType):
    """An appointment type as read back."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStarts:
    """The starts one appointment type is offered at."""

    type: str
    starts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The whole offer of one calendar and window; it replaces what was there.

    `moves` is what bookings with `moves_to` "moves" may be moved to.
    """

    source_revision: int
    offers: list[OfferedStarts]
    moves: list[OfferedStarts] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A start a client can take."""

    type: str
    calendar: str
    start: str
    end: str | None
    resource_name: str | None = None
