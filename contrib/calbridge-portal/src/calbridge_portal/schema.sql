-- The portal's whole state. Instants are epoch seconds. One database serves one site.
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Site, calendars and appointment types as the bridge set them: one JSON document each.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- Every privacy notice that was ever in force; the one without an end is.
CREATE TABLE notices (version TEXT PRIMARY KEY, text TEXT NOT NULL, until INTEGER) WITHOUT ROWID;

-- Exact offered starts, as published. Nothing outside this table is ever offered.
CREATE TABLE offers (
    calendar TEXT NOT NULL,
    type TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    PRIMARY KEY (calendar, type, start_at)
) WITHOUT ROWID;
CREATE INDEX offers_by_time ON offers (calendar, start_at);

-- The same for moves: what a booking may be moved to whose client has more time for that than for booking.
CREATE TABLE moves (
    calendar TEXT NOT NULL,
    type TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    PRIMARY KEY (calendar, type, start_at)
) WITHOUT ROWID;
CREATE INDEX moves_by_time ON moves (calendar, start_at);

-- Which window was published last, so that a late older publication is refused.
CREATE TABLE publications (
    calendar TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    source_revision INTEGER NOT NULL,
    digest TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (calendar, from_at, to_at)
) WITHOUT ROWID;

-- A hold has no column for personal data, on purpose.
CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('held', 'consumed', 'released', 'expired')),
    type TEXT NOT NULL,
    calendar TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    client_ref TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    reason TEXT,
    alternatives TEXT
);
CREATE INDEX holds_live ON holds (calendar, start_at) WHERE status = 'held';
CREATE INDEX holds_by_client ON holds (client_ref);

-- A client who connects with the practice. `code` goes to her address; `token` is the link to her page.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('unproved', 'connected')),
    revision INTEGER NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT,
    address TEXT,
    patient_name TEXT,
    patient_species TEXT,
    notice TEXT REFERENCES notices (version),
    agreed_at INTEGER,
    language TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    code TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    token TEXT NOT NULL UNIQUE
);
CREATE INDEX accounts_by_email ON accounts (lower(email));

-- With an `account` it is what the practice made for its owner by itself, and `client_ref` is the bridge's name for it.
CREATE TABLE bookings (
    id TEXT PRIMARY KEY,
    account TEXT REFERENCES accounts (id),
    status TEXT NOT NULL CHECK (status IN
        ('requested', 'confirmed', 'arrived', 'fulfilled', 'no_show', 'declined', 'cancelled')),
    revision INTEGER NOT NULL,
    mode TEXT NOT NULL,
    type TEXT,  -- NULL: the practice made it and names none
    calendar TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    hold_id TEXT,
    client_ref TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    address TEXT,
    patient_name TEXT,
    patient_species TEXT,
    other_patients TEXT NOT NULL DEFAULT '[]',  -- JSON [{name, species}]
    note TEXT,
    notice TEXT REFERENCES notices (version),
    agreed_at INTEGER,
    language TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_changed_by TEXT NOT NULL,
    cancel_reason TEXT,
    decline_reason TEXT,
    decline_reason_visible INTEGER NOT NULL DEFAULT 0,
    alternatives TEXT,  -- JSON [[calendar, start]]: what the bridge named when it refused
    sync_state TEXT NOT NULL DEFAULT 'pending',
    sync_match TEXT,
    sync_external_ref TEXT,
    sync_detail TEXT,
    client_moves INTEGER NOT NULL DEFAULT 0,
    moves_to TEXT NOT NULL DEFAULT 'offers' CHECK (moves_to IN ('offers', 'moves')),
    owed_message TEXT,
    manage_token TEXT NOT NULL UNIQUE
);
CREATE INDEX bookings_live ON bookings (calendar, start_at)
    WHERE status IN ('requested', 'confirmed', 'arrived');
CREATE INDEX bookings_by_end ON bookings (end_at);
CREATE INDEX bookings_by_account ON bookings (account) WHERE account IS NOT NULL;

-- What takes time on a calendar. A live hold counts only until it expires: filter on expires_at.
CREATE VIEW occupied AS
    SELECT id, calendar, start_at, end_at, expires_at FROM holds WHERE status = 'held'
    UNION ALL
    SELECT id, calendar, start_at, end_at, NULL FROM bookings
        WHERE status IN ('requested', 'confirmed', 'arrived');

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    object TEXT NOT NULL,
    object_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    tombstone INTEGER NOT NULL
);
CREATE INDEX events_by_age ON events (at);

-- Each message once: the portal's own by kind and revision, the bridge's by the name it gives. The key itself makes a
-- repetition impossible.
CREATE TABLE messages (
    booking TEXT NOT NULL REFERENCES bookings (id),
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (booking, key)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (at);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    previous_secret TEXT,
    previous_until INTEGER,
    status TEXT NOT NULL DEFAULT 'active',
    last_status TEXT,
    next_heartbeat_at INTEGER NOT NULL
) WITHOUT ROWID;

-- One webhook message on its way; the row goes when it has arrived or was given up.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (due_at);
