"""The clinic's keys and the PMS's ids, both ways. What the clinic does not know is nobody's resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calbridge.model import Clinic
from calbridge_pms.settings import PmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """`resources` and `services`: key to id, without those the PMS does not have. `location`: the site, "" for any.

    `marks` are the clinic's words for the categories that mark an appointment for its client.
    `species`: the clinic's word to the PMS's, where they differ; in any case of letters.
    """

    resources: Mapping[str, str]
    services: Mapping[str, str]
    location: str = ""
    marks: tuple[str, ...] = ()
    species: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: PmsSettings, clinic: Clinic) -> Names:
        """Every key of the clinic, mapped or the same."""
        return cls(
            resources=_mapped(clinic.resources, settings.resources),
            services=_mapped(clinic.services, settings.services),
            location=settings.location,
            marks=clinic.rules.publish_categories,
            species={word.casefold(): theirs for word, theirs in settings.species.items()},
        )

    def resource_key(self, ident: str) -> str:
        """The clinic's key for a PMS resource, "" where it has none."""
        return _key(self.resources, ident)

    def service_key(self, ident: str | None) -> str:
        """The clinic's key for an appointment type, "" where it has none."""
        return _key(self.services, ident)

    def species_word(self, theirs: str) -> str:
        """The clinic's word for what the PMS calls an animal; its own where none was given."""
        found = (word for word, other in self.species.items() if other.casefold() == theirs.strip().casefold())
        return next(found, theirs)

    def species_there(self, word: str) -> str:
        """What the PMS calls it."""
        return self.species.get(word.strip().casefold(), word)


def _mapped(keys: Mapping[str, object], given: Mapping[str, str]) -> dict[str, str]:
    return {key: given.get(key, key) for key in keys if given.get(key, key)}


def _key(mapping: Mapping[str, str], ident: str | None) -> str:
    return next((key for key, theirs in mapping.items() if theirs == ident), "")
