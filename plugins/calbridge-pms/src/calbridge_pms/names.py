"""The clinic's keys and the PMS's ids, both ways. What the clinic does not know is nobody's resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calbridge.model import Clinic
from calbridge_pms.settings import PmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """`resources` and `services`: key to id, without those the PMS does not have. `location`: the site, "" for any.

    `marks` are the clinic's words for the categories that mark an appointment for its client.
    """

    resources: Mapping[str, str]
    services: Mapping[str, str]
    location: str = ""
    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: PmsSettings, clinic: Clinic) -> Names:
        """Every key of the clinic, mapped or the same."""
        return cls(
            resources=_mapped(clinic.resources, settings.resources),
            services=_mapped(clinic.services, settings.services),
            location=settings.location,
            marks=clinic.rules.publish_categories,
        )

    def resource_key(self, ident: str) -> str:
        """The clinic's key for a PMS resource, "" where it has none."""
        return _key(self.resources, ident)

    def service_key(self, ident: str | None) -> str:
        """The clinic's key for an appointment type, "" where it has none."""
        return _key(self.services, ident)


def _mapped(keys: Mapping[str, object], given: Mapping[str, str]) -> dict[str, str]:
    return {key: given.get(key, key) for key in keys if given.get(key, key)}


def _key(mapping: Mapping[str, str], ident: str | None) -> str:
    return next((key for key, theirs in mapping.items() if theirs == ident), "")
