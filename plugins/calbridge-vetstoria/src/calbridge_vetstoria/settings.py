"""What a clinic writes in `[clinics.<c>.connections.<n>]` with `kind = "vetstoria"`: where, which site, which token.

`resources` and `services` translate the clinic's keys to the portal's ids where those differ; a key that is not
listed is the same on both sides.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from calbridge.fields import SecretText, ServerUrl


class VetstoriaSettings(BaseModel):
    """`webhook_secret` is what the portal showed once when the webhook was registered.

    `tells` is off, because a portal that only shows messages on a page reaches nobody: to be told twice is better than
    not to be told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: ServerUrl = Field(description="the portal's address")
    site: str = Field(min_length=1, description="the site's key in the portal")
    token: SecretText = Field(description="the bridge's bearer token")
    webhook_secret: SecretText | None = Field(default=None, description="what the portal showed for its webhook")
    tells: bool = Field(default=False, description="the portal itself tells its clients; else the notifiers do")
    resources: dict[str, str] = Field(default={}, description="resource key to portal id, where they differ")
    services: dict[str, str] = Field(default={}, description="service key to portal id, where they differ")

    @field_validator("resources", "services")
    @classmethod
    def _one_to_one(cls, pairs: dict[str, str]) -> dict[str, str]:
        owners: dict[str, str] = {}
        for key, other in pairs.items():
            if owners.setdefault(other, key) != key:
                raise ValueError(f'"{owners[other]}" and "{key}" are both "{other}" in the portal: give each its own')
        return pairs
