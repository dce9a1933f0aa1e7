"""The first schema: the hub's state, its outbox and journal, and the guard that makes overlapping claims impossible."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

# Claims of different appointments never overlap, so on one resource the one that starts last before NEW ends is the
# only one that can reach into NEW: one step in the index, however long the history.
_REFUSE = """
CREATE TRIGGER claims_guard_{event} BEFORE {event} ON claims
WHEN NEW.start < (
    SELECT nearest."end" FROM claims AS nearest
    WHERE nearest.clinic = NEW.clinic AND nearest.resource = NEW.resource
      AND nearest.start < NEW."end" AND nearest.appointment <> NEW.appointment
    ORDER BY nearest.start DESC LIMIT 1
)
BEGIN SELECT RAISE(ABORT, 'claims_overlap'); END
"""
_GUARD = {"sqlite": (_REFUSE.format(event="INSERT"), _REFUSE.format(event="UPDATE"))}


def upgrade() -> None:
    """Make every table and the guard."""
    _make_clinics()
    _make_hub()
    _make_writes()
    _make_people()
    _make_messages()
    _make_consents()
    _make_portal()
    for statement in _GUARD[op.get_bind().dialect.name]:
        op.execute(statement)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _of_appointment(name: str) -> sa.ForeignKeyConstraint:
    target = ["appointments.clinic", "appointments.id"]
    return sa.ForeignKeyConstraint(["clinic", "appointment"], target, ondelete="CASCADE", name=name)


def _make_clinics() -> None:
    op.create_table("clinics", _key("clinic"), _integer("epoch"), _integer("revision"), _integer("foreign_version"))
    op.create_table(
        "connections",
        _key("clinic"),
        _key("name"),
        sa.Column("fingerprint", sa.Text),
        _text("cursor"),
        _flag("approved"),
        _integer("released"),
        _integer("last_success", nullable=True),
        _integer("last_full", nullable=True),
        _integer("reach", nullable=True),
        _flag("full_due"),
        _text("news"),
        _integer("asked", nullable=True),
        _integer("failing_since", nullable=True),
        _integer("attempts"),
        _text("why"),
        _text("recovery"),
        _integer("retry_at", nullable=True),
        _text("quirks"),
        _integer("learned_at", nullable=True),
    )


def _make_hub() -> None:
    op.create_table(
        "appointments",
        _key("clinic"),
        _key("id"),
        _text("state"),
        _integer("start"),
        _integer("end"),
        _text("body"),
    )
    op.create_index("appointments_by_end", "appointments", ["clinic", "end"])
    op.create_index("appointments_by_state", "appointments", ["clinic", "state"])
    op.create_table(
        "claims",
        _key("clinic"),
        _key("resource"),
        _key("appointment"),
        _integer("start"),
        _integer("end"),
        sa.CheckConstraint('start < "end"', name="claims_not_empty"),
        _of_appointment("claims_appointment"),
    )
    op.create_index("claims_by_start", "claims", ["clinic", "resource", "start"])
    op.create_index("claims_by_appointment", "claims", ["clinic", "appointment"])
    op.create_table(
        "shadows",
        _key("clinic"),
        _key("connection"),
        _key("appointment"),
        _text("ref"),
        _text("version"),
        sa.Column("view", sa.Text),
        _text("asked"),
        _integer("revision"),
        _integer("confirmed"),
        _flag("pending"),
        sa.Column("before", sa.Text),
        _flag("unwritten"),
        _integer("awaited", nullable=True),
        _text("manage_url"),
        _of_appointment("shadows_appointment"),
    )
    op.create_index("shadows_by_appointment", "shadows", ["clinic", "appointment"])
    op.create_index("shadows_awaited", "shadows", ["clinic", "awaited"], sqlite_where=sa.text("awaited IS NOT NULL"))
    op.create_table("foreign_records", _key("clinic"), _key("connection"), _key("ref"), _text("body"))


def _make_writes() -> None:
    op.create_table(
        "outbox",
        _number(),
        *(_text(name) for name in ("clinic", "connection", "appointment", "state", "asked", "change")),
        _integer("attempts"),
        _integer("not_before"),
        _text("why"),
        _text("run"),
        _integer("created"),
        _integer("sent", nullable=True),
        sa.CheckConstraint("state IN ('intent', 'sent')", name="outbox_states"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_one_of_a_kind", "outbox", ["clinic", "connection", "appointment", "state"], unique=True)


def _make_people() -> None:
    op.create_table(
        "journal",
        _number(),
        _text("clinic"),
        _text("run"),
        _integer("at"),
        *(_text(name) for name in ("code", "appointment", "connection", "facts")),
        sqlite_autoincrement=True,
    )
    op.create_index("journal_by_appointment", "journal", ["clinic", "appointment"])
    op.create_index("journal_by_run", "journal", ["clinic", "run"])
    op.create_table(
        "tasks",
        _number(),
        *(_text(name) for name in ("clinic", "key", "kind", "sentence", "appointment", "connection", "state")),
        _integer("opened"),
        _integer("changed"),
        sa.UniqueConstraint("clinic", "key", name="tasks_one_per_key"),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'settled')", name="tasks_states"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "commands",
        _number(),
        *(_text(name) for name in ("clinic", "appointment", "body")),
        sqlite_autoincrement=True,
    )
    op.create_index("commands_by_clinic", "commands", ["clinic"])


def _make_messages() -> None:
    op.create_table(
        "messages",
        _number(),
        _text("clinic"),
        _text("key"),
        sa.Column("appointment", sa.Text),
        _text("state"),
        *(_flag(name) for name in ("standing", "telling")),
        *(_integer(name) for name in ("at", "not_before", "attempts")),
        *(_text(name) for name in ("notifier", "why", "run")),
        _integer("handed", nullable=True),
        _text("body"),
        sa.UniqueConstraint("clinic", "key", name="messages_one_per_key"),
        sa.CheckConstraint(
            "state IN ('due', 'sending', 'sent', 'refused', 'unknown', 'nobody', 'missed', 'silent')",
            name="messages_states",
        ),
        _of_appointment("messages_appointment"),
        sqlite_autoincrement=True,
    )
    op.create_index("messages_by_state", "messages", ["clinic", "state", "at"])
    op.create_index("messages_by_appointment", "messages", ["clinic", "appointment"])


def _make_consents() -> None:
    op.create_table("notices", _key("clinic"), _key("digest"), _text("text"))
    op.create_table(
        "consents", _key("clinic"), _key("appointment"), _text("digest"), _integer("agreed"), _text("client")
    )
    op.create_index("consents_by_client", "consents", ["clinic", "client"])


def _make_portal() -> None:
    op.create_table(
        "offers",
        _key("clinic"),
        _key("connection"),
        _key("resource"),
        _key("day"),
        _text("digest"),
        _integer("revision"),
    )
    op.create_table("hints", _key("clinic"), _key("connection"), _key("hint"), _integer("seen"))
    op.create_index("hints_by_seen", "hints", ["clinic", "connection", "seen"])
    op.create_table("feeds", _key("clinic"), _key("resource"), _text("digest"), _integer("created"))
    op.create_index("feeds_by_digest", "feeds", ["digest"], unique=True)
