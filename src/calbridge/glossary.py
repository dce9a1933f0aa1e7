"""The words of this field: what calbridge, FHIR and iCalendar call a thing. Plugins add what vendors call it.

`TERMS` is closed: a plugin translates these terms and no others. docs/reference/glossary.md is made from them.
FHIR is R4 (Appointment, Slot, Schedule, PractitionerRole, HealthcareService); iCalendar is RFC 5545,
with availability from RFC 7953.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word and its meaning. `fhir` and `icalendar` are empty where that standard has no such thing."""

    name: str
    meaning: str
    fhir: str = ""
    icalendar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A vendor's words in one language (BCP 47): the name of a term -> what the vendor's own screens and pages say."""

    vendor: str
    language: str
    words: Mapping[str, str]


TERMS: tuple[Term, ...] = (
    # who and what
    Term(
        name="clinic",
        meaning="the practice, with one time zone and its own rules",
        fhir="Organization, Location",
    ),
    Term(
        name="resource",
        meaning="a practitioner, a room or a piece of equipment whose time is booked",
        fhir="Practitioner, Location or Device: the actor of a Schedule",
    ),
    Term(
        name="service",
        meaning="what is booked: the reason of the visit, with its length",
        fhir="HealthcareService, serviceType",
        icalendar="SUMMARY",
    ),
    Term(
        name="service_group",
        meaning="the heading a service is listed under",
        fhir="HealthcareService.category",
    ),
    Term(
        name="instructions",
        meaning="how the client prepares for a service",
        fhir="Appointment.patientInstruction",
    ),
    Term(
        name="client",
        meaning="the person who books: the animal's keeper, or the patient herself",
        fhir="RelatedPerson, Patient",
    ),
    Term(
        name="patient",
        meaning="who is treated; an animal in a veterinary practice",
        fhir="Patient, with the patient-animal extension",
    ),
    # when
    Term(
        name="schedule",
        meaning="when a resource can be booked: weekly plans, absences, closures",
        fhir="Schedule, with its Slots",
        icalendar="VAVAILABILITY",
    ),
    Term(
        name="opening_hours",
        meaning="the clinic's hours by weekday",
        fhir="Location.hoursOfOperation, HealthcareService.availableTime",
        icalendar="VAVAILABILITY",
    ),
    Term(
        name="window",
        meaning="time of a resource that clients may book online",
        fhir="PractitionerRole.availableTime",
        icalendar="AVAILABLE",
    ),
    Term(
        name="absence",
        meaning="a resource is away, whatever its plan says",
        fhir="PractitionerRole.notAvailable",
        icalendar="FBTYPE=BUSY-UNAVAILABLE",
    ),
    Term(
        name="closure",
        meaning="the whole clinic is closed for some days",
        fhir="HealthcareService.notAvailable",
        icalendar="FBTYPE=BUSY-UNAVAILABLE",
    ),
    Term(
        name="exclusion",
        meaning="a window in which something is not offered",
        fhir="Slot with status busy-unavailable",
        icalendar="FBTYPE=BUSY-UNAVAILABLE",
    ),
    Term(
        name="busy_time",
        meaning="time that is taken, by whatever",
        fhir="Slot with status busy",
        icalendar="FREEBUSY with FBTYPE=BUSY; a VEVENT with TRANSP:OPAQUE",
    ),
    Term(
        name="slot",
        meaning="a start that may be booked now, of one service on one resource",
        fhir="Slot with status free",
        icalendar="FBTYPE=FREE",
    ),
    Term(
        name="grid",
        meaning="the minutes at which a slot may start, from local midnight",
    ),
    Term(
        name="lead_time",
        meaning="the shortest notice",
        fhir="the start of Schedule.planningHorizon",
    ),
    Term(
        name="horizon",
        meaning="how many days ahead may be booked",
        fhir="the end of Schedule.planningHorizon",
    ),
    # what happens
    Term(
        name="hold",
        meaning="a slot that a client has chosen and not yet confirmed; nobody else can have it, and it expires",
        fhir="Appointment with status pending, Slot with status busy-tentative",
        icalendar="VEVENT with STATUS:TENTATIVE",
    ),
    Term(
        name="request",
        meaning="a booking that waits for the clinic's answer",
        fhir="Appointment with status pending",
        icalendar="VEVENT with STATUS:TENTATIVE",
    ),
    Term(
        name="booking",
        meaning="what the client asked for",
        fhir="Appointment with status proposed or pending",
    ),
    Term(
        name="appointment",
        meaning="what the clinic has",
        fhir="Appointment with status booked",
        icalendar="VEVENT with STATUS:CONFIRMED",
    ),
    Term(
        name="decline_reason",
        meaning="why a request was refused",
        fhir="Appointment.cancelationReason",
    ),
    Term(
        name="cancellation",
        meaning="an appointment that will not take place",
        fhir="Appointment with status cancelled",
        icalendar="VEVENT with STATUS:CANCELLED",
    ),
    # what is written and said
    Term(
        name="title",
        meaning="the heading that only the clinic sees",
        icalendar="SUMMARY, with CLASS:PRIVATE",
    ),
    Term(
        name="description",
        meaning="the reason of the visit, as the client sees it",
        fhir="Appointment.description",
        icalendar="DESCRIPTION",
    ),
    Term(
        name="note",
        meaning="what the clinic writes for itself",
        fhir="Appointment.comment",
        icalendar="DESCRIPTION, with CLASS:PRIVATE",
    ),
    Term(
        name="invitation",
        meaning="a message that asks a client to connect her account",
    ),
    Term(
        name="reminder",
        meaning="a message before the appointment",
        icalendar="VALARM",
    ),
)
"""In the order of the reference page."""
