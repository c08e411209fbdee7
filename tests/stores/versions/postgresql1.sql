-- A room of version 1: its tables as they were, three members, and three of six messages.

CREATE TABLE room (
    version    integer NOT NULL,
    head       bigint  NOT NULL DEFAULT 0,
    revision   bigint  NOT NULL DEFAULT 0,
    members    bigint  NOT NULL DEFAULT 0,
    entries    bigint  NOT NULL DEFAULT 0,
    size       bigint  NOT NULL DEFAULT 0
);
INSERT INTO room (version) VALUES (1);
CREATE TABLE log (
    position bigint  PRIMARY KEY,
    name     text    NOT NULL,
    text     bytea   NOT NULL,
    owned    integer NOT NULL,
    time     double precision NOT NULL,
    size     integer NOT NULL
);
CREATE TABLE members (
    id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition  integer GENERATED ALWAYS AS (id * 157 % 256) STORED,
    name       text    NOT NULL UNIQUE,
    host       text    NOT NULL,
    port       integer NOT NULL,
    machine    text    NOT NULL,
    address    text    NOT NULL UNIQUE,
    owner      text    NOT NULL,
    cursor     bigint  NOT NULL,
    skipped    bigint  NOT NULL DEFAULT 0,
    told       bigint  NOT NULL DEFAULT 0,
    reached    integer NOT NULL DEFAULT 0,
    dropped    bigint  NOT NULL DEFAULT 0,
    registered bigint  NOT NULL,
    revision   bigint  NOT NULL
) WITH (fillfactor = 60);
CREATE INDEX members_machine ON members (machine);
CREATE INDEX members_revision ON members (revision);
CREATE INDEX members_partition ON members (partition);
CREATE TABLE departed (
    id       bigint PRIMARY KEY,
    revision bigint NOT NULL
);
CREATE INDEX departed_revision ON departed (revision);
CREATE TABLE nodes (
    id      uuid        PRIMARY KEY,
    expires timestamptz NOT NULL
);
CREATE TABLE partitions (
    number   integer PRIMARY KEY,
    owner    uuid,
    epoch    bigint  NOT NULL DEFAULT 0,
    acquired bigint  NOT NULL DEFAULT 0
);
INSERT INTO partitions (number) SELECT generate_series(0, 255);
CREATE TABLE writers (
    id      uuid        PRIMARY KEY,
    batch   bigint      NOT NULL,
    written timestamptz NOT NULL DEFAULT now()
);

INSERT INTO log VALUES (4, 'ci', '\x666f7572', 0, 1795000000.5, 70);
INSERT INTO log VALUES (5, 'ann', '\x6974206973206c6174650a616e64201b5b33316d726564', 1, 1795000001.5, 91);
INSERT INTO log VALUES (6, 'ci', '\x736978', 0, 1795000002.5, 69);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('ann', '127.0.0.1', 9001, '127.0.0.1', '127.0.0.1 9001', '127.0.0.1', 6, 0, 0, 1, 0, 1, 1);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('böb 日本', '10.0.0.7', 9002, '10.0.0.7', '10.0.0.7 9002', '10.0.0.7', 4, 1, 3, 1, 3, 2, 2);
INSERT INTO members (name, host, port, machine, address, owner, cursor, skipped, told, reached, dropped, registered, revision) VALUES ('cat', '10.0.0.8', 9003, '10.0.0.8', '10.0.0.8 9003', '10.0.0.8', 3, 0, 0, 0, 3, 3, 3);
UPDATE room SET head = 6, revision = 3, members = 3, entries = 3, size = 230;
UPDATE partitions SET owner = 'd5b1a6b4-7c25-4be0-a3ab-9f6a40e0a4a1', epoch = 1;
