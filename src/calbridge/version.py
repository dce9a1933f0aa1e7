"""The one version of all distributions in this repository."""

__version__ = "0.1.0"
