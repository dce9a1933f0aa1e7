"""What of the clinic's own may go to a portal, for all inputs: beside a second, plain implementation of `publish`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stories import DAY, HALF, HOUR, NOW, TEN, clinic, hub, phone, told

from calbridge.feeds import AccountRecord
from calbridge.hub import Answers, HubState, Shadow
from calbridge.marking import is_marked, marked_as
from calbridge.model import Appointment, Details, Showing, Side, State
from calbridge.provider import ClientRecord, PortalChange
from calbridge.reconcile import effects, reconcile, standing
from calbridge.testing.pure import PureHub, changed, everything, links
from calbridge.views import PortalView, project

CLIENTS = ("", "c1", "c2", "c3")
ACCOUNTS = {"c1": "account/1", "c2": "account/2"}
PRIVATE = {"title": "PRIVATE-TITLE", "note": "PRIVATE-NOTE", "client": "c1"}
LIVE = (State.CONFIRMED, State.ARRIVED)
OVER = (State.FULFILLED, State.NO_SHOW, State.CANCELLED)


@st.composite
def appointments(draw: st.DrawFn) -> Appointment:
    """One appointment of any origin, of any client, marked or not, shown somewhere or nowhere."""
    account = draw(st.sampled_from([None, "account/1", "account/2", "account/9"]))
    start = draw(st.sampled_from([NOW - DAY, NOW - HALF, TEN]))
    return Appointment(
        id="b1",
        clinic="hafen",
        state=draw(st.sampled_from((*LIVE, *OVER))),
        origin=draw(st.sampled_from([Side.CLINIC, Side.CLINIC, Side.CLIENT])),
        resource="anna",
        start=start,
        end=start + HALF,
        client=draw(st.sampled_from(CLIENTS)),
        title=PRIVATE["title"],
        note=PRIVATE["note"],
        description="reason",
        marked=draw(st.booleans()),
        showing=Showing(portal="portal", account=account) if account else None,
        written=draw(st.booleans()),
        reserved=True,
        source="pms",
    )


def state_of(appointment: Appointment, rules: Any, *, shown: bool, approved: bool = True) -> HubState:
    """A hub that knows two clients' accounts, and has shown the appointment where it says so."""
    known = {
        ("portal", ref): AccountRecord(ref=ref, version="1", client=client, match="linked")
        for client, ref in ACCOUNTS.items()
    }
    there = links(NOW)
    there["portal"] = replace(there["portal"], approved=approved)
    view = replace(project("portal", appointment, clinic(**rules)), state=State.CONFIRMED)
    shadow = Shadow(connection="portal", appointment="b1", ref="visit/1", version="1", view=view, asked="x")
    shadows = {("portal", "b1"): shadow} if shown and appointment.showing else {}
    return HubState(appointments={"b1": appointment}, foreign=known, links=there, shadows=shadows)


def plainly(appointment: Appointment, publish: str, shown: str) -> str:
    """The second implementation, from rules.md section 6 and article S1: "show", "withdraw", "call off", "leave"."""
    hers = ACCOUNTS.get(appointment.client, "")
    wants = hers != "" and (publish == "all" or appointment.marked)
    live = appointment.state in LIVE and appointment.end > NOW
    sure = appointment.state is not State.CONFIRMED or appointment.written
    if live:
        if shown and (not wants or shown != hers):
            return "withdraw"
        return "show" if wants and sure and not shown else "leave"
    if not shown or not sure:
        return "leave"
    return "call off" if appointment.state is State.CANCELLED else "leave"


SHOWN_TO_ANOTHER = Appointment(
    id="b1",
    clinic="hafen",
    state=State.CONFIRMED,
    origin=Side.CLINIC,
    resource="anna",
    start=TEN,
    end=TEN + HALF,
    client="c2",
    showing=Showing(portal="portal", account="account/1"),
    reserved=True,
    source="pms",
)
"""It was shown to one client, and is another's by now."""
NEWS = replace(SHOWN_TO_ANOTHER, client="c1", written=True)
"""It is to be shown to its client as something new, and was not yet."""


@given(appointments(), st.sampled_from(["all", "marked"]), st.booleans())
@example(SHOWN_TO_ANOTHER, "all", True).via("kept at the other's account until the PMS had written it")
@example(NEWS, "all", False).via("shown as news")
def test_what_goes_to_a_portal_is_what_the_rules_say(appointment: Appointment, publish: str, shown: bool) -> None:
    rules = {"publish": publish}
    state = state_of(appointment, rules, shown=shown)
    plan = reconcile(state, {}, Answers(), clinic(**rules), NOW)
    changes = [effect.change for effect in told(plan)]
    if appointment.origin is Side.CLIENT:
        assert all(change.ref for change in changes), "what clients booked is never shown a second time"
        return
    view = next((s.view for s in state.shadows.values()), None)
    there = view.account if isinstance(view, PortalView) else ""
    expected = plainly(appointment, publish, there)
    kinds = {_kind(change) for change in changes if isinstance(change, PortalChange)}
    assert kinds - {"keep"} == ({expected} if expected != "leave" else set()), expected
    assert "PRIVATE" not in repr(changes)
    before = appointment.showing
    decided = before is not None and before.account == ACCOUNTS.get(appointment.client)  # as news, and not shown yet
    for change in changes:
        assert isinstance(change, PortalChange)
        assert change.view.account in {"", ACCOUNTS.get(appointment.client), there}
        assert change.notify is {"withdraw": False, "show": decided}.get(_kind(change), True)


