-- Version 2. One room: its log, its roster, its cursors.

-- One row.
CREATE TABLE room (
    ran    REAL NOT NULL,  -- seconds in which the room was running, in all its life
    opened INTEGER,        -- the schema's version while the room is open: see whole.py
    floor  INTEGER NOT NULL DEFAULT 0, -- the last position that somebody has lost
    delivered INTEGER NOT NULL DEFAULT 0  -- the last one that everybody has, or has lost
);
INSERT INTO room (ran) VALUES (0);

-- AUTOINCREMENT: a position is never used again, even when the log has been trimmed to nothing.
CREATE TABLE log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    owned    INTEGER NOT NULL,  -- 1: the registered owner of the name said it
    time     REAL    NOT NULL,  -- seconds since the epoch
    size     INTEGER NOT NULL,  -- bytes it counts against the limit
    source   TEXT    NOT NULL DEFAULT '',  -- whose share it counts against; empty: nobody's
    ran      REAL    NOT NULL DEFAULT 0    -- how long the room had been running
);

-- Bytes of each source that wait for somebody.
CREATE TABLE shares (
    source TEXT    PRIMARY KEY,
    size   INTEGER NOT NULL
);

-- AUTOINCREMENT: an id is never given to another member, so a late cursor write harms nobody.
CREATE TABLE members (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    host     TEXT    NOT NULL,         -- the judged literal, the only thing connected to; or localhost
    port     INTEGER NOT NULL,
    machine  TEXT    NOT NULL,         -- 127.0.0.1 and ::1 are one
    address  TEXT    NOT NULL UNIQUE,  -- machine and port
    owner    TEXT    NOT NULL,         -- the machine that registered it
    cursor   INTEGER NOT NULL,         -- the last position delivered, skipped or dropped
    due      INTEGER NOT NULL DEFAULT 0,  -- entries that were for it, up to its cursor
    settled  INTEGER NOT NULL DEFAULT 0,  -- of these, those that it got, or was told that it missed
    reached  INTEGER NOT NULL DEFAULT 0,  -- 1: it has confirmed a push
    registered INTEGER NOT NULL,       -- the revision at its last registration
    revision INTEGER NOT NULL,         -- the revision at its last change, progress aside
    named    INTEGER NOT NULL DEFAULT 0,  -- the last position before it had its name
    options  TEXT    NOT NULL DEFAULT '', -- how it wants its pushes, words with commas between
    key_salt BLOB,                     -- of the key that takes its name back
    key_hash BLOB,
    failing_since REAL,                -- the room had been running so long at its first failure
    attempts INTEGER NOT NULL DEFAULT 0,  -- that failed since then
    last_reached REAL,                 -- when it last confirmed a push, in seconds since the epoch
    paused   INTEGER NOT NULL DEFAULT 0,  -- 1: nothing is pushed to it until it is resumed
    retried  INTEGER NOT NULL DEFAULT 0   -- the revision when it was last to be tried at once
);
CREATE INDEX members_machine ON members (machine);
CREATE INDEX members_revision ON members (revision);
CREATE INDEX members_cursor ON members (cursor);

-- How messages are known that come again, where their senders have given them keys.
CREATE TABLE repeats (
    position INTEGER PRIMARY KEY,     -- of the message, whether or not it is still in the log
    source   TEXT NOT NULL,        -- who has sent it: the key is its own
    key      TEXT NOT NULL,        -- stands for its name and its key
    text     TEXT NOT NULL,        -- stands for its text
    ran      REAL NOT NULL         -- how long the room had been running
);
CREATE UNIQUE INDEX repeats_key ON repeats (source, key);
CREATE INDEX repeats_source ON repeats (source, position);

-- Who left since the store was opened; followers read it, a start empties it.
CREATE TABLE departed (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
);
CREATE INDEX departed_revision ON departed (revision);
