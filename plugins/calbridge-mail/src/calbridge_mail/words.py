"""Texts by language, and how each language writes a day and a time; all in the clinic's own time zone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

# A locale with a territory: "en" alone writes months first and 12 hours, as in the United States.
_LOCALES = {"de": "de_DE", "en": "en_GB", "fi": "fi_FI"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language in one time zone. Instants are epoch seconds."""

    language: str
    texts: Mapping[str, Mapping[str, str]]
    zone: ZoneInfo

    def text(self, section: str, key: str, **values: str) -> str:
        """One text with its values filled in."""
        return self.texts[section][key].format(**values)

    def day(self, instant: int) -> str:
        """ "Dienstag, 24. November 2026"."""
        return format_date(self._local(instant).date(), "full", locale=_LOCALES[self.language])

    def time(self, instant: int) -> str:
        """ "10:00"."""
        return format_time(self._local(instant).time(), "short", locale=_LOCALES[self.language])

    def span(self, start: int, end: int | None) -> str:
        """When, from and to; a visit over midnight names both days."""
        first = self._moment(start)
        if end is None:
            return first
        if self._local(start).date() != self._local(end).date():
            return self.text("phrase", "days", first=first, last=self._moment(end))
        return self.text("phrase", "span", day=self.day(start), start=self.time(start), end=self.time(end))

    def reason(self, text: str) -> str:
        """A reason: a code of the bridge in words, or the clinic's own sentence."""
        known = self.texts["reason"]
        return known[text] if text in known and text != "other" else self.text("reason", "other", reason=text)

    def _moment(self, instant: int) -> str:
        return self.text("phrase", "start", day=self.day(instant), start=self.time(instant))

    def _local(self, instant: int) -> datetime:
        return datetime.fromtimestamp(instant, UTC).astimezone(self.zone)


def words(language: str, time_zone: str) -> Words:
    """The language's texts in a clinic's zone."""
    return Words(language=language, texts=_texts(language), zone=ZoneInfo(time_zone))


@cache
def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    file = resources.files("calbridge_mail").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text("utf-8"))
