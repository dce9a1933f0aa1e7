"""The command line. Each command is a small file of its own, imported when it is called: start-up counts."""

from calbridge.cli.lazy import main

__all__ = ["main"]
