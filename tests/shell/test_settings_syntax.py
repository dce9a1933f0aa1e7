"""Files that are no TOML, or no text: one sentence that names the line and says what is usually meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from calbridge.plugins import Plugins
from calbridge.settings import ConfigErrors, load

CLINIC = '[clinics.a]\nname = "A"\ntime_zone = "Europe/Berlin"\n'


def refusal(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "calbridge.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigErrors) as caught:
        load(path, {}, Plugins())
    (sentence,) = caught.value.faults
    return sentence


WRITTEN = {
    "online = True": "a switch is true or false, in small letters",
    "online = yes": "a switch is true or false, in small letters",
    "phone = “030”": 'write straight quotes, like "this"',
    'phone = "030': 'a text ends on the line that it begins on, with a "',
    "phone = Anna": 'a text stands in quotes, like "PT4H"',
    "rules.lead_time = PT4H": 'a text stands in quotes, like "PT4H"',
    'phone: "030"': "between a key and its value stands =",
    'name = "B"': "the key is there twice: take one out",
    "[clinics.a]": "the section is there twice: put all of it under one heading",
    "closures = [{ from = 24.12.2026 }]": "a date is written like 2026-12-24",
    "closures = [{ from = 2026-24-12 }]": "a date is written year, month, day, like 2026-12-24",
    "closures = [{ from = 2026-02-30 }]": "there is no such date",
    "closures = [{ from = 2026-12-24, }]": "a table in { } stands on one line, without a comma before its }",
    "closures = [{ from = 2026-12-24,\n": "a table in { } stands on one line, without a comma before its }",
    "opening_hours.mon = [09:00-12:00]": 'a window stands in quotes, like "09:00-12:00"',
    'opening_hours.mon = ["09:00-12:00" "14:00-18:00"]': (
        "a bracket is not closed, or a comma is missing before this place"
    ),
    'phone = "“030” since 24.12.2026, yes, 9:00-12:00': 'a text ends on the line that it begins on, with a "',
    "rules.horizon_days = 060": "a number has no 0 in front",
    "phone = ? # yes, 24.12.2026": 'a text stands in quotes, like "PT4H"',
}


@pytest.mark.parametrize(("line", "advice"), WRITTEN.items())
def test_what_is_usually_meant_is_said(tmp_path: Path, line: str, advice: str) -> None:
    sentence = refusal(tmp_path, f"{CLINIC}{line}\nregion = 'DE'\n".encode())
    assert sentence.startswith("calbridge.toml, line 4, column ")
    assert sentence.endswith(f"): {advice}")


def test_what_ends_too_early_is_the_last_lines(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, f'{CLINIC}phone = "030\n\n'.rstrip().encode())
    assert sentence == 'calbridge.toml, line 4: this is not TOML (Unterminated string): a text has no closing "'


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_another_encoding_is_named_with_its_line(tmp_path: Path, codec: str) -> None:
    sentence = refusal(tmp_path, f'{CLINIC}phone = "Röntgen"\n'.encode(codec))
    assert sentence == "calbridge.toml, line 4: this is not UTF-8: save the file as UTF-8 text in your editor"


@pytest.mark.parametrize(("mark", "end"), [(b"\xef\xbb\xbf", "\n"), (b"", "\r\n"), (b"\xef\xbb\xbf", "\r\n")])
def test_what_editors_add_does_not_matter(tmp_path: Path, mark: bytes, end: str) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_bytes(mark + CLINIC.replace("\n", end).encode())
    assert list(load(path, {}, Plugins()).clinics) == ["a"]
