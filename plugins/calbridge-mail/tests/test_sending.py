"""Against a real mail server: what it takes, what it refuses and how, and what nobody knows."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from mailing import CERTIFICATES, CLINIC, SENT, Gate, clinic_notice, notice, trusted

from calbridge.errors import NeedsHuman, RetryLater
from calbridge.hookspecs import NotifierSpec
from calbridge.notify import Notifiers
from calbridge.plugins import load_plugins
from calbridge.provider import NotifyReceipt
from calbridge.testing.mail_server import Sink

SECRET = "geheim"
LOGIN = {"username": "praxis", "password": SECRET}


def test_a_mail_arrives_once_and_was_handed_over_once(serve: Any, make: Any, sink: Sink) -> None:
    gate = Gate()
    assert make(port=serve()).notify(notice=notice(), hand_over=gate) == SENT
    assert (sink.to, len(sink.received), gate.passed) == (["mia@example.net"], 1, 1)
    assert sink.helo == ["[127.0.0.1]"]


def test_the_clinic_is_written_to_at_its_own_address(serve: Any, make: Any, sink: Sink) -> None:
    port = serve()
    make(port=port).notify(notice=clinic_notice(), hand_over=Gate())
    make(port=port, clinic_address="tresen@example.org").notify(notice=clinic_notice(), hand_over=Gate())
    assert sink.to == ["praxis@example.org", "tresen@example.org"]


def test_a_dot_at_the_start_of_a_line_stays(serve: Any, make: Any, sink: Sink) -> None:
    """RFC 5321, section 4.5.2: a line of one dot would end the message."""
    clinic = notice().clinic
    spoken = notice(language="en", reason="x")
    make(port=serve()).notify(notice=spoken, hand_over=Gate())
    raw = sink.received[0]
    assert clinic.name.encode() in raw
    assert b"\n..\n" not in raw


# --- refusals -------------------------------------------------------------------------------------

REFUSALS = [
    (
        "rcpt",
        "550 5.1.1 <mia@example.net>: rejected",
        "refused",
        "550 5.1.1, there is no such mailbox",
    ),
    ("rcpt", "550 no such user mia@example.net", "refused", "550, there is no such mailbox, or the server"),
    ("rcpt", "553 5.7.99 mia is odd", "refused", "553 5.7.99, the address is not written"),
    ("rcpt", "451 4.7.1 Greylisted, please try again", "later", "451 4.7.1, the server does not allow it"),
    ("rcpt", "450 4.2.1 mailbox busy", "later", "450 4.2.1, the mailbox is closed"),
    ("rcpt", "452 4.2.2 over quota", "later", "452 4.2.2, the mailbox is full"),
    ("data", "554 5.7.1 mia@example.net looks like spam", "refused", "554 5.7.1, the server does not allow it"),
    ("data", "552 5.3.4 too big", "refused", "552 5.3.4, the message is too long for the server"),
    ("data", "451 4.3.0 queue file write error", "later", "451 4.3.0, the server wants to be asked again later"),
]


@pytest.mark.parametrize(("stage", "answer", "outcome", "why"), REFUSALS)
def test_a_refusal_is_for_ever_or_for_now_and_names_nobody(
    serve: Any, make: Any, sink: Sink, stage: str, answer: str, outcome: str, why: str
) -> None:
    getattr(sink, f"{stage}_answers").append(answer)
    gate = Gate()
    receipt = make(port=serve()).notify(notice=notice(), hand_over=gate)
    assert receipt.outcome == outcome
    assert receipt.why.startswith(why)
    assert "mia" not in receipt.why
    assert (gate.passed, sink.received) == (stage == "data", [])


def test_a_message_that_was_greylisted_goes_the_next_time(serve: Any, make: Any, sink: Sink) -> None:
    sink.rcpt_answers.append("451 4.7.1 Greylisted")
    mail = make(port=serve())
    assert mail.notify(notice=notice(), hand_over=Gate()).outcome == "later"
    assert mail.notify(notice=notice(), hand_over=Gate()) == SENT
    assert len(sink.received) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        ("550 5.7.1 not your address", NeedsHuman, "refuses the sender .* correct sender"),
        ("451 4.3.2 wait", RetryLater, "refuses the sender .* tried again"),
    ],
)
def test_a_refused_sender_is_the_clinics_to_correct(
    serve: Any, make: Any, sink: Sink, answer: str, kind: type[Exception], sentence: str
) -> None:
    sink.mail_answers.append(answer)
    with pytest.raises(kind, match=sentence):
        make(port=serve()).notify(notice=notice(), hand_over=Gate())


def test_a_server_that_closes_down_is_asked_later(serve: Any, make: Any, sink: Sink) -> None:
    sink.rcpt_answers.append("421 4.3.2 shutting down")
    with pytest.raises(RetryLater, match="has no time"):
        make(port=serve()).notify(notice=notice(), hand_over=Gate())


# --- connections that break -----------------------------------------------------------------------


def test_before_the_end_of_the_text_nothing_was_sent(serve: Any, make: Any, sink: Sink) -> None:
    sink.rcpt_answers.append("drop")
    gate = Gate()
    with pytest.raises(RetryLater, match="broke"):
        make(port=serve()).notify(notice=notice(), hand_over=gate)
    assert gate.passed == 0


def test_after_it_nobody_knows(serve: Any, make: Any, sink: Sink) -> None:
    sink.data_answers.append("drop")
    gate = Gate()
    receipt = make(port=serve()).notify(notice=notice(), hand_over=gate)
    assert (receipt.outcome, gate.passed, len(sink.received)) == ("unknown", 1, 1)


def test_a_message_that_is_not_due_any_more_is_not_sent(serve: Any, make: Any, sink: Sink) -> None:
    """What was written already must not be ended by the good-bye."""

    class TakenBack(Exception):
        """The booking was cancelled meanwhile."""

    def hand_over() -> None:
        raise TakenBack

    with pytest.raises(TakenBack):
        make(port=serve()).notify(notice=notice(), hand_over=hand_over)
    assert sink.received == []


class Script:
    """A server that says these lines, one after each line it is told, and then nothing."""

    def __init__(self, *lines: str) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lines = lines
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with self.socket:
            connection, _ = self.socket.accept()
            with connection, connection.makefile("rwb") as stream:
                for line in self.lines:
                    stream.write(line.encode() + b"\r\n")
                    stream.flush()
                    if not stream.readline():
                        return
                stream.readline()  # then it says nothing more, until the other side has had enough


SILENT = [
    ((), "did not answer in time"),
    (("554 no service",), "cannot be reached or breaks off"),
    (("220 ready", "500 what?", "500 what?"), "cannot be reached or breaks off"),
    (("SSH-2.0-OpenSSH",), "cannot be reached or breaks off"),
]


@pytest.mark.parametrize(("lines", "sentence"), SILENT)
def test_a_server_that_is_none_is_tried_again(make: Any, lines: tuple[str, ...], sentence: str) -> None:
    script = Script(*lines)
    with pytest.raises(RetryLater, match=sentence):
        make(port=script.port, timeout="PT1S").notify(notice=notice(), hand_over=Gate())


def test_where_nothing_listens_it_is_tried_again(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RetryLater, match=f"127.0.0.1, port {port} cannot be reached"):
        make(port=port).notify(notice=notice(), hand_over=Gate())


# --- encryption and login -------------------------------------------------------------------------

OWN = {"ca_file": str(CERTIFICATES / "self-signed.pem")}
SAFE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"starttls": "self-signed", "require_starttls": True}, {"security": "starttls"}),
    ({"tls": "self-signed"}, {"security": "tls"}),
]


@pytest.mark.parametrize(("server", "settings"), SAFE, ids=["starttls", "tls"])
def test_a_mail_goes_encrypted_and_after_a_login(
    serve: Any, make: Any, sink: Sink, server: dict[str, Any], settings: dict[str, Any]
) -> None:
    port = serve(
        **server, authenticator=trusted, auth_required=True, auth_require_tls=settings["security"] == "starttls"
    )
    assert make(port=port, **settings, **OWN, **LOGIN).notify(notice=notice(), hand_over=Gate()) == SENT
    assert len(sink.received) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certificate", "authority", "reason"),
    [
        ("self-signed", "", "self-signed certificate|self signed certificate"),
        ("other-name", "other-name", "mismatch"),
        ("expired", "expired", "certificate has expired"),
    ],
)
def test_a_certificate_that_is_not_valid_is_refused_with_one_sentence(
    serve: Any, make: Any, sink: Sink, security: str, certificate: str, authority: str, reason: str
) -> None:
    port = serve(**({"tls": certificate} if security == "tls" else {"starttls": certificate}))
    given = {"ca_file": str(CERTIFICATES / f"{authority}.pem")} if authority else {}
    with pytest.raises(NeedsHuman, match=rf"the certificate of the mail server .* is not valid .*({reason}).*ca_file"):
        make(port=port, security=security, **given).notify(notice=notice(), hand_over=Gate())
    assert sink.received == []


def test_a_server_without_starttls_is_not_written_to_in_clear(serve: Any, make: Any, sink: Sink) -> None:
    with pytest.raises(NeedsHuman, match="offers no STARTTLS"):
        make(port=serve(), security="starttls").notify(notice=notice(), hand_over=Gate())
    assert sink.received == []


def test_tls_to_a_server_that_speaks_none_is_a_wrong_setting(serve: Any, make: Any) -> None:
    with pytest.raises(NeedsHuman, match="does not speak TLS as expected: correct security and port"):
        make(port=serve(), security="tls", **OWN).notify(notice=notice(), hand_over=Gate())


def test_a_wrong_password_is_said_and_not_shown(serve: Any, make: Any) -> None:
    port = serve(tls="self-signed", authenticator=trusted, auth_required=True, auth_require_tls=False)
    wrong = {"username": "praxis", "password": "falsch"}
    with pytest.raises(NeedsHuman, match="refuses the user name or the password") as caught:
        make(port=port, security="tls", **OWN, **wrong).notify(notice=notice(), hand_over=Gate())
    assert "falsch" not in str(caught.value)


def test_a_server_that_knows_no_login_says_so(serve: Any, make: Any) -> None:
    with pytest.raises(NeedsHuman, match="offers no login"):
        make(port=serve(tls="self-signed"), security="tls", **OWN, **LOGIN).notify(notice=notice(), hand_over=Gate())


def test_a_certificate_file_that_is_none(make: Any, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(Exception, match="cannot be read as a certificate"):
        make(port=9, security="tls", ca_file=str(tmp_path / "ca.pem")).notify(notice=notice(), hand_over=Gate())


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["", "mia", "mia@", "mia@example", "a b@example.net", "mia@example.net\r\nRCPT TO:<x@y.z>"]
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(serve: Any, make: Any, sink: Sink, address: str) -> None:
    receipt = make(port=serve()).notify(notice=notice(email=address), hand_over=Gate())
    assert receipt == NotifyReceipt(outcome="refused", why="the address is not written like one")
    assert sink.helo == []


def test_a_domain_with_an_umlaut_goes_in_ascii(serve: Any, make: Any, sink: Sink) -> None:
    make(port=serve()).notify(notice=notice(email="mia@müller.example.net"), hand_over=Gate())
    assert sink.to == ["mia@xn--mller-kva.example.net"]


def test_a_name_with_an_umlaut_needs_a_server_that_takes_it(serve: Any, make: Any, sink: Sink) -> None:
    assert (
        make(port=serve(enable_SMTPUTF8=True)).notify(notice=notice(email="jörg@example.net"), hand_over=Gate()) == SENT
    )
    assert sink.to == ["jörg@example.net"]
    refused = make(port=serve(enable_SMTPUTF8=False)).notify(notice=notice(email="jörg@example.net"), hand_over=Gate())
    assert (refused.outcome, len(sink.received)) == ("refused", 1)
    assert "SMTPUTF8" in refused.why


def test_without_a_sender_nothing_can_be_sent(make: Any) -> None:
    from dataclasses import replace

    with pytest.raises(NeedsHuman, match="mails need a sender"):
        make(replace(CLINIC, email="")).notify(notice=notice(), hand_over=Gate())


# --- as a plugin ----------------------------------------------------------------------------------


def test_the_host_takes_it_and_its_abilities(make: Callable[..., Any]) -> None:
    notifiers = Notifiers.of({"mail": make(kinds=["reminder"]), "clientless": make(clinic_address="x@example.org")})
    assert notifiers.broken == {}
    assert notifiers.abilities["mail"].kinds == {"reminder"}
    assert NotifierSpec.notify.__name__ == "notify"


def test_it_is_found_by_its_entry_point() -> None:
    assert load_plugins().notifiers["smtp"].summary.startswith("E-mail over SMTP")
