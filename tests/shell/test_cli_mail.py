"""Mail from the command line: set up by `init`, tried by `check`, listed by `messages`, sent by `client invite`."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ask, call, refused

from calbridge.model import Details
from calbridge.provider import ClientRecord
from calbridge.testing.mail_server import MailServer, Sink, account
from calbridge.testing.processes import free_port

MIA = Details(first_name="Mia", last_name="Albers", email="mia@example.org", patient_name="Bello")
CARD = ClientRecord(id="c1", first_name="Mia", last_name="Albers", emails=("mia@practice.example",))
PASSWORD = "ganz-geheim"
PRIVATE = ("Mia", "Albers", "mia@", "Bello", PASSWORD)
PMS = '[clinics.hafen.connections.pms]\nkind = "cards"\nurl = "http://pms.example/"\nfirst_run = "apply"\n'


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def port(sink: Sink) -> Iterator[int]:
    with MailServer(sink) as server:
        yield server.port


@pytest.fixture
def office(practice: Any, port: int) -> Callable[..., None]:
    """The clinic with a PMS and mail; lines of the notifier's section may be replaced."""

    def configured(*, clinic: str = 'email = "praxis@example.org"\n', **lines: str) -> None:
        values = {"host": '"127.0.0.1"', "port": str(port), "security": '"none"', "timeout": '"PT3S"'} | lines
        mail = "".join(f"{key} = {value}\n" for key, value in values.items() if value)
        text = practice.path.read_text().replace(
            'time_zone = "Europe/Berlin"\n', f'time_zone = "Europe/Berlin"\n{clinic}'
        )
        text = text.replace('url = "http://desk.example/"\n', 'url = "http://desk.example/"\nfirst_run = "apply"\n')
        text = text.replace('password = "s3cret-word"\n', 'first_run = "apply"\n')
        practice.path.write_text(f'{text}{PMS}[clinics.hafen.notifiers.mail]\nkind = "smtp"\n{mail}')

    practice.sides.DESK.tells = False
    practice.sides.CARDS.clients[:] = [CARD]
    return configured


def booked(practice: Any) -> None:
    """A client has asked for an appointment, and everybody was told."""
    call("sync")
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    desk.confirm(desk.select("anna", service, start), MIA)
    call("sync")


# --- messages ---------------------------------------------------------------------------------------


def test_what_was_told_is_listed_without_an_address_or_a_name(office: Any, practice: Any, sink: Sink) -> None:
    """S2: the clinic is mailed the requested appointment too."""
    office()
    booked(practice)
    assert sorted(sink.to) == ["mia@example.org", "praxis@example.org"]
    lines = ask("messages", "list")["messages"]
    assert [(each["kind"], each["audience"], each["state"], each["notifier"]) for each in lines] == [
        ("request_received", "client", "sent", "mail"),
        ("request_received", "clinic", "sent", "mail"),
    ]
    assert {each["name"] for each in lines} == {None}
    for words in (("messages", "list"), ("messages", "list", "--json")):
        assert not any(text in call(*words).output for text in PRIVATE)
    assert {each["name"] for each in ask("messages", "list", "--names")["messages"]} == {"Mia Albers"}
    assert "Mia Albers" in call("messages", "list", "--names").output


def test_the_list_can_be_of_one_booking_and_of_the_newest(office: Any, practice: Any) -> None:
    office()
    booked(practice)
    call("client", "invite", "c1")  # nobody can be invited without a page to book on
    key = ask("messages", "list")["messages"][0]["appointment"]
    assert len(ask("messages", "list", "--booking", key)["messages"]) == 2
    assert ask("messages", "list", "--booking", "nothing")["messages"] == []
    (newest,) = ask("messages", "list", "--limit", "1")["messages"]
    assert newest["audience"] == "clinic"
    assert call("messages", "list", "--limit", "0").exit_code == 2


def test_nothing_to_tell_is_said(office: Any) -> None:
    office()
    assert "Nothing was told yet, and nothing is due." in call("messages", "list").output


