"""The sections of the file, one pydantic model each; their fields are the configuration reference (rules.md 2 to 8).

A field's `description` is printed in the reference. Unknown keys are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from calbridge.fields import MailAddress, OneLine, ServerUrl
from calbridge.model import Language
from calbridge.settings.values import (
    Brief,
    Category,
    Day,
    Grid,
    HoldTime,
    Keys,
    Lasting,
    Moment,
    Region,
    Seconds,
    SpeciesKeys,
    TimeZone,
    Turned,
    Weekday,
    Weekdays,
    Whole,
    Windows,
    distinct,
    in_order,
)

BookingMode = Literal["instant", "request"]
Unlinked = Literal["book_unlinked", "ask", "create", "create_if_complete"]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Section):
    """A table with `from` and `until`, local dates, both inclusive."""

    first: Day | None = Field(default=None, alias="from", description="first local date")
    last: Day | None = Field(default=None, alias="until", description="last local date, inclusive")

    _in_order = field_validator("last")(in_order)


class WeekSection(Dated):
    """One line of a resource's weekly plan."""

    days: Weekdays = Field(description="weekdays it is for")
    windows: Windows = Field(min_length=1, description='wall-clock windows, "HH:MM-HH:MM"')
    kind: Literal["online", "work"] = Field(default="online", description="bookable online, or working time")
    weeks: Literal["all", "odd", "even"] = Field(default="all", description="parity of the ISO week")


class AbsenceSection(Section):
    """A resource is away: local dates, both inclusive, or two instants."""

    first: Moment = Field(alias="from", description="first local date, or an instant with offset")
    last: Moment = Field(alias="until", description="last local date, inclusive, or an instant")
    reason: str = Field(default="", description="shown in explanations to staff")

    _in_order = field_validator("last")(in_order)


class ClosureSection(Section):
    """The clinic is closed."""

    first: Day = Field(alias="from", description="first local date")
    last: Day = Field(alias="until", description="last local date, inclusive")
    reason: str = Field(default="", description="shown in explanations to staff")

    _in_order = field_validator("last")(in_order)


class ExclusionSection(Section):
    """Windows in which something is not offered; an empty scope means all."""

    days: Weekdays = Field(description="weekdays it is for")
    windows: Windows = Field(min_length=1, description='wall-clock windows, "HH:MM-HH:MM"')
    services: Keys = Field(default=[], description="only these services")
    resources: Keys = Field(default=[], description="only these resources")
    species: SpeciesKeys = Field(default=[], description="only these species")


class ResourceSection(Section):
    """A practitioner, a room or a piece of equipment."""

    name: str = Field(min_length=1, description="as clients see it")
    kind: Literal["practitioner", "room", "equipment"] = Field(default="practitioner", description="what it is")
    online: bool = Field(default=False, description="may clients book it")
    week: list[WeekSection] = Field(default=[], description="weekly plans")
    absences: list[AbsenceSection] = Field(default=[], description="when it is away")


class RequirementSection(Section):
    """One more resource that the service needs, any of these."""

    any_of: Keys = Field(min_length=1, description="resources, the first free one is taken")


class ServiceSection(Section):
    """What is booked."""

    name: str = Field(min_length=1, description="as clients see it")
    minutes: Whole = Field(ge=1, le=1440, description="how long the visit takes")
    group: str = Field(default="", description="heading it is listed under")
    buffer_before: Whole = Field(default=0, ge=0, le=1440, description="minutes kept free before")
    buffer_after: Whole = Field(default=0, ge=0, le=1440, description="minutes kept free after")
    online: bool = Field(default=False, description="may clients book it")
    resources: Keys = Field(min_length=1, description="who or what it can be booked with")
    requires: list[RequirementSection] = Field(default=[], description="what else it needs")
    species: SpeciesKeys = Field(default=[], description="only for these species")
    excluded_species: SpeciesKeys = Field(default=[], description="not for these species")
    clients: Literal["all", "new", "known"] = Field(default="all", description="for whom it is")
    instructions: str = Field(default="", description="told to the client")
    booking_mode: BookingMode | None = Field(default=None, description="overrides the clinic's")
    max_per_day: Whole | None = Field(default=None, ge=1, description="online bookings on one local date")

    @field_validator("excluded_species")
    @classmethod
    def _not_admitted(cls, names: list[str], info: ValidationInfo) -> list[str]:
        both = sorted({*names} & {*info.data.get("species", ())})
        if both:
            raise ValueError(f'"{both[0]}" is admitted by species and refused here: take it out of one')
        return names


