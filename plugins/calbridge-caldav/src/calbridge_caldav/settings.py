"""What a clinic writes in `[clinics.<c>.connections.<n>]` with `kind = "caldav"`: where, who, which calendars.

A calendar belongs to exactly one resource, on the server that the url names: credentials go nowhere else.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from calbridge.fields import Category, SecretText, ServerUrl
from calbridge.ical import Counts, Meaning
from calbridge_caldav.hrefs import HERE, ONLINE, collection_path


class CaldavSettings(BaseModel):
    """`calendars` maps a resource's key to the path or URL of its calendar collection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: ServerUrl = Field(description="the CalDAV server's address")
    username: str = Field(default="", description="account the calendars are read and written with")
    password: SecretText | None = Field(default=None, description="that account's password, or an app password")
    token: SecretText | None = Field(default=None, description="a bearer token, instead of a password")
    refresh_token: SecretText | None = Field(default=None, description="an OAuth2 refresh token, instead of a password")
    token_url: ServerUrl | None = Field(default=None, description="where the refresh token is exchanged")
    client_id: str | None = Field(default=None, description="OAuth2 client that the refresh token was given to")
    client_secret: SecretText | None = Field(default=None, description="that client's secret, where it has one")
    token_file: str | None = Field(
        default=None,
        description="file the bridge keeps a renewed refresh token in, where the server renews them; relative to the "
        "configuration",
    )
    calendars: dict[str, str] = Field(min_length=1, description="resource key to its calendar's path on the server")
    windows: dict[str, str] = Field(
        default_factory=dict, description="resource key to the path of a calendar whose entries are its online windows"
    )
    window_categories: tuple[Category, ...] = Field(
        default=(), description="an entry with such a category is an online window of its calendar's resource"
    )
    absence_categories: tuple[Category, ...] = Field(
        default=(), description="an entry with such a category is an absence, however it shows itself"
    )
    all_day: Counts = Field(default="busy", description="whether an all-day entry takes time")
    tentative: Counts = Field(default="busy", description="whether a tentative entry takes time")

    @field_validator("calendars")
    @classmethod
    def _keys(cls, calendars: dict[str, str]) -> dict[str, str]:
        for resource in calendars:
            if not resource or "/" in resource or resource.startswith(ONLINE):
                raise ValueError(f'"{resource}" is not the key of a resource: write calendars = {{ anna = "..." }}')
        return calendars

    @model_validator(mode="after")
    def _one_calendar_each(self) -> CaldavSettings:
        owners: dict[str, str] = {}
        places = [(f"calendars.{key}", path) for key, path in self.paths().items()]
        for place, path in (*places, *((f"windows.{key}", path) for key, path in self.window_paths().items())):
            other = owners.setdefault(path, place)
            if other != place:
                raise ValueError(
                    f"{place} and {other} are the same calendar {path}: give each resource a calendar of its own"
                )
        return self

    @model_validator(mode="after")
    def _windows_of_somebody(self) -> CaldavSettings:
        for resource in self.windows:
            if resource not in self.calendars:
                raise ValueError(
                    f"windows.{resource} has no calendars.{resource} beside it: give the resource's own too"
                )
        return self

    @model_validator(mode="after")
    def _one_meaning_each(self) -> CaldavSettings:
        self.meaning()
        return self

    @model_validator(mode="after")
    def _whole_login(self) -> CaldavSettings:
        ways = [name for name in ("password", "token", "refresh_token") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"{ways[0]} and {ways[1]} are two logins: leave one out")
        if "password" in ways and not self.username:
            raise ValueError("username is missing: give username and password, or neither")
        if self.username and not ways:
            raise ValueError("password is missing: give username and password, or neither")
        return self

    @model_validator(mode="after")
    def _whole_exchange(self) -> CaldavSettings:
        about = ("token_url", "client_id", "client_secret", "token_file")
        given = [name for name in about if getattr(self, name) is not None]
        if self.refresh_token is None and given:
            raise ValueError(f"{given[0]} belongs to a refresh token: give refresh_token too")
        missing = [name for name in ("token_url", "client_id") if name not in given]
        if self.refresh_token is not None and missing:
            raise ValueError(f"{missing[0]} is missing: a refresh token is exchanged there")
        return self

    @model_validator(mode="after")
    def _no_token_in_the_clear(self) -> CaldavSettings:
        if self.token is not None and in_the_clear(self.url):
            raise ValueError("a token is only sent over https: whoever reads it on the way may use it")
        if self.refresh_token is not None and (in_the_clear(self.url) or in_the_clear(self.token_url or "")):
            raise ValueError("a refresh token is only used over https: whoever reads it on the way may use it")
        return self

    def meaning(self) -> Meaning:
        """What categories mean."""
        return Meaning.named(windows=self.window_categories, absences=self.absence_categories)

    def window_paths(self) -> dict[str, str]:
        """The same for the calendars of online windows."""
        return {key: collection_path(self.url, place) for key, place in self.windows.items()}

    def paths(self) -> dict[str, str]:
        """Resource key to the unquoted path of its collection, with a slash at its end."""
        return {key: collection_path(self.url, place) for key, place in self.calendars.items()}


def in_the_clear(url: str) -> bool:
    """Can somebody on the way read what is sent there?"""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in HERE
