"""Texts by language: English, German or Finnish, as the browser asks. Dates are written by Babel."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from babel.core import negotiate_locale
from babel.dates import format_date, format_time

LANGUAGES = ("en", "de", "fi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: its texts, and how it writes days and times."""

    code: str
    texts: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """One text with its values filled in."""
        return self.texts[key].format(**values)

    def day(self, instant: str) -> str:
        """The local day of an instant as the wire writes it."""
        return format_date(datetime.fromisoformat(instant).date(), "full", locale=self.code)

    def time(self, instant: str) -> str:
        """The local time of an instant as the wire writes it."""
        return format_time(datetime.fromisoformat(instant).time(), "short", locale=self.code)

    def reason(self, text: str) -> str:
        """A reason: a code the bridge gives, in words, or the clinic's own sentence."""
        return self.texts.get(f"reason_{text}", text)

    def species(self, code: str) -> str:
        """A species by its everyday name, where there is one."""
        return self.texts.get(f"species_{code.replace(' ', '_')}", code)


def chosen(accept_language: str | None) -> Language:
    """The language of an Accept-Language header; English when none of ours is asked for."""
    wanted = sorted(_ranges(accept_language or ""), reverse=True)
    code = negotiate_locale([tag for _, _, tag in wanted], LANGUAGES, sep="-")
    return _load(code or LANGUAGES[0])


def _ranges(header: str) -> list[tuple[float, int, str]]:
    """(weight, -position, tag) of each language range; a weight that is no number counts as none."""
    found = []
    for position, part in enumerate(header.split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        if tag and weight.replace(".", "", 1).isdecimal():
            found.append((float(weight), -position, tag.strip()))
    return found


@cache
def _load(code: str) -> Language:
    text = files("calbridge_portal").joinpath("texts", f"{code}.toml").read_text(encoding="utf-8")
    return Language(code=code, texts=tomllib.loads(text))
