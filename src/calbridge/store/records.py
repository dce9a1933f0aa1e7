"""Rows as the store hands them out: frozen copies, never live objects. Instants are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from calbridge.hub import Effect
from calbridge.messages import MessageDue


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One outside write. `intent`: never sent. `sent`: handed to the provider, outcome not known yet."""

    id: int
    connection: str
    effect: Effect
    state: Literal["intent", "sent"]
    created: int = 0
    attempts: int = 0
    not_before: int = 0
    why: str = ""


MessageState = Literal["due", "sending", "sent", "refused", "unknown", "nobody", "missed", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message. `due`: not handed over yet. `sending`: handed over, no answer yet.

    `sent`, `refused` and `unknown` are the answers. `nobody`: no notifier could take it. `missed`: it came too late to
    be of use. `silent`: the client knows without it. `handed` is when it left or was settled.
    """

    id: int
    message: MessageDue
    state: MessageState
    attempts: int = 0
    not_before: int = 0
    notifier: str = ""
    why: str = ""
    handed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """Something a person must look at. `settled`: its cause is gone. `dismissed`: a person wants no more of it."""

    id: int
    key: str
    kind: str
    sentence: str
    appointment: str
    connection: str
    state: Literal["open", "dismissed", "settled"]
    opened: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One decision as it was written down. `run` is "" for what a person did outside a cycle."""

    id: int
    run: str
    at: int
    code: str
    appointment: str = ""
    connection: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """How a connection stands. `retry_at`, `recovery` and `failing_since` are set while it fails; `attempts` counts.

    `quirks`: what its server does differently, as it was found at `learned_at`.
    """

    name: str
    approved: bool
    released: bool
    has_cursor: bool
    last_success: int | None = None
    last_full: int | None = None
    failing_since: int | None = None
    attempts: int = 0
    why: str = ""
    recovery: str = ""
    retry_at: int | None = None
    quirks: Mapping[str, str] = field(default_factory=dict)
    learned_at: int | None = None
