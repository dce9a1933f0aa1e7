"""What a clinic writes in `[clinics.<c>.connections.<n>]` with `kind = "caldav"`: where, who, which calendars.

A calendar belongs to exactly one resource, on the server that the url names: credentials go nowhere else.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from calbridge.fields import SecretText, ServerUrl
from calbridge.ical import Counts
from calbridge_caldav.hrefs import collection_path


class CaldavSettings(BaseModel):
    """`calendars` maps a resource's key to the path or URL of its calendar collection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: ServerUrl = Field(description="the CalDAV server's address")
    username: str = Field(default="", description="account the calendars are read and written with")
    password: SecretText | None = Field(default=None, description="that account's password")
    calendars: dict[str, str] = Field(min_length=1, description="resource key to its calendar's path on the server")
    all_day: Counts = Field(default="busy", description="whether an all-day entry takes time")
    tentative: Counts = Field(default="busy", description="whether a tentative entry takes time")

    @field_validator("calendars")
    @classmethod
    def _keys(cls, calendars: dict[str, str]) -> dict[str, str]:
        for resource in calendars:
            if not resource or "/" in resource:
                raise ValueError(f'"{resource}" is not the key of a resource: write calendars = {{ anna = "..." }}')
        return calendars

    @model_validator(mode="after")
    def _one_calendar_each(self) -> CaldavSettings:
        owners: dict[str, str] = {}
        for resource, path in self.paths().items():
            other = owners.setdefault(path, resource)
            if other != resource:
                raise ValueError(
                    f"calendars.{resource} and calendars.{other} are the same calendar {path}: "
                    "give each resource a calendar of its own"
                )
        return self

    @model_validator(mode="after")
    def _whole_login(self) -> CaldavSettings:
        if bool(self.username) != (self.password is not None):
            missing = "password" if self.username else "username"
            raise ValueError(f"{missing} is missing: give username and password, or neither")
        return self

    def paths(self) -> dict[str, str]:
        """Resource key to the unquoted path of its collection, with a slash at its end."""
        return {key: collection_path(self.url, place) for key, place in self.calendars.items()}
