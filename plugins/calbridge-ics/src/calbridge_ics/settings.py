"""What a clinic writes in `[clinics.<c>.connections.<n>]` with `kind = "ics"`: where it is and whose time.

The address of a feed is often its only protection, so it is a secret like a password.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from calbridge.fields import Category, Seconds, SecretText
from calbridge.ical import Counts, Meaning


class IcsSettings(BaseModel):
    """Exactly one of `url` and `path`; durations in whole seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretText | None = Field(default=None, description="the feed's address (https, http or webcal)")
    path: str | None = Field(default=None, description="the feed's file, relative to the configuration")
    resource: str = Field(min_length=1, description="resource whose time the feed's entries take")
    username: str = Field(default="", description="account the feed is read with, where it wants one")
    password: SecretText | None = Field(default=None, description="that account's password")
    refresh: Seconds = Field(default=300, ge=0, description="the address is asked again after this at the earliest")
    max_age: Seconds | None = Field(
        default=None, gt=0, description="oldest reading, and oldest file, that online booking may rest on"
    )
    window_categories: tuple[Category, ...] = Field(
        default=(), description="an entry with such a category is an online window of the resource"
    )
    absence_categories: tuple[Category, ...] = Field(
        default=(), description="an entry with such a category is an absence, however it shows itself"
    )
    all_day: Counts = Field(default="busy", description="whether an all-day entry takes time")
    tentative: Counts = Field(default="busy", description="whether a tentative entry takes time")

    @model_validator(mode="after")
    def _one_place(self) -> IcsSettings:
        if (self.url is None) == (self.path is None):
            raise ValueError('give exactly one of url and path: url = "https://..." or path = "anna.ics"')
        if self.path is not None and (self.username or self.password):
            raise ValueError("username and password belong to a url: a file is read as this user")
        if bool(self.username) != (self.password is not None):
            missing = "password" if self.username else "username"
            raise ValueError(f"{missing} is missing: give username and password, or neither")
        return self

    @model_validator(mode="after")
    def _one_meaning_each(self) -> IcsSettings:
        self.meaning()
        return self

    @model_validator(mode="after")
    def _fresh_enough(self) -> IcsSettings:
        if self.url is not None and self.max_age is not None and self.max_age <= self.refresh:
            raise ValueError("max_age is not longer than refresh, so the feed would always be too old: make it longer")
        return self

    def meaning(self) -> Meaning:
        """What categories mean."""
        return Meaning.named(windows=self.window_categories, absences=self.absence_categories)
