-- The replicas of attempts at jobs, each start of one; and what a job will end as.

CREATE TABLE replica (
    attempt  TEXT NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    number   BIGINT NOT NULL,
    status   TEXT NOT NULL DEFAULT 'running' CHECK (status IN
             ('running', 'succeeded', 'failed', 'lost', 'cancelled')),
    opened   DOUBLE PRECISION NOT NULL,
    launched DOUBLE PRECISION,
    ended    DOUBLE PRECISION,
    code     BIGINT,
    reason   TEXT NOT NULL DEFAULT '',
    usage    TEXT NOT NULL DEFAULT '{}',
    handle   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (attempt, name, number)
);

-- A replica can never run twice at once, whatever the code above does.
CREATE UNIQUE INDEX replica_running ON replica (attempt, name) WHERE status = 'running';

ALTER TABLE attempt ADD COLUMN verdict TEXT NOT NULL DEFAULT '{}';
