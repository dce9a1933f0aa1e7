"""What a configuration means once it is read: plain records. Secrets are still references or masked text in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from calbridge.errors import ConfigError
from calbridge.model import Clinic
from calbridge.provider import ProviderKind


class ConfigErrors(ConfigError):
    """Everything that is wrong with one configuration, one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeConfig:
    """What concerns the process. `home` is the file's directory, `every` the poll interval in seconds.

    `secrets` are the secrets directories; `port` 0 means any free one.
    """

    home: Path
    database: Path
    host: str = "127.0.0.1"
    port: int = 8620
    every: int = 60
    public_url: str = ""
    log_level: str = "info"
    secrets: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionConfig:
    """One connection. `settings` is the plugin's own validated model, None while the plugin does not load."""

    name: str
    clinic: str
    kind: str
    first_run: Literal["plan", "apply"] = "plan"
    allow_private: bool = False
    ca_file: str = ""
    timeout: int = 60
    section: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: BaseModel | None = None
    provider: ProviderKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicConfig:
    """One clinic with its connections in the order of the file."""

    clinic: Clinic
    connections: Mapping[str, ConnectionConfig] = field(default_factory=dict)
    system_of_record: str = ""
    preset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole. `path` is the file it came from."""

    path: Path
    bridge: BridgeConfig
    clinics: Mapping[str, ClinicConfig] = field(default_factory=dict)
