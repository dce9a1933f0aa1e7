"""Tells clients and clinics by e-mail."""
