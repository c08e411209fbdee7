-- A room of version 1: its tables as they were, three members, and three of six messages.

CREATE TABLE log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    owned    INTEGER NOT NULL,
    time     REAL    NOT NULL,
    size     INTEGER NOT NULL
);
CREATE TABLE members (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    host     TEXT    NOT NULL,
    port     INTEGER NOT NULL,
    machine  TEXT    NOT NULL,
    address  TEXT    NOT NULL UNIQUE,
    owner    TEXT    NOT NULL,
    cursor   INTEGER NOT NULL,
    skipped  INTEGER NOT NULL DEFAULT 0,
    told     INTEGER NOT NULL DEFAULT 0,
    reached  INTEGER NOT NULL DEFAULT 0,
    dropped  INTEGER NOT NULL DEFAULT 0,
    registered INTEGER NOT NULL,
    revision INTEGER NOT NULL
);
CREATE INDEX members_machine ON members (machine);
CREATE INDEX members_revision ON members (revision);
CREATE INDEX members_cursor ON members (cursor);
CREATE TABLE departed (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
);
CREATE INDEX departed_revision ON departed (revision);

INSERT INTO log VALUES (4, 'ci', CAST(X'666f7572' AS TEXT), 0, 1795000000.5, 70);
INSERT INTO log VALUES (5, 'ann', CAST(X'6974206973206c6174650a616e64201b5b33316d726564' AS TEXT), 1, 1795000001.5, 91);
INSERT INTO log VALUES (6, 'ci', CAST(X'736978' AS TEXT), 0, 1795000002.5, 69);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('ann', '127.0.0.1', 9001, '127.0.0.1', '127.0.0.1 9001', '127.0.0.1', 6, 0, 0, 1, 0, 1, 1);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('böb 日本', '10.0.0.7', 9002, '10.0.0.7', '10.0.0.7 9002', '10.0.0.7', 4, 1, 3, 1, 3, 2, 2);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('cat', '10.0.0.8', 9003, '10.0.0.8', '10.0.0.8 9003', '10.0.0.8', 3, 0, 0, 0, 3, 3, 3);
PRAGMA user_version = 1;
