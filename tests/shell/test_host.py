"""The host keeps the bridge alive whatever a provider does, and says which plugin did it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, Replan, RetryLater, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.host import Candidate, ClinicHost, ranks
from calbridge.interval import Interval
from calbridge.model import Clinic, State
from calbridge.provider import (
    Busy,
    CalendarChange,
    Capabilities,
    Change,
    Complete,
    Delta,
    Entry,
    Feed,
    NotModified,
    Receipt,
    Record,
    Unknown,
)
from calbridge.views import CalendarView, PmsView, PortalView

CLINIC = Clinic(key="hafen", name="Hafen", time_zone="Europe/Berlin")
WINDOW = Interval(0, 86_400)
VIEW = CalendarView(state=State.CONFIRMED, resource="anna", start=100, end=200)
ENTRY = Entry(ref="cal/1.ics", version="1", view=VIEW)
NO_TIME = replace(VIEW, end=100)
OTHER = PmsView(state=State.CONFIRMED, resource="anna", start=100, end=200)
CHANGE = CalendarChange(key="k", appointment="a", revision=1, view=VIEW)
EMPTY: Feed[Record] = Complete(window=WINDOW, items=())


class Calendar:
    """A provider whose hooks do what the test says."""

    capabilities = Capabilities(fields=frozenset({"start", "end"}))

    def __init__(self, act: Callable[[], Any] = lambda: EMPTY) -> None:
        self.act = act

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval) -> Any:
        return self.act()

    @hookimpl
    def propagate_change(self, change: Change) -> Any:
        return self.act()


def host(act: Callable[[], Any] = lambda: EMPTY, **options: Any) -> ClinicHost:
    candidate = Candidate(role="calendar", make=lambda: Calendar(act), plugin="plugin calbridge-x 1.2")
    return ClinicHost(CLINIC, {"calendar": candidate}, **options)


def pull(clinic: ClinicHost, cursor: str = "", name: str = "calendar") -> Any:
    return clinic.pull(name, cursor, WINDOW, {})


def raising(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def test_a_good_provider_is_called_with_what_it_asks_for() -> None:
    clinic = host()
    assert pull(clinic) == EMPTY
    assert clinic.can("calendar", "import_schedule")
    assert not clinic.can("calendar", "find_clients")
    assert not clinic.can("other", "import_schedule")
    assert clinic.broken == {}


def test_only_the_named_connection_is_called() -> None:
    called: list[str] = []

    def noting(name: str) -> Callable[[], Any]:
        return lambda: called.append(name) or EMPTY  # type: ignore[func-returns-value]  # None is false

    names = ("a", "b", "c")
    clinic = ClinicHost.of(CLINIC, {name: ("calendar", Calendar(noting(name))) for name in names})
    pull(clinic, name="b")
    assert called == ["b"]


def test_no_side_is_handed_another_sides_fields() -> None:
    called: list[str] = []
    portal = ClinicHost.of(CLINIC, {"portal": ("portal", Calendar(lambda: called.append("called")))})
    with pytest.raises(NeedsHuman, match="another side's fields"):
        portal.change("portal", CHANGE)
    assert called == []


FAILURES: list[tuple[BaseException, type[BridgeError], str]] = [
    (RetryLater("busy", after=9.0), RetryLater, "calendar: busy"),
    (Replan("moved"), Replan, "calendar: moved"),
    (SkipItem("odd", item="x"), SkipItem, "calendar x: odd"),
    (ConfigError("no password"), NeedsHuman, "calendar: no password"),
    (httpx.ReadTimeout("Rex Sommer"), RetryLater, "did not answer in time"),
    (ConnectionRefusedError(), RetryLater, "nothing answers at the server"),
    (KeyError("Rex Sommer"), NeedsHuman, "plugin calbridge-x 1.2 failed in import_schedule (KeyError at "),
    (SystemExit(3), NeedsHuman, "plugin calbridge-x 1.2 failed in import_schedule (SystemExit at "),
    (RecursionError(), NeedsHuman, "(RecursionError at "),
]


@pytest.mark.parametrize(("error", "kind", "text"), FAILURES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("threads", [True, False])
def test_every_exception_becomes_a_recovery_and_keeps_its_data(
    error: BaseException, kind: type[BridgeError], text: str, threads: bool
) -> None:
    with pytest.raises(kind) as caught:
        pull(host(raising(error), threads=threads))
    assert text in str(caught.value)
    assert caught.value.connection == "calendar"
    assert "Rex" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_retry_after_survives() -> None:
    with pytest.raises(RetryLater) as caught:
        pull(host(raising(RetryLater("busy", after=9.0))))
    assert caught.value.after == 9.0


async def coroutine() -> None:
    """What a hook that was meant to be plain returns."""


def twice() -> Any:
    return Complete(window=WINDOW, items=(ENTRY, ENTRY))


def portal_entry() -> Any:
    view = PortalView(state=State.HELD, resource="anna", start=1, end=2)
    return Complete(window=WINDOW, items=(Entry(ref="x", version="1", view=view),))


def backwards() -> Any:
    view = CalendarView(state=State.HELD, resource="anna", start=9, end=9)
    return Complete(window=WINDOW, items=(Entry(ref="x", version="1", view=view),))


VIOLATIONS: dict[str, tuple[Callable[[], Any], str]] = {
    "nothing": (lambda: None, "it gave nothing back, not a feed"),
    "an empty list": (list, "it gave a list back, not a feed"),
    "a coroutine": (coroutine, "it gave a coroutine back; hooks are plain functions"),
    "a list of items": (
        lambda: Complete(window=WINDOW, items=[]),  # type: ignore[arg-type]
        "it gave a list as the items of a feed, not a tuple",
    ),
    "foreign items": (
        lambda: Complete(window=WINDOW, items=("x",)),
        "it gave a str in a feed of import_schedule",
    ),
    "one ref twice": (twice, "it gave two items with the same ref in one feed"),
    "another side's view": (portal_entry, "it gave an entry with a PortalView, not a CalendarView"),
    "no length": (backwards, "it gave an entry's time that ends before it begins, or has no length"),
    "a window backwards": (
        lambda: Complete(window=Interval(5, 1), items=()),
        "it gave a window that ends before it begins, or has no length",
    ),
    "floats": (
        lambda: Complete(window=Interval(0.5, 1.5), items=()),  # type: ignore[arg-type]
        "it gave a window that is not two whole numbers of seconds",
    ),
    "a delta at first": (lambda: Delta(changed=()), "it answered Delta to a first read, which has no cursor"),
    "not modified at first": (NotModified, "it answered NotModified to a first read, which has no cursor"),
    "no ref": (
        lambda: Complete(window=WINDOW, items=(Busy(ref="", version="", resource="anna", spans=()),)),
        "it gave a Busy without a ref or with a version that is not text",
    ),
    "spans that are none": (
        lambda: Complete(window=WINDOW, items=(Busy(ref="x", version="", resource="anna", spans=None),)),  # type: ignore[arg-type]
        "it gave an answer with parts of the wrong type (TypeError)",
    ),
    "a numeric cursor": (
        lambda: Complete(window=WINDOW, items=(), cursor=7),  # type: ignore[arg-type]
        "it gave a cursor that is not text",
    ),
}


MISFITS: dict[str, tuple[Record, str]] = {
    "a time of day": (replace(ENTRY, modified=1.5), "Entry whose modified is"),  # type: ignore[arg-type]
    "no stamp": (replace(ENTRY, stamp=7), "Entry whose stamp is"),  # type: ignore[arg-type]
    "yes for a number": (replace(ENTRY, expires=True), "Entry whose expires is"),
    "a state by its name": (replace(ENTRY, view=replace(VIEW, state="held")), "Entry whose view.state is"),  # type: ignore[arg-type]
    "no title": (replace(ENTRY, view=replace(VIEW, title=None)), "Entry whose view.title is"),  # type: ignore[arg-type]
    "half a character": (replace(ENTRY, view=replace(VIEW, title="Rex \ud800")), "Entry whose view.title is"),
    "a year that no clock shows": (replace(ENTRY, view=replace(VIEW, end=2**40)), "Entry whose view.end is"),
    "a dictionary for details": (replace(ENTRY, details={}), "Entry whose details is"),  # type: ignore[arg-type]
    "a pair for a span": (Busy(ref="b", version="", resource="anna", spans=((1, 2),)), "Busy whose spans is"),  # type: ignore[arg-type]
    "nobody's time": (Busy(ref="b", version="", resource=None, spans=()), "Busy whose resource is"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_record_with_a_wrong_field_is_refused_by_the_field_and_without_its_content(name: str) -> None:
    record, sentence = MISFITS[name]
    with pytest.raises(NeedsHuman, match=f"gave an? {sentence} not of its type") as caught:
        pull(host(lambda: Complete(window=WINDOW, items=(record,))))
    assert "Rex" not in str(caught.value)
    if isinstance(record, Entry):
        with pytest.raises(NeedsHuman, match="not of its type"):
            host(lambda: Receipt(outcome="written", entry=record)).change("calendar", CHANGE)


def test_a_pair_is_no_window() -> None:
    with pytest.raises(NeedsHuman, match="gave a tuple as its window, not an Interval"):
        pull(host(lambda: Complete(window=(1, 2), items=())))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", VIOLATIONS)
def test_an_answer_against_the_contract_stops_the_connection_by_name(name: str) -> None:
    act, sentence = VIOLATIONS[name]
    with pytest.raises(NeedsHuman) as caught:
        pull(host(act))
    assert caught.value.hint == (
        f"plugin calbridge-x 1.2 broke the contract of import_schedule: {sentence}; update it or tell its maker"
    )


def test_a_ref_cannot_have_changed_and_gone_at_once() -> None:
    delta: Feed[Record] = Delta(changed=(ENTRY,), removed=(ENTRY.ref,))
    with pytest.raises(NeedsHuman, match="that it changed and that it was removed"):
        pull(host(lambda: delta), cursor="7")


@pytest.mark.parametrize(
    ("receipt", "sentence"),
    [
        (None, "gave nothing back, not a Receipt"),
        (Receipt(outcome="written"), "says it wrote an appointment but gave no entry read back"),
        (Receipt(outcome="written", gone="r1"), "names as gone what was not new, or is still shown"),
        (Receipt(outcome="moved", wrote=VIEW), "or of what is not there"),
        (
            Receipt(outcome="written", entry=ENTRY, wrote=ENTRY.view),
            "says what it wrote of a change that it carried out",
        ),
        (Receipt(outcome="moved", entry=ENTRY, wrote=OTHER), "says that it wrote a PmsView, not a CalendarView"),
        (Receipt(outcome="moved", entry=ENTRY, wrote=NO_TIME), "gave a time that it wrote that ends before it begins"),
        (Receipt(outcome="perhaps"), "gave an outcome that does not exist"),  # type: ignore[arg-type]
    ],
)
def test_a_receipt_must_say_what_was_written(receipt: Any, sentence: str) -> None:
    with pytest.raises(NeedsHuman, match=sentence):
        host(lambda: receipt).change("calendar", CHANGE)


def test_a_call_over_its_limit_is_given_up_and_not_repeated_while_it_hangs() -> None:
    release, calls = threading.Event(), []

    def hang() -> Any:
        calls.append(1)
        release.wait(10)
        return EMPTY

    clinic = host(hang, limits={"import_schedule": 0.05})
    with pytest.raises(RetryLater, match=r"did not end within 0\.05 seconds"):
        pull(clinic)
    began = time.monotonic()
    with pytest.raises(RetryLater, match="an earlier call still hangs"):
        pull(clinic)
    assert time.monotonic() - began < 0.04
    release.set()
    for _ in range(100):
        if len(calls) == 1:
            time.sleep(0.01)
        try:
            pull(clinic)
        except RetryLater:
            continue
        break
    assert len(calls) == 2


def test_two_calls_of_one_connection_take_turns() -> None:
    running: list[int] = []
    overlaps: list[int] = []

    def slow() -> Any:
        overlaps.append(len(running))
        running.append(1)
        time.sleep(0.02)
        running.pop()
        return EMPTY

    clinic = host(slow)
    threads = [threading.Thread(target=pull, args=(clinic,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [0, 0, 0, 0]


def test_a_hanging_connection_does_not_stop_another() -> None:
    release = threading.Event()
    clinic = ClinicHost.of(
        CLINIC,
        {"slow": ("calendar", Calendar(lambda: release.wait(10))), "good": ("calendar", Calendar())},
        threads=True,
        limits={"import_schedule": 0.05},
    )
    with pytest.raises(RetryLater):
        pull(clinic, name="slow")
    assert pull(clinic, name="good") == EMPTY
    release.set()


class Misspelt(Calendar):
    @hookimpl
    def import_shedule(self) -> None:
        """One letter short."""


class Asynchronous(Calendar):
    @hookimpl
    async def probe(self, ref: str) -> None:
        """Would give a coroutine back."""


class TooMany(Calendar):
    @hookimpl
    def probe(self, ref: str, colour: str) -> None:
        """Asks for an argument that no contract has."""


class Bare:
    """No capabilities."""


def fails() -> Any:
    raise ValueError("secret")


LINE = f"{__name__}:{fails.__code__.co_firstlineno + 1}"
REFUSED = "plugin x 1 is refused:"
BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "misspelt": (
        Misspelt,
        f'{REFUSED} it implements a hook import_shedule that does not exist; did you mean "import_schedule"?',
    ),
    "asynchronous": (
        Asynchronous,
        f"{REFUSED} its hook probe is asynchronous; hooks are plain functions",
    ),
    "arguments": (
        TooMany,
        f"{REFUSED} one of its hooks takes arguments the contract does not have",
    ),
    "capabilities": (Bare, f"{REFUSED} it has nothing as its capabilities"),
    "raises": (
        fails,
        f"plugin x 1 failed in its construction (ValueError at {LINE}): update it or tell its maker",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_provider_that_cannot_be_hosted_is_broken_and_the_others_work(name: str) -> None:
    make, sentence = BROKEN[name]
    clinic = ClinicHost(
        CLINIC,
        {
            "bad": Candidate(role="calendar", make=make, plugin="plugin x 1"),
            "good": Candidate(role="calendar", make=Calendar),
        },
        threads=False,
    )
    assert {key: error.hint for key, error in clinic.broken.items()} == {"bad": sentence}
    assert list(clinic.connections) == ["good"]
    assert pull(clinic, name="good") == EMPTY
    with pytest.raises(NeedsHuman) as caught:
        pull(clinic, name="bad")
    assert caught.value.connection == "bad"


def test_what_a_side_cannot_do_is_said() -> None:
    clinic = host()
    assert isinstance(clinic.probe("calendar", "x"), Unknown)
    assert clinic.check("calendar") == ()
    with pytest.raises(NeedsHuman, match="cannot do export_availability: leave this connection out"):
        clinic.offer("calendar", None)  # type: ignore[arg-type]
    with pytest.raises(NeedsHuman, match="no such connection"):
        pull(clinic, name="other")


@pytest.mark.parametrize(
    ("roles", "named", "unknown", "expected"),
    [
        ({"k": "calendar", "p": "pms", "w": "portal"}, "", {}, {"k": 2, "p": 0, "w": 3}),
        ({"k": "calendar", "w": "portal"}, "", {}, {"k": 0, "w": 3}),
        ({"k": "calendar", "l": "calendar"}, "", {}, {"k": 0, "l": 0}),
        ({"k": "calendar", "p": "pms"}, "k", {}, {"k": 0, "p": 1}),
        ({"k": "calendar"}, "", {"p": 1}, {"k": 2}),
        ({"k": "calendar"}, "p", {"p": 1}, {"k": 2}),
        ({}, "", {}, {}),
    ],
)
def test_the_system_of_record_is_the_named_one_else_the_pms_else_the_calendar(
    roles: Any, named: str, unknown: Any, expected: Any
) -> None:
    assert ranks(roles, named, unknown=unknown) == expected


def test_a_machine_without_threads_closes_no_connection_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = host()
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", lambda _: raising(RuntimeError("can't start new thread"))())
        with pytest.raises(RetryLater, match="no thread left"):
            pull(clinic)
    assert pull(clinic) == EMPTY
