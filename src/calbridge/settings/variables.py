"""Reading nested names out of variables, by pydantic-settings: imported only where there are such variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from calbridge.settings.sections import BridgeSection, ClinicSection

PREFIX = "CALBRIDGE_"
DELIMITER = "__"


class _Shape(BaseSettings):
    """Only tells the source which names nest; nothing is validated with it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=DELIMITER)

    bridge: BridgeSection = BridgeSection()
    clinics: dict[str, ClinicSection] = {}


class _Given(EnvSettingsSource):
    """The variables it is given instead of those of the process."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(_Shape)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}


def document_of(variables: Mapping[str, str]) -> dict[str, Any] | None:
    """What they set, as a document like the file's; None where a list or a table is no JSON."""
    try:
        return dict(_Given(variables)())
    except SettingsError:
        return None