class AuthoritySection(Section):
    """Whose word counts where two sides say different things."""

    time: Literal["clinic", "last_edit", "pms", "calendar"] = Field(
        default="clinic", description="where and with whom: the clinic's last edit, anybody's, or one side's alone"
    )
    cancel: Literal["clinic", "pms", "calendar"] = Field(
        default="clinic", description="which of the clinic's sides may end an appointment"
    )
    service: Literal["portal", "clinic", "last_edit"] = Field(
        default="portal", description="the service of what came from a portal"
    )
    description: Literal["portal", "clinic", "last_edit"] = Field(
        default="portal", description="the reason of the visit of what came from a portal"
    )
    text: Literal["clinic", "pms", "calendar"] = Field(default="clinic", description="private title and note")


class RulesSection(Section):
    """The clinic's rules; what is not given comes from the preset, else from the default."""

    availability: Literal["windows", "opening_hours"] = Field(
        default="windows", description="where bookable time comes from"
    )
    without_windows: Literal["closed", "opening_hours"] = Field(
        default="closed", description="a resource without windows"
    )
    lead_time: Seconds = Field(default=0, description="shortest notice, elapsed time")
    lead_days: Whole = Field(default=0, ge=0, le=730, description="shortest notice in calendar days")
    horizon_days: Whole = Field(default=60, ge=0, le=730, description="how far ahead, inclusive")
    grid_minutes: Grid = Field(default=15, description="grid of starts from midnight")
    slots_per_hour: Whole | None = Field(default=None, ge=1, description="offered starts per clock hour")
    reserved_per_day: Whole = Field(default=0, ge=0, description="last starts of a day kept for the phone")
    max_source_age: Lasting | None = Field(default=None, description="oldest read a slot may rest on")
    booking_mode: BookingMode = Field(default="instant", description="booked at once, or a request")
    hold_ttl: HoldTime = Field(default=300, description='from choosing a slot to confirming it, at most "PT15M"')
    late_confirm: Literal["retry", "refuse"] = Field(default="retry", description="confirmed after the hold ended")
    client_cancel_cutoff: Seconds | None = Field(default=None, description="clients may cancel only earlier than this")
    client_move_cutoff: Seconds | None = Field(default=None, description="clients may move only earlier than this")
    auto_confirm_known_only: bool = Field(default=False, description="in request mode confirm known clients at once")
    decline_reason_visible: bool = Field(default=False, description="the client is told why")
    decline_notifies: bool = Field(default=True, description="a decline sends a message")
    late_change_policy: Literal["apply", "task"] = Field(
        default="apply", description="clinic changes inside the cutoff"
    )
    client_match: Literal["unique", "strict", "propose", "email"] = Field(default="unique", description="who is linked")
    name_case: Literal["fold", "exact"] = Field(default="fold", description="do capitals in names count")
    patient_match: Literal["name", "name_species"] = Field(default="name", description="which animal is linked")
    on_ambiguous: Unlinked = Field(default="book_unlinked", description="several records fit")
    on_unmatched: Unlinked = Field(default="book_unlinked", description="no record fits")
    one_patient_per_booking: bool = Field(
        default=False, description="a booking is for one animal; one for several is refused, else they all come along"
    )
    reschedule_scope: Literal["online", "opening_hours"] = Field(
        default="online", description="where clients may move to"
    )
    calendar_names: Literal["full", "pseudonym", "none"] = Field(default="full", description="names in the calendar")
    show_resource: bool = Field(default=True, description="the portal may show who")
    show_duration: bool = Field(default=True, description="the portal may show how long")
    reminders: Annotated[list[Lasting], AfterValidator(distinct)] = Field(default=[], description="before the start")
    publish: Literal["all", "marked"] = Field(default="all", description="which of the clinic's own go to the portal")
    publish_categories: Annotated[list[Category], AfterValidator(distinct)] = Field(
        default=[], description="the categories, or calendars of a PMS, that mark an appointment for the portal"
    )
    write_timeout: Seconds = Field(default=900, description="how long a side may take to write what it accepted")
    recreated_within: Brief = Field(
        default=120,
        description="how long a client's visit that was deleted in the PMS may take to be entered anew before it is "
        'cancelled, at most "PT15M"; "PT0S": it is cancelled at once',
    )
    authority: AuthoritySection = Field(default=AuthoritySection(), description="whose word counts")
    extra: dict[str, Turned] = Field(default={}, description="rules of plugins, true or their settings")


