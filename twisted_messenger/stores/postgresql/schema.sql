-- Version 2. One room, in a schema of its own: its log, its roster, its cursors, its nodes.

-- One row. Every change of log or roster locks it first, so that the order of commits is the
-- order of positions. Otherwise a reader by cursor would skip what commits late.
CREATE TABLE room (
    version    integer NOT NULL,
    newest     bigint  NOT NULL DEFAULT 0,  -- the last position given; "head" until version 2
    revision   bigint  NOT NULL DEFAULT 0,  -- of the roster
    members    bigint  NOT NULL DEFAULT 0,  -- how many there are
    entries    bigint  NOT NULL DEFAULT 0,  -- in the log
    size       bigint  NOT NULL DEFAULT 0,  -- of these, in bytes
    generation bigint  NOT NULL DEFAULT 0,  -- of positions: one more on each older copy
    origin     text    NOT NULL DEFAULT '', -- the server and its timeline at the last change
    floor      bigint  NOT NULL DEFAULT 0,  -- the last position that somebody has lost
    delivered  bigint  NOT NULL DEFAULT 0,  -- the last one that everybody has, or has lost
    kept       bigint  NOT NULL DEFAULT 0,  -- entries up to there
    kept_size  bigint  NOT NULL DEFAULT 0   -- of these, in bytes
);
INSERT INTO room (version) VALUES (2);

-- One row, apart from the room's: nobody waits for who counts.
CREATE TABLE running (
    ran     double precision NOT NULL,  -- seconds in which any node was running
    counted timestamptz      NOT NULL   -- up to when, by this database's clock
);
INSERT INTO running VALUES (0, clock_timestamp());

CREATE TABLE log (
    position bigint  PRIMARY KEY,
    name     text    NOT NULL,
    text     bytea   NOT NULL,  -- UTF-8; PostgreSQL's text cannot hold U+0000
    owned    integer NOT NULL,  -- 1: the registered owner of the name said it
    time     double precision NOT NULL,  -- seconds since the epoch
    size     integer NOT NULL,  -- bytes it counts against the limit
    source   text    NOT NULL DEFAULT '',  -- whose share it counts against; empty: nobody's
    ran      double precision NOT NULL DEFAULT 0  -- how long the room had been running
);

-- Bytes of each source that wait for somebody.
CREATE TABLE shares (
    source text   PRIMARY KEY,
    size   bigint NOT NULL
);

-- How messages are known that come again, where their senders have given them keys.
CREATE TABLE repeats (
    position bigint PRIMARY KEY,     -- of the message, whether or not it is still in the log
    source   text NOT NULL,        -- who has sent it: the key is its own
    key      text NOT NULL,        -- stands for its name and its key
    text     text NOT NULL,        -- stands for its text
    ran      double precision NOT NULL         -- how long the room had been running
);
CREATE UNIQUE INDEX repeats_key ON repeats (source, key);
CREATE INDEX repeats_source ON repeats (source, position);

-- No index on cursor, and some room in each page: cursors change all the time.
CREATE TABLE members (
    id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition  integer GENERATED ALWAYS AS (id * 157 % 256) STORED,
    name       text    NOT NULL UNIQUE,
    host       text    NOT NULL,         -- the judged literal, the only thing connected to; or localhost
    port       integer NOT NULL,
    machine    text    NOT NULL,         -- 127.0.0.1 and ::1 are one
    address    text    NOT NULL UNIQUE,  -- machine and port
    owner      text    NOT NULL,         -- the machine that registered it
    cursor     bigint  NOT NULL,         -- the last position delivered, skipped or dropped
    due        bigint  NOT NULL DEFAULT 0,  -- entries that were for it, up to its cursor
    settled    bigint  NOT NULL DEFAULT 0,  -- of these, those it got, or was told that it missed
    reached    integer NOT NULL DEFAULT 0,  -- 1: it has confirmed a push
    registered bigint  NOT NULL,         -- the revision at its last registration
    revision   bigint  NOT NULL,         -- the revision at its last change, progress aside
    named      bigint  NOT NULL DEFAULT 0,  -- the last position before it had its name
    options    text    NOT NULL DEFAULT '', -- how it wants its pushes, words with commas between
    key_salt   bytea,                    -- of the key that takes its name back
    key_hash   bytea,
    failing_since double precision,      -- the room had been running so long at its first failure
    attempts   integer NOT NULL DEFAULT 0,  -- that failed since then
    last_reached double precision,       -- when it last confirmed a push, since the epoch
    paused     integer NOT NULL DEFAULT 0,  -- 1: nothing is pushed to it until it is resumed
    retried    bigint  NOT NULL DEFAULT 0,  -- the revision when it was last to be tried at once
    node       uuid                         -- of a listener in a program: which one serves it
) WITH (fillfactor = 60);
CREATE INDEX members_machine ON members (machine);
CREATE INDEX members_revision ON members (revision);
CREATE INDEX members_partition ON members (partition);

-- Who left; the oldest rows go.
CREATE TABLE departed (
    id       bigint PRIMARY KEY,
    revision bigint NOT NULL
);
CREATE INDEX departed_revision ON departed (revision);

-- Who takes part. A node is gone when the others have not seen it renew for as long as a lease lasts,
-- each by its own clock; this database's may be set.
CREATE TABLE nodes (
    id      uuid        PRIMARY KEY,
    expires timestamptz NOT NULL,
    renewal bigint      NOT NULL, -- counts them
    serves  boolean     NOT NULL, -- else it takes messages only, and has no share of the members
    lived   double precision NOT NULL, -- seconds, by its own clock: newcomers earn their share
    host    text        NOT NULL,
    pid     integer     NOT NULL,
    version text        NOT NULL, -- of the program
    places  text        NOT NULL  -- where it takes messages
);

-- Who delivers to which members. A stranger to the epoch has lost the partition meanwhile.
CREATE TABLE partitions (
    number   integer PRIMARY KEY,
    owner    uuid,
    epoch    bigint  NOT NULL DEFAULT 0,
    acquired bigint  NOT NULL DEFAULT 0  -- the revision when its owner took it
);
INSERT INTO partitions (number) SELECT generate_series(0, 255);

-- The last transaction of each node that was committed. One whose end a node did not learn is
-- tried again under the same number, and its repetition found here: not in the log, since what
-- it added may have been delivered and forgotten by then.
CREATE TABLE writers (
    id      uuid        PRIMARY KEY,
    batch   bigint      NOT NULL,
    written timestamptz NOT NULL DEFAULT now()
);

-- Pages for nobody: given up piece by piece when the disk is full, since VACUUM, which lets new
-- messages have the place of old ones, needs some for what it notes.
CREATE TABLE reserve_1 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_2 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_3 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_4 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);

-- For people: every node, how long it has been there and its lease lasts, what it has, and how far
-- its members are behind. Where a row names no node, nobody serves these members for now.
CREATE VIEW cluster AS
    SELECT nodes.id AS node, host, pid, nodes.version, places, serves, lived,
        extract(epoch FROM expires - clock_timestamp())::float8 AS lease,
        coalesce(partitions, 0) AS partitions, coalesce(members, 0) AS members,
        coalesce(waiting, 0) AS waiting, coalesce(lag, 0) AS lag
    FROM nodes FULL JOIN (
        SELECT partitions.owner, count(DISTINCT number) AS partitions, count(members.id) AS members,
            count(*) FILTER (WHERE cursor < newest) AS waiting, max(newest - cursor) AS lag
        FROM room CROSS JOIN partitions LEFT JOIN members ON partition = number
        GROUP BY partitions.owner
    ) AS served ON served.owner = nodes.id;
