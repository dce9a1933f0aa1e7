"""Views are compared field by field, and only in the fields that a side really stores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.feeds import Entry
from calbridge.hub import Link, Shadow
from calbridge.model import State
from calbridge.numbers import elsewhere
from calbridge.views import UNDECIDED, PmsView, View, digest, fields_of

WHOSE = ("client", "patient")
"""The fields that say whose visit it is, in a PMS's own numbers."""


def carried(link: Link, view: View) -> dict[str, Any]:
    """The fields of `view` that this side stores; a None is a field it must not hold.

    A client whom another PMS keeps is nobody here: whom this one links it to itself is not compared.
    """
    shown_as = link.capabilities.shown_as
    fields = fields_of(view) | {"state": shown_as.get(view.state, view.state)}
    if isinstance(view, PmsView) and elsewhere(view.client, link.name):
        fields |= dict.fromkeys(WHOSE)
    return {name: value for name, value in fields.items() if name in link.capabilities.fields and value is not None}


def recognised(link: Link, shadow: Shadow, entry: Entry) -> Entry:
    """A side without holds shows a reserved slot, or a request, as a plain appointment: it is still what it was."""
    asked = shadow.view.state if shadow.view is not None else None
    if link.capabilities.holds or asked not in UNDECIDED or entry.view.state is not State.CONFIRMED:
        return entry
    return replace(entry, view=replace(entry.view, state=asked))


def fingerprint(link: Link, view: View) -> str:
    """The digest of what a side is asked to show, kept to recognise a server that rewrites (R16)."""
    return digest(carried(link, view))


def delta(link: Link, shadow: Shadow, seen: View) -> dict[str, Any]:
    """What somebody changed on this side since its shadow: field -> new value. All of it when it showed nothing."""
    before = carried(link, shadow.view) if shadow.view else {}
    return {name: value for name, value in carried(link, seen).items() if before.get(name) != value}


def pending(link: Link, shadow: Shadow, desired: View) -> set[str]:
    """The fields in which this side does not yet show what it should."""
    shown = carried(link, shadow.view) if shadow.view else {}
    return {name for name, value in carried(link, desired).items() if shown.get(name) != value}


def up_to_date(link: Link, shadow: Shadow, desired: View) -> bool:
    """True when the side shows what it should, or was asked for exactly this and keeps rewriting it."""
    return shadow.asked == fingerprint(link, desired) or not pending(link, shadow, desired)
