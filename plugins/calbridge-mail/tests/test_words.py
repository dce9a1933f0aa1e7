"""Three languages, the same keys, the same places to fill in; days and times as each of them writes them."""

from __future__ import annotations

import string
import tomllib
from importlib import resources
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailing import START, clinic_notice, notice, visit

from calbridge.model import Language, State
from calbridge.provider import Kind
from calbridge.views import SYSTEM_REASONS
from calbridge_mail.content import for_client, for_clinic, one_line
from calbridge_mail.words import words

LANGUAGES = get_args(Language)


def texts(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("calbridge_mail").joinpath("texts", f"{language}.toml").read_text("utf-8"))


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_holes(language: str) -> None:
    def shape(found: dict[str, dict[str, str]]) -> dict[str, dict[str, set[str]]]:
        return {section: {key: holes(text) for key, text in lines.items()} for section, lines in found.items()}

    wanted, given_ = shape(texts("de")), shape(texts(language))
    assert given_ == wanted
    assert all(text.strip() == text and text for lines in texts(language).values() for text in lines.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_the_bridge_has_words(language: str) -> None:
    assert set(texts(language)["reason"]) == {*SYSTEM_REASONS, "other"}


@pytest.mark.parametrize(
    ("language", "span"),
    [
        ("de", "Mittwoch, 25. November 2026, 09:10 bis 09:40 Uhr"),
        ("en", "Wednesday, 25 November 2026, 09:10 to 09:40"),
        ("fi", "keskiviikko 25. marraskuuta 2026 klo 9.10–9.40"),
    ],
)
def test_when_is_said_in_the_clinics_own_time(language: str, span: str) -> None:
    assert words(language, "Europe/Berlin").span(START, START + 1_800) == span


def test_another_zone_is_another_time() -> None:
    assert words("fi", "Europe/Helsinki").time(START) == "10.10"


def test_a_visit_over_midnight_names_both_days() -> None:
    said = words("de", "Europe/Berlin").span(START, START + 20 * 3_600)
    assert said == "Mittwoch, 25. November 2026, 09:10 Uhr bis Donnerstag, 26. November 2026, 05:10 Uhr"


KINDS = [kind for kind in Kind if kind is not Kind.INVITATION]


@pytest.mark.parametrize(("language", "kind"), list(product(LANGUAGES, KINDS)))
def test_every_kind_is_whole_in_every_language(language: str, kind: Kind) -> None:
    content = for_client(notice(kind, language=language, reason="slot_unavailable" if kind is Kind.DECLINED else ""))
    said = texts(language)
    for text in (content.text, content.html):
        assert "Mia Albers" in text
        assert "Bello" in text
        assert "Check-up" in text
        assert "+49 40 123456" in text
        assert "{" not in text.replace("{ ", "")
    assert said["lead"][kind] in content.text
    assert content.language == language
    assert f'lang="{language}"' in content.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invitation_says_where_and_with_which_address(language: str) -> None:
    """S1: whoever registers with another address is not recognised."""
    content = for_client(notice(Kind.INVITATION, language=language, visit=None, booking="", manage_url=""))
    assert "mia@example.net" in content.text
    assert "https://book.example.org/hafen" in content.text
    assert "Tierarztpraxis am Hafen" in content.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_clinics_mail_names_nobody(language: str) -> None:
    from dataclasses import replace

    there = replace(clinic_notice().clinic, language=language)
    content = for_clinic(clinic_notice(clinic=there))
    assert "calbridge requests show b1" in content.text
    assert "Check-up" in content.text


def test_a_request_that_moved_is_no_appointment_that_moved() -> None:
    moved = notice(Kind.MOVED, visit=visit(state=State.REQUESTED, previous=START - 3_600))
    content = for_client(moved)
    assert "noch nicht bestätigt" in content.text
    assert "Bisher: Mittwoch, 25. November 2026, 08:10 Uhr" in content.text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("slot_unavailable", "Diese Zeit war leider schon vergeben."),
        ("Dr. Anna ist krank {x}", "Unser Grund: Dr. Anna ist krank {x}"),
        ("other", "Unser Grund: other"),
        ("", ""),
    ],
)
def test_a_reason_is_a_code_in_words_or_the_clinics_sentence(reason: str, said: str) -> None:
    text = for_client(notice(Kind.DECLINED, reason=reason)).text
    assert said in text
    assert ("Unser Grund" in text) is ("Unser Grund" in said)


def test_one_link_at_most_and_only_to_a_web_page() -> None:
    kept = for_client(notice())
    assert kept.text.count("https://") == kept.html.count("href=") == 1
    assert "erst etwas, wenn Sie dort auf einen Knopf drücken" in kept.text
    for url in ("javascript:alert(1)", "https://x y", "https://x\r\nBcc: a@b.c", 'data:text/html,"'):
        assert "href=" not in for_client(notice(manage_url=url)).html
    ended = for_client(notice(Kind.CANCELLED, manage_url=""))
    assert "https://book.example.org/hafen" in ended.text


def test_instructions_are_for_those_who_will_come() -> None:
    shown = {kind: "nüchtern" in for_client(notice(kind)).text for kind in KINDS}
    assert {kind for kind, there in shown.items() if there} == {Kind.CONFIRMED, Kind.MOVED, Kind.REMINDER}


def test_what_the_clinic_hides_is_not_there() -> None:
    text = for_client(notice(visit=visit(end=None, resource="", description="", patient=""))).text
    assert "Wann: Mittwoch, 25. November 2026, 09:10 Uhr\n" in text
    assert "Bei:" not in text
    assert "Anliegen:" not in text
    assert "Für:" not in text


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=60)


@given(HOSTILE)
def test_whatever_somebody_typed_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line == " ".join(line.split())
    assert len(line) <= 500


def test_a_long_line_is_cut_visibly() -> None:
    assert one_line("x" * 600) == "x" * 499 + "…"


@given(HOSTILE, HOSTILE, HOSTILE)
def test_html_holds_text_as_text(name: str, reason: str, description: str) -> None:
    content = for_client(
        notice(name=f"<script>{name}", visit=visit(description=f'"><img src=x>{description}'), reason=reason)
    )
    assert "<script>" not in content.html
    assert "<img" not in content.html
