"""The tables, as the queries see them. The migrations make them; a test holds both equal.

What is searched for is a column; the record itself is one JSON text (`codec`). Everything belongs to one clinic.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from calbridge.store import codec

metadata = MetaData()

_APPOINTMENT = ("appointments.clinic", "appointments.id")

clinics = Table(
    "clinics",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),  # the fencing token: +1 with every cycle
    Column("revision", Integer, nullable=False),  # of published availability; only grows
    Column("foreign_version", Integer, nullable=False),  # of the foreign records; +1 with every change to them
)

connections = Table(
    "connections",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("fingerprint", Text),  # NULL: not loaded yet
    Column("cursor", Text, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("released", Integer, nullable=False),  # 0 no, 1 a person said so, 2 a cycle has taken it
    Column("last_success", Integer),
    Column("last_full", Integer),
    Column("reach", Integer),  # the end of its window
    Column("full_due", Boolean, nullable=False),  # the next read is a full one
    Column("news", Text, nullable=False),  # the last that it told of its clients' records
    Column("asked", Integer),  # until when those whose turn it was were looked up; NULL: it is everybody's turn
    Column("failing_since", Integer),  # NULL: it does not
    Column("attempts", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("recovery", Text, nullable=False),
    Column("retry_at", Integer),
    Column("quirks", codec.Encoded(codec.FACTS), nullable=False),  # what trying its server out showed
    Column("learned_at", Integer),
)

appointments = Table(
    "appointments",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("body", codec.Encoded(codec.APPOINTMENT), nullable=False),
    Index("appointments_by_end", "clinic", "end"),
    Index("appointments_by_state", "clinic", "state"),
)

claims = Table(
    "claims",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("appointment", Text, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    CheckConstraint('start < "end"', name="claims_not_empty"),
    ForeignKeyConstraint(["clinic", "appointment"], _APPOINTMENT, ondelete="CASCADE", name="claims_appointment"),
    Index("claims_by_start", "clinic", "resource", "start"),
    Index("claims_by_appointment", "clinic", "appointment"),
)

shadows = Table(
    "shadows",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("appointment", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("view", codec.Encoded(codec.VIEW)),
    Column("asked", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("before", codec.Encoded(codec.VIEW)),
    Column("unwritten", Boolean, nullable=False),
    Column("awaited", Integer),  # its entry is gone, and until then it may be entered anew
    Column("manage_url", Text, nullable=False),  # whoever has it may change the booking
    ForeignKeyConstraint(["clinic", "appointment"], _APPOINTMENT, ondelete="CASCADE", name="shadows_appointment"),
    Index("shadows_by_appointment", "clinic", "appointment"),
    Index("shadows_awaited", "clinic", "awaited", sqlite_where=text("awaited IS NOT NULL")),
)

foreign_records = Table(
    "foreign_records",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("body", codec.Encoded(codec.FOREIGN), nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("clinic", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("appointment", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("change", codec.Encoded(codec.CHANGE), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("sent", Integer),
    # One write on its way and one waiting behind it, for one appointment on one side; never two of a kind.
    Index("outbox_one_of_a_kind", "clinic", "connection", "appointment", "state", unique=True),
    CheckConstraint("state IN ('intent', 'sent')", name="outbox_states"),
    sqlite_autoincrement=True,
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("clinic", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("appointment", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("facts", codec.Encoded(codec.FACTS), nullable=False),
    Index("journal_by_appointment", "clinic", "appointment"),
    Index("journal_by_run", "clinic", "run"),
    sqlite_autoincrement=True,
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("clinic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("appointment", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    UniqueConstraint("clinic", "key", name="tasks_one_per_key"),
    CheckConstraint("state IN ('open', 'dismissed', 'settled')", name="tasks_states"),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("clinic", Text, nullable=False),
    Column("appointment", Text, nullable=False),
    Column("body", codec.Encoded(codec.COMMAND), nullable=False),
    Index("commands_by_clinic", "clinic"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("clinic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("appointment", Text),  # NULL: an invitation belongs to no booking
    Column("state", Text, nullable=False),
    Column("standing", Boolean, nullable=False),  # follows from how things stand; else it is kept until it is sent
    Column("telling", Boolean, nullable=False),  # after it the client knows where her booking stands
    Column("at", Integer, nullable=False),
    Column("not_before", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("notifier", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("handed", Integer),  # when it left, or was settled without leaving
    Column("body", codec.Encoded(codec.MESSAGE), nullable=False),
    UniqueConstraint("clinic", "key", name="messages_one_per_key"),
    CheckConstraint(
        "state IN ('due', 'sending', 'sent', 'refused', 'unknown', 'nobody', 'missed', 'silent')",
        name="messages_states",
    ),
    ForeignKeyConstraint(["clinic", "appointment"], _APPOINTMENT, ondelete="CASCADE", name="messages_appointment"),
    Index("messages_by_state", "clinic", "state", "at"),
    Index("messages_by_appointment", "clinic", "appointment"),
    sqlite_autoincrement=True,
)

notices = Table(
    "notices",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # SHA-256 of the text
    Column("text", Text, nullable=False),
)

# Without a foreign key on purpose: proof of consent outlives the booking it came with.
consents = Table(
    "consents",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("appointment", Text, primary_key=True),  # or connection/ref of an account
    Column("digest", Text, nullable=False),
    Column("agreed", Integer, nullable=False),
    Column("client", Text, nullable=False),  # "" while nobody is linked
    Index("consents_by_client", "clinic", "client"),
)

offers = Table(
    "offers",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # local date, ISO
    Column("digest", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

hints = Table(
    "hints",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("hint", Text, primary_key=True),
    Column("seen", Integer, nullable=False),
    Index("hints_by_seen", "clinic", "connection", "seen"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("clinic", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("digest", Text, nullable=False),  # of the secret in the address, never the secret
    Column("created", Integer, nullable=False),
    Index("feeds_by_digest", "digest", unique=True),
)
