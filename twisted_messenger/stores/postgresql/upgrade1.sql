-- From version 1 to 2. What is in the log begins to age anew; who said it before is nobody's share.

-- Under its old name, a node of version 1 would find it: one that was stopped while the others were
-- upgraded, and goes on, must fail before it has written anything.
ALTER TABLE room RENAME COLUMN head TO newest;
ALTER TABLE room ADD COLUMN generation bigint NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN origin text NOT NULL DEFAULT '';
ALTER TABLE room ADD COLUMN floor bigint NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN delivered bigint NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN kept bigint NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN kept_size bigint NOT NULL DEFAULT 0;
UPDATE room SET version = 2, revision = revision + 1;

-- Nor may it write how far members have come.
UPDATE partitions SET owner = NULL, epoch = epoch + 1;
DELETE FROM nodes;
ALTER TABLE nodes ADD COLUMN renewal bigint NOT NULL;
ALTER TABLE nodes ADD COLUMN serves boolean NOT NULL;
ALTER TABLE nodes ADD COLUMN lived double precision NOT NULL;
ALTER TABLE nodes ADD COLUMN host text NOT NULL;
ALTER TABLE nodes ADD COLUMN pid integer NOT NULL;
ALTER TABLE nodes ADD COLUMN version text NOT NULL;
ALTER TABLE nodes ADD COLUMN places text NOT NULL;

CREATE TABLE running (
    ran     double precision NOT NULL,
    counted timestamptz      NOT NULL
);
INSERT INTO running VALUES (0, clock_timestamp());
CREATE TABLE shares (
    source text   PRIMARY KEY,
    size   bigint NOT NULL
);
CREATE TABLE repeats (
    position bigint PRIMARY KEY,
    source   text NOT NULL,
    key      text NOT NULL,
    text     text NOT NULL,
    ran      double precision NOT NULL
);
CREATE UNIQUE INDEX repeats_key ON repeats (source, key);
CREATE INDEX repeats_source ON repeats (source, position);
ALTER TABLE log ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN ran double precision NOT NULL DEFAULT 0;
ALTER TABLE members RENAME COLUMN dropped TO due;
ALTER TABLE members RENAME COLUMN told TO settled;
UPDATE members SET due = due + skipped;
ALTER TABLE members DROP COLUMN skipped;
ALTER TABLE members ADD COLUMN named bigint NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN options text NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN key_salt bytea;
ALTER TABLE members ADD COLUMN key_hash bytea;
ALTER TABLE members ADD COLUMN failing_since double precision;
ALTER TABLE members ADD COLUMN attempts integer NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN last_reached double precision;
ALTER TABLE members ADD COLUMN paused integer NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN retried bigint NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN node uuid;
CREATE TABLE reserve_1 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_2 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_3 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);
CREATE TABLE reserve_4 WITH (fillfactor = 10) AS
    SELECT repeat('-', 1000) AS page FROM generate_series(1, 32);

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
