-- From version 1 to 2. What is in the log begins to age anew; who said it before is nobody's share.

CREATE TABLE room (
    ran    REAL NOT NULL,
    opened INTEGER,
    floor  INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0
);
INSERT INTO room (ran) VALUES (0);
CREATE TABLE shares (
    source TEXT    PRIMARY KEY,
    size   INTEGER NOT NULL
);
CREATE TABLE repeats (
    position INTEGER PRIMARY KEY,
    source   TEXT NOT NULL,
    key      TEXT NOT NULL,
    text     TEXT NOT NULL,
    ran      REAL NOT NULL
);
CREATE UNIQUE INDEX repeats_key ON repeats (source, key);
CREATE INDEX repeats_source ON repeats (source, position);
ALTER TABLE log ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN ran REAL NOT NULL DEFAULT 0;
ALTER TABLE members RENAME COLUMN dropped TO due;
ALTER TABLE members RENAME COLUMN told TO settled;
UPDATE members SET due = due + skipped, skipped = 0;
-- Nothing else is in it, and an older SQLite cannot drop a column.
ALTER TABLE members RENAME COLUMN skipped TO named;
ALTER TABLE members ADD COLUMN options TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN key_salt BLOB;
ALTER TABLE members ADD COLUMN key_hash BLOB;
ALTER TABLE members ADD COLUMN failing_since REAL;
ALTER TABLE members ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN last_reached REAL;
ALTER TABLE members ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN retried INTEGER NOT NULL DEFAULT 0;
