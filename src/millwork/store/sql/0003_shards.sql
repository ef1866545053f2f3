-- The batches of a run's steps, what their inputs were cut into, and who has which shard.

CREATE TABLE batch (
    id      INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    step    TEXT NOT NULL,
    attempt TEXT NOT NULL,
    layout  TEXT NOT NULL,
    verdict TEXT CHECK (verdict IN ('succeeded', 'failed')),
    reason  TEXT NOT NULL DEFAULT '',
    UNIQUE (run, step)
);

-- Where the shards of one size begin: with this shard, at this atom of the layout.
CREATE TABLE cut (
    batch INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    atom  INTEGER NOT NULL,
    size  INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (batch, shard)
) WITHOUT ROWID;

-- Shards that have ended, or were tried in vain; of an accepted one, whose output it is.
CREATE TABLE shard (
    batch      INTEGER NOT NULL,
    shard      INTEGER NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('todo', 'done', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    failures   INTEGER NOT NULL DEFAULT 0,
    losses     INTEGER NOT NULL DEFAULT 0,
    failed_on  TEXT NOT NULL DEFAULT '[]',
    error      TEXT NOT NULL DEFAULT '',
    place      TEXT NOT NULL DEFAULT '',
    token      TEXT NOT NULL DEFAULT '',
    worker     TEXT NOT NULL DEFAULT '',
    attempt    TEXT NOT NULL DEFAULT '',
    ok         INTEGER NOT NULL DEFAULT 0,
    bad        INTEGER NOT NULL DEFAULT 0,
    seconds    REAL NOT NULL DEFAULT 0,
    is_partial INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, shard)
) WITHOUT ROWID;

CREATE INDEX shard_failed ON shard (batch, shard) WHERE status = 'failed' OR is_partial;

-- Leases that are not void; those of a worker that is gone are removed with it.
CREATE TABLE lease (
    batch   INTEGER NOT NULL,
    token   TEXT NOT NULL,
    shard   INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    worker  TEXT NOT NULL,
    at      REAL NOT NULL,
    is_late INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, token)
) WITHOUT ROWID;