def _kind(change: PortalChange) -> str:
    if change.remove:
        return "call off" if change.view.state.gone else "withdraw"
    return "keep" if change.ref else "show"


@given(appointments(), st.sampled_from(["all", "marked"]))
def test_a_portal_that_is_not_approved_or_shows_nothing_is_given_nothing(
    appointment: Appointment, publish: str
) -> None:
    own = replace(appointment, origin=Side.CLINIC, showing=None)
    state = state_of(own, {"publish": publish}, shown=False, approved=False)
    assert told(reconcile(state, {}, Answers(), clinic(publish=publish), NOW)) == []
    able = state.links["portal"]
    mute = replace(able, approved=True, capabilities=replace(able.capabilities, publishes=False))
    there = replace(state, links={**state.links, "portal": mute})
    assert told(reconcile(there, {}, Answers(), clinic(publish=publish), NOW)) == []


@given(appointments(), st.sampled_from(["all", "marked"]), st.booleans())
def test_deciding_again_changes_nothing(appointment: Appointment, publish: str, shown: bool) -> None:
    """What a first plan decided a second one finds so; and it is no new version of the appointment."""
    it = PureHub(clinic(publish=publish), NOW, state_of(appointment, {"publish": publish}, shown=shown))
    it.see()
    first = it.state.appointments["b1"]
    assert first.revision == appointment.revision
    again = it.see()
    assert it.state.appointments["b1"] == first
    assert again.appointments == ()


# --- the story of one ------------------------------------------------------------------------------

MIA = Details(first_name="Mia", last_name="Albers", email="mia@example.org")
RECORD = ClientRecord(id="c1", first_name="Mia", last_name="Albers", emails=("mia@example.org",))


def member(**rules: Any) -> PureHub:
    """A client who is connected."""
    it = hub(**{"publish": "marked"} | rules)
    account = AccountRecord(ref="account/1", version="1", details=MIA)
    it.see(Answers(clients={"portal/account/1": (RECORD,)}), portal=changed(account))
    it.settle()
    return it


def test_an_account_keeps_nothing_of_its_owner_once_it_is_known_who_she_is() -> None:
    (record,) = member().state.foreign.values()
    assert isinstance(record, AccountRecord)
    assert (record.client, record.match, record.details) == ("c1", "linked", None)


def test_marked_shown_and_said_why() -> None:
    it = member()
    it.see(pms=changed(phone(client="c1", marked=True)))
    (effect,) = told(it.plans[-1])
    assert isinstance(effect.change, PortalChange)
    assert (effect.change.view.account, effect.change.notify, effect.change.ref) == ("account/1", True, "")
    (key,) = it.state.appointments
    assert [each.code for each in standing(it.state, it.state.appointments[key])] == ["shown_later"]
    it.settle()
    assert [each.code for each in standing(it.state, it.state.appointments[key])] == ["shown"]


def test_who_is_linked_to_no_account_is_staffs_own_business() -> None:
    it = member()
    it.see(pms=changed(phone(client="c2", marked=True)))
    it.settle()
    (appointment,) = it.state.appointments.values()
    assert [each.code for each in standing(it.state, appointment)] == ["staff"]


def test_a_move_by_staff_waits_until_it_is_written_before_she_sees_it() -> None:
    """Accepted is not written, here too."""
    it = member()
    it.see(pms=changed(phone(client="c1", marked=True)))
    it.settle()
    (key,) = it.state.appointments
    kept = it.state.appointments[key]
    it.state = replace(
        it.state, appointments={key: replace(kept, start=TEN + HOUR, end=TEN + HOUR + HALF, written=False)}
    )
    assert [e.connection for e in effects(it.state, it.clinic, it.now)] == ["pms", "calendar"]


def test_an_account_that_a_full_read_does_not_show_is_gone() -> None:
    it = member()
    it.see(pms=changed(phone(client="c1", marked=True)))
    it.settle()
    shown = it.state.shadows["portal", next(iter(it.state.appointments))]
    it.now += HOUR
    it.see(portal=everything())
    assert it.state.foreign == {}
    assert [e.change.remove for e in told(it.plans[-1])] == [True]
    assert shown.ref


# --- the words for it ------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["around.pet", "App", "Straße"]), min_size=1, unique=True)
CATEGORIES = st.lists(st.sampled_from([" Around.PET", "app", "STRASSE", "Hund", "Chirurgie", ""]), unique=True)


@given(CATEGORIES, WORDS, st.booleans())
def test_a_mark_is_set_and_taken_away_beside_staffs_own_words(
    given_: list[str], words: list[str], marked: bool
) -> None:
    after = marked_as(given_, words, marked=marked)
    assert is_marked(after, words) is marked
    others = [each for each in given_ if not is_marked([each], words)]
    assert [each for each in after if not is_marked([each], words)] == others
    assert marked_as(after, words, marked=marked) == after


@pytest.mark.parametrize("words", [(), ("",)])
def test_without_a_word_nothing_is_marked(words: tuple[str, ...]) -> None:
    assert not is_marked(["", "around.pet"], words)