class GuardSection(Section):
    """What stops a run that looks wrong."""

    max_cancellations: Whole = Field(
        default=3, ge=0, description="cancellations in one cycle before a person must release it"
    )


class KindSection(BaseModel):
    """A section whose `kind` says which plugin reads it: what the host has no key for belongs to that plugin."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(description="which plugin kind it is")


class ConnectionSection(KindSection):
    """The keys that every connection has."""

    first_run: Literal["plan", "apply"] = Field(default="plan", description="does the first cycle write")
    allow_private: bool = Field(default=False, description="may it reach private and loopback addresses")
    ca_file: str = Field(default="", description="further certificate authorities it trusts, a PEM file")
    timeout: Lasting = Field(default=60, description="longest time of one request with its body")


class NotifierSection(KindSection):
    """The keys that every notifier has."""

    kind: str = Field(description="which notifier kind it is")


class ClinicSection(Section):
    """One clinic."""

    name: str = Field(min_length=1, description="as clients see it")
    time_zone: TimeZone = Field(description="IANA name")
    region: Region = Field(default="", description="country code, for phone numbers and wording")
    language: Language | Literal[""] = Field(default="", description="of entries and messages; empty: by region")
    phone: OneLine = Field(default="", description="told to clients who must call")
    email: MailAddress = Field(default="", description="where clients answer, and where the clinic gets its messages")
    booking_url: ServerUrl | Literal[""] = Field(default="", description="where clients book online; for invitations")
    preset: str = Field(default="", description="named set of rules")
    online: bool = Field(default=False, description="may clients book at all")
    privacy_notice: str = Field(
        default="", description="what a new client must agree to, word for word; stored with the date she did"
    )
    opening_hours: dict[Weekday, Windows] = Field(default={}, description="windows by weekday; a missing one is closed")
    closures: list[ClosureSection] = Field(default=[], description="when the clinic is closed")
    exclusions: list[ExclusionSection] = Field(default=[], description="negative windows")
    rules: RulesSection = Field(default=RulesSection(), description="rules of its own")
    guard: GuardSection = Field(default=GuardSection(), description="limits on what one cycle may do")
    resources: dict[str, ResourceSection] = Field(default={}, description="who and what can be booked")
    services: dict[str, ServiceSection] = Field(default={}, description="what can be booked")
    system_of_record: str = Field(default="", description="connection whose word makes a booking final")
    connections: dict[str, dict[str, Any]] = Field(default={}, description="the other systems")
    notifiers: dict[str, dict[str, Any]] = Field(default={}, description="who tells people, the first that can")


class BridgeSection(Section):
    """The process itself."""

    database: str = Field(default="calbridge.sqlite3", description="file, relative to the configuration")
    listen: str = Field(default="127.0.0.1:8620", description="address and port of the web server")
    every: Lasting = Field(default=60, description="how often each clinic is read")
    public_url: ServerUrl | Literal[""] = Field(default="", description="where others reach the web server")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")
    secrets_directory: str = Field(
        default="", description="directory with one file a secret, relative to the configuration"
    )


class FileSection(Section):
    """The whole file."""

    bridge: BridgeSection = Field(default=BridgeSection(), description="the process itself")
    clinics: dict[str, ClinicSection] = Field(default={}, description="the clinics")
