"""The clinic of a simulated day, and who its clients are. Small, so that people get in each other's way."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

from calbridge.model import Clinic, Details, Resource, Rules, Service, WallWindow
from calbridge.provider import ClientRecord, PatientRecord

ZONE = ZoneInfo("Europe/Berlin")
PRIVATE = "§private§"
"""Marks text that no portal may ever see."""

OPEN = tuple((weekday, (WallWindow(start=8 * 60, end=11 * 60),)) for weekday in range(7))

FIRST_MOMENTS = tuple(
    int(datetime.fromisoformat(f"{day}T05:00").replace(tzinfo=ZONE).timestamp())
    # a plain Monday; the two days on which the clock is changed; the turn of the year with week 53
    for day in ("2026-11-23", "2027-03-28", "2026-10-25", "2026-12-31")
)

CLIENTS = (
    ClientRecord(
        id="c-berg",
        first_name="Mia",
        last_name="Berg",
        emails=("mia@example.org",),
        patients=(PatientRecord(id="p-balu", name="Balu", species="dog"),),
    ),
    ClientRecord(id="c-lind-1", first_name="Tom", last_name="Lind", phones=("+493012345",)),
    ClientRecord(id="c-lind-2", first_name="Tom", last_name="Lind", phones=("+493054321",)),
)

APPLICANTS = (
    Details(first_name="Mia", last_name="Berg", email="mia@example.org", patient_name="Balu", species="dog"),
    Details(first_name="Tom", last_name="Lind", patient_name="Minka", species="cat"),
    Details(first_name="Eva", last_name="Neu", email="eva@example.org", patient_name="Rex", species="dog"),
)
"""One who matches one record, one who matches two, one who matches none."""


def clinic_of(chance: random.Random) -> Clinic:
    """Two vets and a room, three services; the rules that change the pipeline's path vary."""
    vets = ("anna", "ben")
    return Clinic(
        key="hafen",
        name="Praxis am Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours=dict(OPEN),
        resources={
            "anna": Resource(key="anna", name="Dr. Anna", online=True),
            "ben": Resource(key="ben", name="Dr. Ben", online=True),
            "room": Resource(key="room", name="Room", kind="room"),
        },
        services={
            "checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=vets),
            "vaccine": Service(
                key="vaccine", name="Vaccination", minutes=30, buffer_after=15, online=True, resources=vets
            ),
            "scan": Service(
                key="scan", name="Ultrasound", minutes=60, online=True, resources=vets, requires=(("room",),)
            ),
        },
        rules=Rules(
            availability="opening_hours",
            horizon_days=1,
            booking_mode=chance.choice(("instant", "instant", "request")),
            calendar_names=chance.choice(("full", "pseudonym", "none")),
            max_cancellations=1000,  # the guard has tests of its own; here a lonely person would have to release it
        ),
    )
