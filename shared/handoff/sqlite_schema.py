"""The tables of the SQLite store and every statement that is said to them."""

from __future__ import annotations

from handoff.documents import CONVERSATIONS, DEAD_LETTERS, DELIVERIES, SESSIONS

# Names and columns are those of the Firestore documents; times are UTC, in text that sorts.
# Statements name their columns: a later revision may add one to a file that two of them share.
SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY, version TEXT NOT NULL, dialect TEXT NOT NULL, provider TEXT,
  conversation TEXT, handoff_id TEXT, state TEXT, opening TEXT, expire_at TEXT, data TEXT NOT NULL,
  wake_at TEXT);
CREATE INDEX IF NOT EXISTS sessions_opening ON sessions (opening) WHERE opening IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_expire_at ON sessions (expire_at);
CREATE TABLE IF NOT EXISTS conversations (
  id TEXT PRIMARY KEY, session TEXT NOT NULL, provider TEXT NOT NULL, expire_at TEXT);
CREATE INDEX IF NOT EXISTS conversations_expire_at ON conversations (expire_at);
CREATE TABLE IF NOT EXISTS deliveries (
  id TEXT PRIMARY KEY, session TEXT NOT NULL, handoff_id TEXT NOT NULL, position TEXT NOT NULL,
  expire_at TEXT, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_position ON deliveries (position);
CREATE INDEX IF NOT EXISTS deliveries_expire_at ON deliveries (expire_at);
CREATE TABLE IF NOT EXISTS dead_letters (
  id TEXT PRIMARY KEY, session TEXT NOT NULL, handoff_id TEXT NOT NULL, provider TEXT NOT NULL,
  at TEXT NOT NULL, expire_at TEXT, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS dead_letters_expire_at ON dead_letters (expire_at);
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY, version TEXT NOT NULL, value TEXT NOT NULL, expires_at TEXT NOT NULL,
  busy_until TEXT)
"""

# What a file of an earlier revision lacks: table, column, and what makes it.
ADDED = (("sessions", "wake_at", "ALTER TABLE sessions ADD COLUMN wake_at TEXT"),)
COLUMNS = "SELECT name FROM pragma_table_info(:table)"
INDEX_WAKE_AT = """
CREATE INDEX IF NOT EXISTS sessions_wake_at ON sessions (wake_at) WHERE wake_at IS NOT NULL
"""

LOAD = "SELECT version, expire_at, data FROM sessions WHERE id = :id"
# The ids come as one JSON list, whatever their number; SQLite's variables have a limit.
VERSIONS = """
SELECT sessions.id, version FROM json_each(:ids) AS wanted
  CROSS JOIN sessions ON sessions.id = wanted.value
"""
LOAD_SOME = """
SELECT sessions.id, version, expire_at, data FROM json_each(:ids) AS wanted
  CROSS JOIN sessions ON sessions.id = wanted.value
"""
OTHERS_WROTE = "PRAGMA data_version"
CREATE_SESSION = """
INSERT INTO sessions (id, version, dialect, provider, conversation, handoff_id, state, opening,
    wake_at, expire_at, data)
  VALUES (:id, :version, :dialect, :provider, :conversation, :handoff_id, :state, :opening,
    :wake_at, :expire_at, :data) ON CONFLICT DO NOTHING
"""
UPDATE_SESSION = """
UPDATE sessions SET version = :version, dialect = :dialect, provider = :provider,
  conversation = :conversation, handoff_id = :handoff_id, state = :state, opening = :opening,
  wake_at = :wake_at, expire_at = :expire_at, data = :data WHERE id = :id AND version = :read
"""

LOAD_TOKEN = "SELECT value, expires_at, busy_until, version FROM tokens WHERE id = :id"
CREATE_TOKEN = """
INSERT INTO tokens (id, version, value, expires_at, busy_until)
  VALUES (:id, :version, :value, :expires_at, :busy_until) ON CONFLICT DO NOTHING
"""
UPDATE_TOKEN = """
UPDATE tokens SET version = :version, value = :value, expires_at = :expires_at,
  busy_until = :busy_until WHERE id = :id AND version = :read
"""

PUT = {
    CONVERSATIONS: """
INSERT OR REPLACE INTO conversations (id, session, provider, expire_at)
  VALUES (:id, :session, :provider, :expire_at)
""",
    DELIVERIES: """
INSERT OR REPLACE INTO deliveries (id, session, handoff_id, position, expire_at, data)
  VALUES (:id, :session, :handoff_id, :position, :expire_at, :data)
""",
    DEAD_LETTERS: """
INSERT OR REPLACE INTO dead_letters (id, session, handoff_id, provider, at, expire_at, data)
  VALUES (:id, :session, :handoff_id, :provider, :at, :expire_at, :data)
""",
}

FIND = """
SELECT session FROM conversations WHERE id = :id AND (expire_at IS NULL OR expire_at > :now)
"""
OPENING = """
SELECT 1 FROM sessions WHERE opening IS NOT NULL AND (expire_at IS NULL OR expire_at > :now)
  AND EXISTS (SELECT 1 FROM json_each(opening) WHERE key = :provider AND value > :now) LIMIT 1
"""
DUE = """
SELECT id FROM sessions WHERE wake_at <= :now AND (expire_at IS NULL OR expire_at > :now)
  ORDER BY wake_at LIMIT :limit
"""
READ_DELIVERIES = """
SELECT id, data FROM deliveries WHERE position > :above AND position < :below
  AND (expire_at IS NULL OR expire_at > :now) ORDER BY position
"""
READ_DEAD_LETTERS = """
SELECT id, data FROM dead_letters WHERE expire_at IS NULL OR expire_at > :now ORDER BY at
"""
FORGET_DEAD_LETTER = "DELETE FROM dead_letters WHERE id = :id"

# A few rows at a time: whoever commits pays for the deletion.
SWEEP = tuple(
    f"DELETE FROM {table} WHERE rowid IN "  # noqa: S608 - our own names
    f"(SELECT rowid FROM {table} WHERE expire_at <= :now LIMIT 20)"
    for table in (SESSIONS, CONVERSATIONS, DELIVERIES, DEAD_LETTERS)
)
