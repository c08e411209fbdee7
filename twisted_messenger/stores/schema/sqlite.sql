-- Version 1. One room: its log, its roster, its cursors.

-- AUTOINCREMENT: a position is never used again, even when the log has been trimmed to nothing.
CREATE TABLE log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    owned    INTEGER NOT NULL,  -- 1: the registered owner of the name said it
    time     REAL    NOT NULL   -- seconds since the epoch
);

-- AUTOINCREMENT: an id is never given to another member, so a late cursor write harms nobody.
CREATE TABLE members (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    host     TEXT    NOT NULL,         -- the judged literal, the only thing connected to
    port     INTEGER NOT NULL,
    machine  TEXT    NOT NULL,         -- 127.0.0.1 and ::1 are one
    address  TEXT    NOT NULL UNIQUE,  -- machine and port
    owner    TEXT    NOT NULL,         -- the machine that registered it
    cursor   INTEGER NOT NULL,         -- the last position delivered
    revision INTEGER NOT NULL          -- when the row changed, cursor aside
);
CREATE INDEX members_machine ON members (machine);
CREATE INDEX members_revision ON members (revision);
CREATE INDEX members_cursor ON members (cursor);

-- Who left since the store was opened; followers read it, a start empties it.
CREATE TABLE departed (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
);
