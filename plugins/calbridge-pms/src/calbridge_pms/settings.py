"""What a clinic writes in `[clinics.<c>.connections.<n>]` with `kind = "pms"`: where, with what token, which names.

A name that is not mapped is the same on both sides; one that is mapped to "" does not exist in the PMS.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from calbridge.fields import SecretText, ServerUrl

TOKEN_NAME = re.compile(r"^[A-Za-z0-9-]+$")


class PmsSettings(BaseModel):
    """`resources` and `services` map the clinic's keys to the PMS's ids, `species` its words to the PMS's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: ServerUrl = Field(description="The PMS's address, without /v1")
    token: SecretText = Field(description="The integration's bearer token")
    location: str = Field("", description="The site this clinic is, where the PMS keeps several")
    resources: dict[str, str] = Field(default_factory=dict, description="Resource key to PMS id, where they differ")
    services: dict[str, str] = Field(default_factory=dict, description="Service key to PMS id, where they differ")
    species: dict[str, str] = Field(default_factory=dict, description='Species to the PMS\'s word: `dog = "Hund"`')
    holds: bool = Field(default=True, description="The PMS keeps tentative appointments")
    webhook_secret: SecretText | None = Field(None, description="What the PMS sends with each notice")
    webhook_header: str = Field("X-Hook-Secret", description="The header it sends it in")
    conflict_text: str = Field("", description="A regular expression for refusals of a PMS that answers in words")

    @field_validator("resources", "services", "species")
    @classmethod
    def _one_to_one(cls, names: dict[str, str]) -> dict[str, str]:
        owners: dict[str, str] = {}
        for key, theirs in names.items():
            other = owners.setdefault(theirs, key) if theirs else key
            if other != key:
                raise ValueError(f'{other} and {key} are both mapped to "{theirs}": each needs an id of its own')
        return names

    @field_validator("webhook_header")
    @classmethod
    def _header(cls, name: str) -> str:
        if not TOKEN_NAME.match(name):
            raise ValueError('webhook_header is the name of a header, such as "X-Hook-Secret"')
        return name

    @field_validator("conflict_text")
    @classmethod
    def _expression(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"conflict_text is not a regular expression: {error}") from error
        return text
