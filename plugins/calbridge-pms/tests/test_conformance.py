"""Every promise of the provider contract, against the real reference PMS."""

from __future__ import annotations

from calbridge.testing.conformance import PmsTests


class TestPms(PmsTests):
    """Over HTTP, with the bridge's own transport."""
