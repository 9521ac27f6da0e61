-- State of one installation. Everything that one batch changes is written in one transaction.
CREATE TABLE IF NOT EXISTS input_cursor (
  source TEXT NOT NULL,
  input  TEXT NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (source, input)
);
CREATE TABLE IF NOT EXISTS batch (
  number      BIGINT PRIMARY KEY,
  events      BIGINT NOT NULL,
  quarantined BIGINT NOT NULL,
  duplicates  BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS lake_file (
  name  TEXT PRIMARY KEY,
  batch BIGINT NOT NULL,
  body  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lake_file_batch ON lake_file (batch);
CREATE TABLE IF NOT EXISTS quarantine_file (
  name    TEXT PRIMARY KEY,
  batch   BIGINT NOT NULL,
  records BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS finding (
  id    TEXT PRIMARY KEY,
  batch BIGINT NOT NULL,
  at    BIGINT NOT NULL,
  body  TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS state (
  name TEXT PRIMARY KEY,
  body BLOB NOT NULL
);
-- What the respond stage remembers, entry by entry: an incident, a step, a lease.
CREATE TABLE IF NOT EXISTS remembered (
  kind TEXT NOT NULL,
  key  TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, key)
);
-- What the single writer decided and has not yet done: read again after a crash.
CREATE TABLE IF NOT EXISTS effect (
  number BIGINT PRIMARY KEY,
  body   TEXT NOT NULL,
  done   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS effect_open ON effect (done, number);
CREATE TABLE IF NOT EXISTS incident (
  id   TEXT PRIMARY KEY,
  body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS plan (
  id       TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  status   TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS plan_incident ON plan (incident);
CREATE INDEX IF NOT EXISTS plan_status ON plan (status);
-- What people asked for, taken up by the single writer in order.
CREATE TABLE IF NOT EXISTS request (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind   TEXT NOT NULL,
  body   TEXT NOT NULL,
  done   BIGINT NOT NULL DEFAULT 0
);
-- Where each step of each plan stands: moved on by compare-and-set.
CREATE TABLE IF NOT EXISTS step (
  plan   TEXT NOT NULL,
  key    TEXT NOT NULL,
  number BIGINT NOT NULL,
  state  TEXT NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (plan, key)
);
CREATE INDEX IF NOT EXISTS step_key ON step (key);
-- What was learnt of the estate: each snapshot of a scope, and what it says otherwise than the one before. It is added to, and written
-- anew where something is forgotten.
CREATE TABLE IF NOT EXISTS snapshot (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  scope    TEXT NOT NULL,
  complete BIGINT NOT NULL,
  stated   BIGINT NOT NULL,
  taken    BIGINT NOT NULL,
  known    BIGINT NOT NULL,
  notes    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS snapshot_row (
  snapshot BIGINT NOT NULL,
  number   BIGINT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (snapshot, number)
);
-- One row each time the state is opened: it names that life of the journal.
CREATE TABLE IF NOT EXISTS opening (
  number INTEGER PRIMARY KEY AUTOINCREMENT
);
-- What a channel is still to be told, what it was told, and what was given up.
CREATE TABLE IF NOT EXISTS letter (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  notice  TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  tries   BIGINT NOT NULL DEFAULT 0,
  due     BIGINT NOT NULL DEFAULT 0,
  state   TEXT NOT NULL DEFAULT 'open',
  reason  TEXT,
  UNIQUE (channel, notice)
);
CREATE INDEX IF NOT EXISTS letter_open ON letter (channel, state, subject, number);
-- Where letters about one subject go: a thread, an alert, an issue.
CREATE TABLE IF NOT EXISTS thread (
  channel TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (channel, subject)
);
-- People's words that came by a link or a button: each counts once.
CREATE TABLE IF NOT EXISTS word (
  name TEXT PRIMARY KEY,
  at   BIGINT NOT NULL
);
-- Steps that other systems were told of.
CREATE TABLE IF NOT EXISTS told (
  plan TEXT NOT NULL,
  key  TEXT NOT NULL,
  PRIMARY KEY (plan, key)
);
CREATE INDEX IF NOT EXISTS finding_at ON finding (at, id);
CREATE INDEX IF NOT EXISTS finding_batch ON finding (batch);
CREATE INDEX IF NOT EXISTS finding_detector ON finding (json_extract(body, '$.detector'), at, id);
-- What breakers saw: few of all.
CREATE INDEX IF NOT EXISTS finding_class ON finding (at, id) WHERE json_extract(body, '$.class') IS NOT NULL;
-- Who may call the API: of a token, a session or a login link only a digest is kept.
CREATE TABLE IF NOT EXISTS token (
  id      TEXT PRIMARY KEY,
  digest  TEXT NOT NULL UNIQUE,
  person  TEXT NOT NULL,
  role    TEXT NOT NULL,
  scopes  TEXT NOT NULL,
  made    BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  revoked BIGINT
);
CREATE TABLE IF NOT EXISTS session (
  digest  TEXT PRIMARY KEY,
  person  TEXT NOT NULL,
  role    TEXT NOT NULL,
  made    BIGINT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS login (
  digest  TEXT PRIMARY KEY,
  person  TEXT NOT NULL,
  role    TEXT NOT NULL,
  expires BIGINT NOT NULL
);
-- What people wrote about an incident.
CREATE TABLE IF NOT EXISTS note (
  id       TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  at       BIGINT NOT NULL,
  person   TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS note_incident ON note (incident, at);
-- What was answered to a call that carried a key: the same key and the same call get the same answer.
CREATE TABLE IF NOT EXISTS answered (
  name   TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  status BIGINT NOT NULL,
  body   TEXT NOT NULL,
  at     BIGINT NOT NULL
);
