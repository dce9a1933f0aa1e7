"""The protocol page and the portal cannot drift: every path, code, event, setting and option is on it."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from calbridge_portal.faults import Action
from calbridge_portal.main import options
from calbridge_portal.problems import CODES
from calbridge_portal.records import Account, Booking, Hold, Made
from calbridge_portal.site_records import SiteSettings
from calbridge_portal.testing import Bridge

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/portal-protocol.md").read_text(encoding="utf-8")
README = (ROOT / "contrib/calbridge-portal/README.md").read_text(encoding="utf-8")
SOURCES = (ROOT / "contrib/calbridge-portal/src/calbridge_portal").glob("*.py")


def test_every_path_is_described(clinic: Bridge) -> None:
    paths = clinic.http.get("/schema").json()["paths"]
    assert [path for path in paths if path not in PAGE] == []


@pytest.mark.parametrize(("code", "status"), [(code, kind.status) for code, kind in CODES.items()])
def test_every_code_stands_at_its_status(code: str, status: int) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {status} |")]
    assert f"`{code}`" in row


def test_every_event_is_described() -> None:
    text = "\n".join(source.read_text(encoding="utf-8") for source in SOURCES)
    emitted = set(
        re.findall(
            r'"(booking\.\w+|account\.\w+ed|availability\.replaced|settings\.updated|hold\.created|site\.heartbeat)"',
            text,
        )
    )
    assert len(emitted) >= 15
    assert [kind for kind in sorted(emitted) if f"`{kind}`" not in PAGE] == []


@pytest.mark.parametrize("record", [SiteSettings, Hold, Booking, Account, Made])
def test_every_member_is_described(record: type[Any]) -> None:
    assert [field.name for field in fields(record) if field.name not in PAGE] == []


def test_every_option_and_fault_is_in_the_readme() -> None:
    assert [option for option in options() if f"`{option}" not in README] == []
    assert [action for action in get_args(Action) if f"`{action}`" not in README] == []
