"""The configuration: one TOML file, then the environment, then a secrets directory; every fault said at once.

`load` reads it, `Config` is what came of it. pydantic checks the shape here; the core gets `model` records.
"""

from calbridge.settings.config import (
    BridgeConfig,
    ClinicConfig,
    Config,
    ConfigErrors,
    ConnectionConfig,
    NotifierConfig,
)
from calbridge.settings.load import load
from calbridge.settings.sections import ClinicSection

__all__ = [
    "BridgeConfig",
    "ClinicConfig",
    "ClinicSection",
    "Config",
    "ConfigErrors",
    "ConnectionConfig",
    "NotifierConfig",
    "load",
]