def test_a_message_goes_once_more_with_the_next_cycle(office: Any, practice: Any, sink: Sink) -> None:
    office()
    booked(practice)
    first = ask("messages", "list")["messages"][0]["id"]
    assert ask("messages", "send-again", str(first)) == {"clinic": "hafen", "message": first, "client": None}
    assert f"Message {first} goes once more with the next cycle." in call("messages", "send-again", str(first)).output
    call("sync")
    call("sync")
    assert sink.to.count("mia@example.org") in {2, 3}, "two in one second are one"
    assert len({mail["Message-ID"] for mail in sink.mails}) == len(sink.mails), "a mail box would hide the second"


WRONG = [
    (("messages", "send-again", "99"), "clinic hafen has no message 99 that was sent; 'calbridge"),
    (("messages", "send-again", "x"), "'x' is not a valid integer"),
    (("messages", "list", "--clinic", "nord"), 'there is no clinic "nord"'),
    (("client", "invite", "c1"), "an invitation needs booking_url, the page where clients book: set it"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_a_mistake_is_said_in_one_sentence(office: Any, words: tuple[str, ...], sentence: str) -> None:
    office()
    assert sentence in " ".join(refused(*words).split())


def test_a_message_that_still_waits_is_not_sent_twice(office: Any, practice: Any, sink: Sink) -> None:
    office()
    sink.rcpt_answers += ["451 4.7.1 come back later"] * 2
    booked(practice)
    line = ask("messages", "list")["messages"][0]
    assert (line["state"], line["why"]) == ("due", "451 4.7.1, the server does not allow it")
    assert f"has no message {line['id']} that was sent" in refused("messages", "send-again", str(line["id"]))


# --- invitations ------------------------------------------------------------------------------------

PAGE = 'email = "praxis@example.org"\nbooking_url = "https://book.example.org/hafen"\n'


def test_a_client_is_invited_at_the_address_in_the_practices_record(office: Any, sink: Sink) -> None:
    """S1: the button sends it to the e-mail address of the client's record."""
    office(clinic=PAGE)
    assert ask("client", "invite", "c1") == {"clinic": "hafen", "message": None, "client": "pms/c1"}
    call("sync")
    assert sink.to == ["mia@practice.example"]
    (mail,) = sink.mails
    assert "https://book.example.org/hafen" in mail.get_body(("plain",)).get_content()
    (line,) = ask("messages", "list")["messages"]
    assert (line["kind"], line["state"], line["client"], line["appointment"]) == ("invitation", "sent", "pms/c1", "")
    assert "is invited with the next cycle" in call("client", "invite", "c1").output


def test_an_invitation_of_nobody_becomes_a_task(office: Any, sink: Sink) -> None:
    office(clinic=PAGE)
    call("client", "invite", "c9")
    assert call("sync").exit_code == 1
    (task,) = ask("tasks", "list", code=1)["tasks"]
    assert task["sentence"].startswith("Clinic hafen: the invitation for client pms/c9 has no address to go to.")
    assert sink.to == []


def test_without_a_notifier_nobody_can_be_invited(practice: Any) -> None:
    text = practice.path.read_text()
    practice.path.write_text(
        text.replace("[clinics.hafen.rules]", f"{PAGE.partition(chr(10))[2]}[clinics.hafen.rules]")
    )
    assert "has no notifier that could send an invitation: add one to the configuration" in refused(
        "client", "invite", "c1"
    )


# --- setting it up ----------------------------------------------------------------------------------

NEW = ("init", "--non-interactive", "--config", "new.toml", "--name", "Praxis Nord")


def test_a_newcomer_sets_mail_up_by_answering(practice: Any, port: int) -> None:
    """Only the server, the account and the clinic's address are asked for; the file says what else there is."""
    answers = ["Praxis Nord", "", "", "", "", "", "", "", "smtpp", "smtp", "127.0.0.1", "praxis", "no address",
               "praxis@example.org"]  # fmt: skip
    result = call("init", "--config", "new.toml", input="\n".join([*answers, ""]))
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert 'there is no "smtpp"; did you mean "smtp"?' in said
    assert 'a mail address is written like "praxis@example.org", without a name before it' in said
    assert "Next: put the smtp's password into the file secrets/smtp-password" in said
    text = Path("new.toml").read_text()
    assert 'email = "praxis@example.org"' in text
    assert 'password = { file = "smtp-password" }' in text
    assert '# security = "starttls"   # how the connection is encrypted' in text
    assert '# clinic_address = ""   # who is told of requests; empty: the clinic\'s email' in text
    assert PASSWORD not in text
    Path("secrets").mkdir()
    Path("secrets/smtp-password").write_text(PASSWORD)
    shown = ask("config", "show", "--config", "new.toml")["clinics"]["praxis-nord"]
    assert (shown["email"], shown["notifiers"]["smtp"]["host"]) == ("praxis@example.org", "127.0.0.1")
    assert PASSWORD not in json.dumps(shown)


def test_what_init_wrote_checks_and_sends(practice: Any, sink: Sink) -> None:
    login = {"authenticator": account("praxis", PASSWORD), "auth_required": True, "auth_require_tls": False}
    with MailServer(sink, **login) as server:
        words = ("--notify", "smtp", "--email", "praxis@example.org", "--set", "smtp.host=127.0.0.1")
        words += ("--set", "smtp.username=praxis", "--set", f"smtp.port={server.port}", "--set", "smtp.security=none")
        assert ask(*NEW, *words)["next"][0] == "put the smtp's password into the file secrets/smtp-password"
        Path("secrets").mkdir()
        Path("secrets/smtp-password").write_text(f"{PASSWORD}\n")
        (clinic,) = ask("check", "--config", "new.toml")["clinics"]
    assert [each["message"] for each in clinic["notifiers"][0]["findings"]] == [
        "the mail server answers and takes the password"
    ]


def told() -> list[tuple[str, str]]:
    """What `check` says of who writes to the portal's clients, after what the plugin itself says."""
    (clinic,) = ask("check")["clinics"]
    (portal,) = [each for each in clinic["connections"] if each["role"] == "portal"]
    text = " ".join(call("check").output.split())
    assert all(each["message"] in text for each in portal["findings"])
    return [(each["level"], each["message"]) for each in portal["findings"][1:]]


RULES = "[clinics.hafen.rules]\n"
OWN = "the portal itself is taken to tell its clients, and no notifier repeats it: "


def test_check_says_who_writes_to_a_portals_clients_and_what_nobody_does(office: Any, practice: Any) -> None:
    """A portal cannot be asked what it tells: what is assumed is shown, for a person to compare."""
    every = "request received, confirmed, declined, moved, move refused, cancelled"
    nobody = "nobody tells its clients: {}; connect a notifier, such as one that sends e-mail"
    assert told() == [("warning", nobody.format(every))]
    practice.sides.DESK.tells = True
    all_but_first = every.removeprefix("request received, ")
    assert told() == [("ok", OWN + all_but_first), ("warning", nobody.format("request received"))]
    practice.sides.DESK.tells = False
    office()
    assert told() == [("ok", "notifier mail tells its clients: " + every)]
    practice.sides.DESK.tells = True
    more = 'client_move_cutoff = "PT24H"\nreminders = ["PT1H"]\n'
    practice.path.write_text(practice.path.read_text().replace(RULES, RULES + more))
    rest = "notifier mail tells its clients: request received, reminder, please phone"
    assert told() == [("ok", rest), ("ok", OWN + all_but_first)]


INIT_WRONG = [
    (("--notify", "pigeon"), 'no installed plugin provides notifier kind "pigeon"; there are smtp'),
    (("--notify", "smtp"), "host"),
    (
        ("--notify", "smtp", "--set", "smtp.host=mail.example.org", "--email", "Praxis <a@b>"),
        "a mail address is written",
    ),
    (("--notify", "smtp", "--set", "smtp.host=mail.example.org", "--set", "smtp.hots=x"), "hots"),
]


@pytest.mark.parametrize(("words", "sentence"), INIT_WRONG, ids=[" ".join(row[0][-1:]) for row in INIT_WRONG])
def test_a_wrong_answer_leaves_no_file_behind(practice: Any, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(*NEW, *words)
    assert not Path("new.toml").exists()


# --- mistakes that only the server shows --------------------------------------------------------------


def closed() -> int:
    return free_port()


def mute() -> socket.socket:
    """Takes the connection and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.listen()
    return listener


def finding(*, code: int = 1) -> tuple[str, str]:
    """The worst that `check` says of mail, and all that it printed; nobody's secret is in it."""
    (clinic,) = ask("check", code=code)["clinics"]
    (checked,) = clinic["notifiers"]
    text = call("check").output
    assert PASSWORD not in text
    worst = min(checked["findings"], key=lambda each: ["error", "warning", "ok"].index(each["level"]))
    assert worst["message"] in " ".join(text.split())
    return worst["level"], worst["message"]


def test_a_wrong_host_is_said(office: Any) -> None:
    office(host='"mail.invalid"', security='"starttls"')
    level, said = finding()
    assert level == "error"
    assert said.startswith("the mail server mail.invalid, port ")


def test_a_wrong_port_is_said(office: Any) -> None:
    port = closed()
    office(port=str(port))
    assert finding() == (
        "error",
        f"the mail server 127.0.0.1, port {port} cannot be reached or breaks off: it is tried again by itself",
    )


def test_a_server_that_says_nothing_is_given_up(office: Any) -> None:
    with mute() as listener:
        office(port=str(listener.getsockname()[1]), timeout='"PT1S"')
        level, said = finding()
    assert (level, "did not answer in time" in said) == ("error", True)


def test_a_wrong_password_is_said_and_not_shown(office: Any, sink: Sink) -> None:
    login = {"authenticator": account("praxis", "something else"), "auth_required": True, "auth_require_tls": False}
    with MailServer(sink, **login) as server:
        office(port=str(server.port), username='"praxis"', password=f'"{PASSWORD}"')
        level, said = finding()
    assert level == "error"
    assert said.endswith("refuses the user name or the password: correct them")


def test_a_server_without_tls_is_said(office: Any) -> None:
    office(security='"starttls"')
    level, said = finding()
    assert level == "error"
    assert "offers no STARTTLS" in said
    office_says = 'set security = "tls", or use the port for submission'
    assert office_says in said


def test_a_server_that_speaks_no_tls_at_all_is_said(office: Any) -> None:
    office(security='"tls"')
    level, said = finding()
    assert level == "error"
    assert "does not speak TLS as expected: correct security and port" in said


def test_a_login_that_nobody_wants_is_said(office: Any) -> None:
    office(username='"praxis"', password=f'"{PASSWORD}"')
    level, said = finding()
    assert (level, "offers no login that we know: leave username out" in said) == ("error", True)


def test_nobody_to_write_as_is_said(office: Any) -> None:
    office(clinic="")
    assert finding() == ("error", "mails need a sender: give this notifier a valid sender, or the clinic a valid email")


def test_a_clinic_that_would_hear_of_no_request_is_warned(office: Any) -> None:
    office(clinic="", sender='"praxis@example.org"')
    assert finding(code=0) == (
        "warning",
        "nobody at the clinic is told of requests: set clinic_address, or the clinic's email",
    )


FILE_WRONG = [
    ({"security": '"none"', "host": '"mail.example.org"'}, "would send people's data in clear to another machine"),
    ({"sender": '"Praxis <praxis@example.org>"'}, 'a mail address is written like "praxis@example.org"'),
    ({"username": '"praxis"'}, "username and password belong together: give both or none"),
    ({"hots": '"x"'}, "hots"),
    ({"kinds": '["birthday"]'}, "kinds"),
    ({"port": "70000"}, "port"),
]


@pytest.mark.parametrize(("lines", "sentence"), FILE_WRONG, ids=[next(iter(row[0])) for row in FILE_WRONG])
def test_a_mistake_in_the_section_is_refused_at_load_with_its_place(
    office: Any, lines: dict[str, str], sentence: str
) -> None:
    office(**lines, **({"password": f'"{PASSWORD}"'} if "sender" in lines else {}))
    said = refused("check")
    assert sentence in said
    assert "clinic hafen, notifier mail" in said
    assert PASSWORD not in said


def test_a_refused_sender_stops_mail_and_asks_a_person_once(office: Any, practice: Any, sink: Sink) -> None:
    office()
    sink.mail_answers += ["550 5.7.1 praxis@example.org may not send"] * 4
    booked(practice)
    (task,) = [each for each in ask("tasks", "list", code=1)["tasks"] if each["kind"] == "notifier"]
    assert "the mail server refuses the sender" in task["sentence"]
    assert task["sentence"].endswith("its messages wait.")
    assert sink.to == []
    sink.mail_answers.clear()
    call("sync")
    assert sorted(sink.to) == ["mia@example.org", "praxis@example.org"]
    assert [
        each for each in json.loads(call("tasks", "list", "--json").stdout)["tasks"] if each["kind"] == "notifier"
    ] == []
