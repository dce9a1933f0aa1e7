"""The facade of the notifiers: each alone, with a time limit, what fails is one of four, what is wrong is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from calbridge.calls import Stopped
from calbridge.connect import Host
from calbridge.errors import BridgeError, NeedsHuman, RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.messages import Kind
from calbridge.notify import NotifierCandidate, Notifiers
from calbridge.plugins import load_plugins
from calbridge.provider import (
    ClinicNotice,
    Finding,
    NotifierAbilities,
    NotifierKind,
    NotifyReceipt,
    PublicClinic,
    PublicContext,
)
from calbridge.settings import ConfigErrors, load

NOTICE = ClinicNotice(
    key="b1/request_received/clinic",
    kind=Kind.REQUEST_RECEIVED,
    clinic=PublicClinic(key="hafen", name="Hafen", time_zone="Europe/Berlin"),
    booking="b1",
    revision=1,
    start=0,
    end=1800,
)
LIMIT = 5.0


class Post:
    """A notifier that does what the test says."""

    abilities = NotifierAbilities()

    def __init__(self, act: Callable[[], Any] = NotifyReceipt) -> None:
        self.act = act

    @hookimpl
    def notify(self, notice: Any, hand_over: Callable[[], None]) -> Any:
        hand_over()
        return self.act()


def nothing() -> None:
    """Handed over."""


def raising(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def candidate(notifier: Any) -> NotifierCandidate:
    return NotifierCandidate(make=lambda: notifier, plugin="plugin calbridge-x 1.2")


def test_a_notice_is_delivered_and_its_receipt_comes_back() -> None:
    notifiers = Notifiers.of({"mail": Post()})
    called: list[str] = []
    assert notifiers.notify("mail", NOTICE, lambda: called.append("handed over")) == NotifyReceipt()
    assert called == ["handed over"]
    assert notifiers.check("mail") == ()


FAILURES = [
    (RetryLater("busy", after=9.0), RetryLater, "mail: busy"),
    (ConnectionRefusedError(), RetryLater, "nothing answers at the server"),
    (KeyError("Rex Sommer"), NeedsHuman, "plugin calbridge-x 1.2 failed in notify (KeyError at "),
    (SystemExit(3), NeedsHuman, "failed in notify (SystemExit at "),
]


@pytest.mark.parametrize(("error", "kind", "text"), FAILURES, ids=lambda each: type(each).__name__)
def test_every_exception_becomes_a_recovery_without_its_data(
    error: BaseException, kind: type[BridgeError], text: str
) -> None:
    notifiers = Notifiers({"mail": candidate(Post(raising(error)))})
    with pytest.raises(kind) as caught:
        notifiers.notify("mail", NOTICE, nothing)
    assert text in str(caught.value)
    assert "Rex" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("answer", [None, "sent", True, NotifyReceipt(outcome="perhaps")])  # type: ignore[arg-type]
def test_an_answer_against_the_contract_is_refused(answer: Any) -> None:
    notifiers = Notifiers({"mail": candidate(Post(lambda: answer))})
    with pytest.raises(NeedsHuman, match=r"plugin calbridge-x 1.2 broke the contract of notify"):
        notifiers.notify("mail", NOTICE, nothing)


def test_one_that_hangs_is_given_up_and_stops_no_other() -> None:
    gate = threading.Event()
    slow, good = Post(lambda: gate.wait(LIMIT) and NotifyReceipt()), Post()
    notifiers = Notifiers({"slow": candidate(slow), "good": candidate(good)}, limits={"notify": 0.05})
    with pytest.raises(RetryLater, match="did not end within"):
        notifiers.notify("slow", NOTICE, nothing)
    with pytest.raises(RetryLater, match="still hangs"):
        notifiers.notify("slow", NOTICE, nothing)
    assert notifiers.notify("good", NOTICE, nothing) == NotifyReceipt()
    gate.set()


class NoHook:
    abilities = NotifierAbilities()


class NoAbilities(Post):
    abilities = None  # type: ignore[assignment]


class WrongAbilities(Post):
    abilities = NotifierAbilities(kinds="all")  # type: ignore[arg-type]


class Misspelt(Post):
    @hookimpl
    def notfy(self, notice: Any) -> Any:
        """Not a hook."""


class Asynchronous:
    abilities = NotifierAbilities()

    @hookimpl
    async def notify(self, notice: Any, hand_over: Any) -> Any:
        """Hooks are plain functions."""


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (NoHook, "implements no notify hook"),
        (NoAbilities, "has nothing as its abilities"),
        (WrongAbilities, "abilities whose kinds is not of its type"),
        (Misspelt, 'a hook notfy that does not exist; did you mean "notify"?'),
        (Asynchronous, "its hook notify is asynchronous"),
    ],
)
def test_a_notifier_that_cannot_be_hosted_is_broken_and_the_others_work(kind: type[Any], sentence: str) -> None:
    notifiers = Notifiers({"bad": candidate(kind()), "good": candidate(Post())})
    assert sentence in notifiers.broken["bad"].hint
    assert list(notifiers.abilities) == ["good"]
    with pytest.raises(NeedsHuman):
        notifiers.notify("bad", NOTICE, nothing)


def test_what_nobody_configured_is_said() -> None:
    with pytest.raises(NeedsHuman, match="no such notifier"):
        Notifiers({}).notify("mail", NOTICE, nothing)


def test_after_stop_no_call_begins() -> None:
    notifiers = Notifiers.of({"mail": Post()})
    notifiers.stop()
    with pytest.raises(Stopped):
        notifiers.notify("mail", NOTICE, nothing)


# --- from a plugin and a configuration ------------------------------------------------------------


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str


class Plugin:
    """A module with a notifier."""

    def __init__(self, *kinds: Any) -> None:
        self.kinds = kinds

    @hookimpl
    def calbridge_register(self, registry: Any) -> None:
        for kind in self.kinds:
            registry.notifier(kind)


class EntryPoint:
    dist = None

    def __init__(self, plugin: Any, name: str = "post") -> None:
        self.name = self.value = name
        self.plugin = plugin

    def load(self) -> Any:
        return self.plugin


class Checked(Post):
    """It looks at what it was given."""

    def __init__(self, settings: Settings, context: PublicContext) -> None:
        super().__init__()
        self.settings, self.context = settings, context

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        return (Finding(level="ok", message=f"{self.settings.host} for {self.context.clinic.name}"),)


KIND = NotifierKind(name="post", settings=Settings, create=Checked)
FILE = """
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
closures = [{ from = 2026-12-24, until = 2026-12-31, reason = "PRIVATE" }]
[clinics.hafen.notifiers.letters]
"""


def plugins(*kinds: Any) -> Any:
    return load_plugins([EntryPoint(Plugin(*kinds))])  # type: ignore[list-item]


def test_a_configured_notifier_is_made_with_the_public_part_of_the_clinic(tmp_path: Any) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(FILE + 'kind = "post"\nhost = "localhost"\n')
    found = plugins(KIND)
    config = load(path, {}, found)
    notifiers = Host(found, config.bridge).notifiers(config.clinics["hafen"], threads=False)
    assert notifiers.check("letters") == (Finding(level="ok", message="localhost for Hafen"),)
    assert notifiers.plugins == {"letters": "plugin post"}
    hooked: Any = notifiers._hooked["letters"]
    made = hooked._hooks["notify"].get_hookimpls()[0].plugin
    assert "PRIVATE" not in repr(made.context)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('kind = "post"', "clinic hafen, notifier letters: host is missing"),
        ('kind = "post"\nhost = "x"\nprt = 1', "clinic hafen, notifier letters: prt is not a setting"),
        ('kind = "pots"\nhost = "x"', 'which no installed plugin provides; did you mean "post"?'),
        ('knd = "post"', 'is not a setting; did you mean "kind"?'),
    ],
)
def test_a_wrong_section_is_said_with_its_place(tmp_path: Any, lines: str, sentence: str) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(FILE + lines)
    with pytest.raises(ConfigErrors) as caught:
        load(path, {}, plugins(KIND))
    assert any(sentence in fault for fault in caught.value.faults), caught.value.faults


def test_a_notifier_whose_plugin_does_not_load_is_broken_and_says_so(tmp_path: Any) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(FILE + 'kind = "post"\nhost = "x"\n')
    found = load_plugins([EntryPoint(Plugin(KIND, KIND))])  # type: ignore[list-item]
    config = load(path, {}, found)
    notifiers = Host(found, config.bridge).notifiers(config.clinics["hafen"])
    assert 'no plugin provides kind "post"' in notifiers.broken["letters"].hint


class Loose(BaseModel):
    """It takes any key."""


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("post", "something that is not a NotifierKind"),
        (NotifierKind(name="", settings=Settings, create=Checked), "something that is not a NotifierKind"),
        (NotifierKind(name="x", settings=Loose, create=Checked), 'do not say extra="forbid"'),
        (NotifierKind(name="x", settings=dict, create=Checked), "not a pydantic model"),
    ],
)
def test_a_wrong_registration_is_refused(kind: Any, sentence: str) -> None:
    (plugin,) = plugins(kind).found
    assert sentence in plugin.fault
