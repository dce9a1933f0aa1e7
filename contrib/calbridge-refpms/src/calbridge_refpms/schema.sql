-- One practice. Instants are epoch seconds; everything that takes time of a resource is found through `occupancy`.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE locations (id TEXT PRIMARY KEY, name TEXT NOT NULL, time_zone TEXT NOT NULL) STRICT;
CREATE TABLE resources (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, location TEXT NOT NULL REFERENCES locations,
  slot_size_min INTEGER NOT NULL, online INTEGER NOT NULL
) STRICT;
CREATE TABLE appointment_types (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, minutes INTEGER NOT NULL, species TEXT NOT NULL,
  online INTEGER NOT NULL, instructions TEXT NOT NULL
) STRICT;
CREATE TABLE type_resources (
  type TEXT NOT NULL REFERENCES appointment_types, resource TEXT NOT NULL REFERENCES resources,
  minutes INTEGER, PRIMARY KEY (type, resource)
) STRICT;
CREATE TABLE weekly_windows (
  resource TEXT NOT NULL REFERENCES resources, day INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  kind TEXT NOT NULL, weeks TEXT NOT NULL, valid_from TEXT, valid_until TEXT
) STRICT;

CREATE TABLE clients (
  id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
  email TEXT NOT NULL, phone TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE TABLE patients (
  id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, name TEXT NOT NULL, species TEXT NOT NULL
) STRICT;
-- What is filed under a client: here the privacy notices agreed to online. Never changed, only added.
CREATE TABLE documents (
  id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, kind TEXT NOT NULL, text TEXT NOT NULL,
  dated INTEGER NOT NULL, created_by TEXT NOT NULL
) STRICT;
CREATE INDEX documents_by_client ON documents (client_id);

CREATE TABLE appointments (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, status TEXT NOT NULL,
  resource TEXT NOT NULL REFERENCES resources, type TEXT REFERENCES appointment_types,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL CHECK ("end" > start),
  title TEXT NOT NULL, description TEXT NOT NULL, note TEXT NOT NULL,
  client_id TEXT REFERENCES clients, patient_id TEXT REFERENCES patients, booking_info TEXT NOT NULL,
  categories TEXT NOT NULL,  -- JSON, a list of words
  client_ref TEXT UNIQUE, client_revision INTEGER, cancel_reason TEXT NOT NULL DEFAULT '',
  created_by TEXT NOT NULL, modified_by TEXT NOT NULL, modified INTEGER NOT NULL,
  write_state TEXT NOT NULL DEFAULT 'written',
  write_problem TEXT NOT NULL DEFAULT '',
  settles_at REAL,       -- two-stage writes: when the diary takes or refuses what is pending
  before_write TEXT,     -- two-stage writes: what to go back to when it is refused; NULL for a creation
  overbook INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX appointments_start ON appointments (start);
CREATE INDEX appointments_modified ON appointments (modified);
CREATE INDEX appointments_unsettled ON appointments (settles_at) WHERE settles_at IS NOT NULL;
-- The practitioner and the rooms of an appointment, one row each.
CREATE TABLE claims (
  appointment TEXT NOT NULL REFERENCES appointments ON DELETE CASCADE, resource TEXT NOT NULL REFERENCES resources,
  position INTEGER NOT NULL, PRIMARY KEY (appointment, resource)
) STRICT;
CREATE INDEX claims_resource ON claims (resource);

CREATE TABLE blocks (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, resource TEXT NOT NULL REFERENCES resources,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL CHECK ("end" > start), title TEXT NOT NULL,
  modified_by TEXT NOT NULL, modified INTEGER NOT NULL
) STRICT;
CREATE INDEX blocks_resource ON blocks (resource, start);
CREATE TABLE absences (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, resource TEXT NOT NULL REFERENCES resources,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL CHECK ("end" > start), reason TEXT NOT NULL,
  modified_by TEXT NOT NULL, modified INTEGER NOT NULL
) STRICT;

-- Without a location the whole practice is closed.
CREATE TABLE closures (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, location TEXT REFERENCES locations,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL CHECK ("end" > start), reason TEXT NOT NULL,
  modified_by TEXT NOT NULL, modified INTEGER NOT NULL
) STRICT;

CREATE VIEW occupancy AS
  SELECT claims.resource, appointments.start, appointments."end", appointments.id, appointments.write_state,
         CASE appointments.status WHEN 'tentative' THEN 'hold' ELSE 'appointment' END AS kind
    FROM appointments JOIN claims ON claims.appointment = appointments.id
   WHERE appointments.status IN ('tentative', 'confirmed', 'arrived', 'fulfilled')
  UNION ALL
  SELECT resource, start, "end", id, 'written', 'block' FROM blocks;

CREATE TABLE changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,
  at INTEGER NOT NULL, tombstone INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_at ON changes (at);

CREATE TABLE answers (
  role TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
  headers TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (role, key)
) STRICT;

CREATE TABLE hooks (
  id TEXT PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, failed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE deliveries (
  hook TEXT NOT NULL REFERENCES hooks ON DELETE CASCADE, seq INTEGER NOT NULL, body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, PRIMARY KEY (hook, seq)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due);
