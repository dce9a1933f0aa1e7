"""The practice itself: who works there, what can be booked, when. Static, and the same for the bridge and the PMS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KEY: Final = "lindenufer"
NAME: Final = "Kleintierpraxis am Lindenufer"
ZONE: Final = "Europe/Berlin"
REGION: Final = "DE"
EMAIL: Final = "empfang@lindenufer.example.org"

OPENING: Final[dict[str, tuple[str, ...]]] = {
    "mon": ("08:00-12:30", "14:00-18:00"),
    "tue": ("08:00-12:30", "14:00-18:00"),
    "wed": ("08:00-13:00",),
    "thu": ("08:00-12:30", "14:00-19:00"),
    "fri": ("08:00-12:30", "14:00-17:00"),
    "sat": ("09:00-12:00",),
}
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS: Final = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One line of a vet's week for online booking; `weeks` is all, odd or even, `first` and `last` local dates."""

    days: tuple[str, ...]
    windows: tuple[str, ...]
    weeks: str = "all"
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vet:
    """A practitioner with a room of her own and a calendar of her own."""

    key: str
    name: str
    room: str
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service. `minutes` and buffers as the clinic writes them; `rooms` is one required room of several."""

    key: str
    name: str
    group: str
    minutes: int
    vets: tuple[str, ...]
    before: int = 0
    after: int = 0
    rooms: tuple[str, ...] = ()
    species: tuple[str, ...] = ()
    instructions: str = ""
    online: bool = True


ROOMS: Final[dict[str, str]] = {"raum1": "Behandlungsraum 1", "raum2": "Behandlungsraum 2"}

VETS: Final = (
    Vet(
        key="alma",
        name="Dr. Alma Rehbein",
        room="raum1",
        plans=(
            Plan(days=WORKDAYS, windows=("08:30-12:00",)),
            Plan(days=("mon", "tue"), windows=("15:00-17:30",)),
            Plan(days=("thu",), windows=("15:00-18:30",), weeks="even"),
        ),
    ),
    Vet(
        key="jonas",
        name="Dr. Jonas Tannert",
        room="raum2",
        plans=(
            Plan(days=WORKDAYS, windows=("09:00-12:30",)),
            Plan(days=("mon", "thu", "fri"), windows=("14:30-16:30",)),
            Plan(days=("sat",), windows=("09:00-11:00",), weeks="odd"),
        ),
    ),
)

BOTH: Final = ("alma", "jonas")
CAT_AND_DOG: Final = ("cat", "dog")
SERVICES: Final = (
    Offer(key="checkup", name="Check-up", group="Vorsorge", minutes=30, vets=BOTH, after=5),
    Offer(key="vaccination", name="Impfung", group="Vorsorge", minutes=15, vets=BOTH, species=(*CAT_AND_DOG, "rabbit")),
    Offer(
        key="dental",
        name="Zahnbehandlung",
        group="Behandlung",
        minutes=60,
        vets=("alma",),
        before=10,
        after=10,
        rooms=("raum2", "raum1"),
        species=CAT_AND_DOG,
        instructions="Bitte zwölf Stunden vorher nicht mehr füttern.",
    ),
    Offer(
        key="ultrasound", name="Ultraschall", group="Diagnostik", minutes=45, vets=("jonas",), after=5,
        species=CAT_AND_DOG,
    ),
    Offer(
        key="exotics", name="Heimtiersprechstunde", group="Behandlung", minutes=30, vets=("jonas",),
        species=("rabbit", "guinea pig"),
    ),
    Offer(key="claws", name="Krallenpflege", group="Pflege", minutes=15, vets=BOTH, after=5),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a story sets up its own way. `keys` are lines of the clinic's section, `rules` of its rules, as TOML values.

    `visits` is how many appointments the PMS holds in the morning; `notes` whether the vets keep entries of their own;
    `plans_in_pms` whether the vets' plans are kept there instead of in the bridge's configuration. `mails`: the bridge
    has a mail server to write through; `portal_tells`: the portal tells clients by itself. `page` is the page of the
    portal that clients are sent to.
    """

    vets: tuple[Vet, ...] = VETS
    services: tuple[Offer, ...] = SERVICES
    keys: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    visits: int = 0
    days: int = 21
    notes: bool = True
    plans_in_pms: bool = False
    mails: bool = False
    portal_tells: bool = True
    page: str = "book"


DAY: Final = Practice(
    rules={"lead_days": "1", "booking_mode": '"instant"', "client_match": '"unique"'},
    visits=60,
)
"""The practice of the day that is lived without a vendor."""
