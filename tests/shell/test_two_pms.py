"""Two PMSs in one clinic, each with a client number 7 of its own: nobody is ever taken for the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from small_clinic import HALF, MARA, SmallClinic, clinic

from calbridge.hub import Command
from calbridge.model import State
from calbridge.provider import ClientQuery, ClientRecord, PatientRecord
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit

MARAS = ClientRecord(
    id="7",
    first_name="Mara",
    last_name="Voss",
    emails=("mara@example.org",),
    patients=(PatientRecord(id="1", name="Bo"),),
)
TOMS = ClientRecord(
    id="7",
    first_name="Tom",
    last_name="Lind",
    emails=("tom@example.org",),
    patients=(PatientRecord(id="1", name="Minka"),),
)


class Place(SmallClinic):
    """`pets` is the system of record, `farm` the other PMS; both keep Anna's diary."""

    roles: ClassVar = {"pets": "pms", "farm": "pms"}
    system_of_record = "pets"
    after = 1

    def __init__(self) -> None:
        super().__init__(clinic(horizon_days=0, publish="all"), clients=[MARAS])
        self.pets, self.farm = self.pms, PmsModel(self.clock, clients=[TOMS])
        self.cycle()

    def connected(self) -> dict[str, Any]:
        portal = super().connected()["portal"]
        return {"pets": MemoryPms(self.pets), "farm": MemoryPms(self.farm), "portal": portal}

    def visit(self, pms: PmsModel) -> Visit:
        (found,) = pms.live()
        return found

    def links(self) -> dict[str, tuple[str, str]]:
        """Whom each PMS links its own entry to."""
        visits = {"pets": self.visit(self.pets), "farm": self.visit(self.farm)}
        return {name: (visit.client, visit.patient) for name, visit in visits.items()}

    def writes(self) -> tuple[int, ...]:
        return (*super().writes(), self.farm.writes)


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_booking_is_linked_where_its_client_is_known_and_nowhere_else(place: Place) -> None:
    place.book()
    assert (place.booking().client, place.booking().patient) == ("pets/7", "1")
    assert place.links() == {"pets": ("7", "1"), "farm": ("", "")}
    writes = place.writes()
    place.cycle(2)
    assert place.writes() == writes


def test_the_other_pms_keeps_the_link_that_it_makes_itself(place: Place) -> None:
    """Its client 7 is somebody else: that is its own business, also when the booking changes."""
    ref = place.book()
    place.farm.edit(place.visit(place.farm).ref, client="7", patient="1")
    place.cycle(2)
    assert place.booking().client == "pets/7"
    assert place.links() == {"pets": ("7", "1"), "farm": ("7", "1")}
    place.portal.move(ref, place.booking().start + 3_600)
    place.cycle(2)
    assert place.links() == {"pets": ("7", "1"), "farm": ("7", "1")}
    assert {place.visit(each).start for each in (place.pets, place.farm)} == {place.booking().start}


def test_the_first_pms_relinks_and_frees_what_it_linked(place: Place) -> None:
    place.book()
    place.pets.clients.append(replace(MARAS, id="8"))
    place.pets.edit(place.visit(place.pets).ref, client="8", patient="")
    place.cycle()
    assert place.booking().client == "pets/8"
    place.pets.edit(place.visit(place.pets).ref, client="", patient="")
    place.cycle()
    assert (place.booking().client, place.links()["farm"]) == ("", ("", ""))


def test_the_first_pms_takes_over_what_the_other_had_linked(place: Place) -> None:
    """From then on whom the other links its own entry to is its own business."""
    place.pets.clients.clear()
    place.book()
    place.farm.edit(place.visit(place.farm).ref, client="7", patient="1")
    place.cycle()
    assert (place.booking().client, place.links()["pets"]) == ("farm/7", ("", ""))
    place.pets.edit(place.visit(place.pets).ref, client="3", patient="")
    place.cycle(2)
    assert place.booking().client == "pets/3"
    assert place.links() == {"pets": ("3", ""), "farm": ("7", "1")}


