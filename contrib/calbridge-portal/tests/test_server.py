"""The command as a real process: a race for one slot, a cut connection, a restart, and wrong use."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from calbridge_portal.testing import NOW, SITE, STARTS, TOKEN, Bridge, furnish

COMMAND = [sys.executable, "-m", "calbridge_portal", "serve", "--site", SITE, "--token", TOKEN]


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[Bridge]:
    clock = folder / "clock"
    clock.write_text(NOW.isoformat())
    options = ["--database", str(folder / "p.db"), "--port", "0", "--clock-file", str(clock), "--faults", *more]
    process = subprocess.Popen(
        [*COMMAND, *options, "--public-rate-limit", "0"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        with httpx.Client(base_url=line.split()[-1], trust_env=False) as http:
            yield Bridge(http=http)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def test_two_dozen_clients_race_for_one_slot(tmp_path: Path) -> None:
    """R17: exactly one gets it, the others are told what else there is."""
    with serving(tmp_path) as bridge:
        furnish(bridge)
        start = threading.Barrier(24)
        answers: list[httpx.Response] = []

        def client(number: int) -> None:
            body = {"type": "checkup", "calendar": "anna", "start": STARTS[0], "client_ref": f"c-{number}"}
            with httpx.Client(base_url=bridge.http.base_url, trust_env=False, timeout=30) as http:
                start.wait()
                answers.append(http.post(f"/public/sites/{SITE}/holds", json=body))

        threads = [threading.Thread(target=client, args=[number]) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 23
        losers = [answer.json() for answer in answers if answer.status_code == 409]
        assert all(len(loser["alternatives"]) == 3 for loser in losers)
        assert len(bridge.changes(snapshot=1)["snapshot"]["holds"]) == 1


def test_a_cut_connection_after_the_commit_and_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as bridge:
        furnish(bridge)
        rule = {"match": f"POST /v1/sites/{SITE}/holds", "action": "drop_after_commit"}
        bridge.ok("PUT", "/faults", json={"rules": [rule]})
        with pytest.raises(httpx.RemoteProtocolError):
            bridge.hold()
        cursor = bridge.changes(snapshot=1)["next_cursor"]
        assert {each.stat().st_mode & 0o077 for each in tmp_path.glob("p.db*")} == {0}, "clients' data"
    with serving(tmp_path) as bridge:
        (hold,) = bridge.changes(snapshot=1)["snapshot"]["holds"]
        assert (hold["client_ref"], hold["start"]) == ("ref-1", STARTS[0])
        assert bridge.changes(cursor=cursor)["events"] == []


def test_what_the_bridge_asks_to_tell_is_told_once_also_over_a_restart(tmp_path: Path) -> None:
    """A reminder whose answer was cut off is asked for again, of a portal that was started again meanwhile."""
    with serving(tmp_path) as bridge:
        furnish(bridge)
        booking = bridge.confirmed()
        path = f"/v1/bookings/{booking['id']}/messages/reminder-1"
        bridge.ok("PUT", "/faults", json={"rules": [{"match": f"PUT {path}", "action": "drop_after_commit"}]})
        with pytest.raises(httpx.RemoteProtocolError):
            bridge.call("PUT", path, json={"kind": "reminder"})
    with serving(tmp_path) as bridge:
        told = bridge.messages(booking["id"])
        assert told[-2:] == ["confirmed", "reminder"]
        bridge.ok("PUT", path, json={"kind": "reminder"})
        assert bridge.messages(booking["id"]) == told
        bridge.ok("PUT", path.replace("-1", "-2"), json={"kind": "reminder"})
        assert bridge.messages(booking["id"]) == [*told, "reminder"]


def test_links_begin_where_the_operator_says_clients_reach_it(tmp_path: Path) -> None:
    """Else where it listens; a restart behind another address changes the links of old bookings too."""
    with serving(tmp_path) as bridge:
        furnish(bridge)
        assert bridge.booked()["manage_url"].startswith(
            f"{bridge.http.base_url}/manage/".replace("//manage", "/manage")
        )
    with serving(tmp_path, "--public-url", "https://book.example.org/") as bridge:
        (booking,) = bridge.changes(snapshot=1)["snapshot"]["bookings"]
        assert booking["manage_url"].startswith("https://book.example.org/manage/")


WRONG = [
    (["--public-url", "book.example.org"], "https://booking.example"),
    (["--clock-file", "{folder}/none"], "none"),
    (["--database", "{folder}/none/p.db"], "no such directory"),
    (["--database", "{folder}/other.db"], "belongs to site 'other'"),
    (["--database", "{folder}/text.db"], "not a database"),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_wrong_use_is_one_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    from calbridge_portal.store import Store

    Store(tmp_path / "other.db", "other").close()
    (tmp_path / "text.db").write_text("this is a text" * 99)
    given = [option.format(folder=tmp_path) for option in options]
    defaults = ["--database", str(tmp_path / "p.db"), "--port", "0"]
    run = subprocess.run([*COMMAND, *defaults, *given], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 2
    assert sentence in run.stderr
    assert run.stderr.count("\n") == 1, run.stderr


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    command = [*COMMAND[:6], "--token-file", str(tmp_path / "token"), "--database", str(tmp_path / "p.db")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, "token is empty" in run.stderr) == (2, True)