def test_an_animal_that_the_first_pms_picks_for_its_own_client_is_not_filed_under_the_others(place: Place) -> None:
    place.book()
    place.farm.clients.append(replace(MARAS, id="12"))
    place.store.add_command("hafen", Command(kind="link", appointment=place.booking().id, client="farm/12"))
    place.cycle(2)
    place.pets.edit(place.visit(place.pets).ref, patient="55")
    place.cycle(2)
    assert (place.booking().client, place.booking().patient) == ("farm/12", "")
    assert place.links() == {"pets": ("7", "55"), "farm": ("12", "")}
    assert not [each for each in place.store.journal("hafen") if each.code == "overruled"], "it is its own business"
    place.pets.edit(place.visit(place.pets).ref, client="3", patient="4")
    place.cycle(2)
    assert (place.booking().client, place.booking().patient) == ("pets/3", "4")


def test_what_the_first_pms_frees_of_its_own_link_frees_nobody_elses(place: Place) -> None:
    """A person linked the booking to the other's record; then the desk takes its own wrong link away."""
    place.book()
    place.farm.clients.append(replace(MARAS, id="12"))
    place.store.add_command("hafen", Command(kind="link", appointment=place.booking().id, client="farm/12"))
    place.cycle(2)
    place.pets.edit(place.visit(place.pets).ref, client="", patient="")
    place.cycle(2)
    assert (place.booking().client, place.booking().not_clients) == ("farm/12", ("pets/7",))
    assert place.links() == {"pets": ("", ""), "farm": ("12", "")}


def test_what_reception_makes_in_the_other_pms_is_of_its_own_client(place: Place) -> None:
    start = place.first()
    place.farm.phone(Visit(ref="", resource="anna", start=start, end=start + HALF, client="7", patient="1"))
    place.cycle(2)
    (made,) = place.store.appointments("hafen")
    assert made.client == "farm/7"
    assert place.links() == {"pets": ("", ""), "farm": ("7", "1")}


def test_an_account_shows_nobody_elses_appointments(place: Place) -> None:
    """Mara's account is of client 7 of the one; what Tom's client 7 of the other has is not hers to see."""
    account = place.portal.connect(MARA)
    place.cycle()
    start = place.first()
    place.farm.phone(Visit(ref="", resource="anna", start=start, end=start + HALF, client="7", patient="1"))
    place.cycle(2)
    assert place.portal.page(account) == []
    place.pets.phone(Visit(ref="", resource="anna", start=start + HALF, end=start + 2 * HALF, client="7", patient="1"))
    place.cycle(2)
    assert [each.start for each in place.portal.page(account)] == [start + HALF]


def test_who_has_a_record_in_both_is_a_persons_choice_and_is_shown_once_for_each(place: Place) -> None:
    place.farm.clients.append(replace(MARAS, id="12"))
    place.book()
    (line,) = [each for each in place.store.journal("hafen") if each.code == "ambiguous"]
    assert line.facts["candidates"].count("farm/12:") == line.facts["candidates"].count("pets/7:") == 1
    place.store.add_command("hafen", Command(kind="link", appointment=place.booking().id, client="farm/12"))
    place.cycle()
    assert place.booking().client == "farm/12"
    assert place.links() == {"pets": ("", ""), "farm": ("12", "")}
    assert place.booking().state is State.CONFIRMED


def test_a_new_record_is_linked_where_it_was_made(place: Place) -> None:
    place.pets.clients.clear()
    place.book()
    place.store.add_command("hafen", Command(kind="create", appointment=place.booking().id))
    place.cycle(2)
    made = place.pets.clients[0]
    assert place.booking().client == f"pets/{made.id}"
    assert place.links() == {"pets": (made.id, made.patients[0].id), "farm": ("", "")}


def test_each_side_is_asked_for_its_own_numbers_only(place: Place) -> None:
    host = place.host()
    assert host.find_clients("farm", ClientQuery(id="pets/7")) == ()
    assert [each.id for each in host.find_clients("pets", ClientQuery(id="pets/7"))] == ["pets/7"]
    place.pets.clients.append(MARAS)  # a search by several fields finds some twice
    assert [each.id for each in host.find_clients("pets", ClientQuery(last_name="Voss"))] == ["pets/7"]
