-- Schedules that are deployed, their instances, what happened to these, backfills, and what is to
-- be told of them. A workspace may be for development or production, and has values of its own.

ALTER TABLE workspace ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN variables TEXT NOT NULL DEFAULT '{}';

-- The version of a schedule that is in force; what it says is in `version`. Cycles up to the instant
-- `made` have instances. Instants are Unix seconds.
CREATE TABLE schedule (
    workspace TEXT NOT NULL,
    name      TEXT NOT NULL,
    version   TEXT NOT NULL,
    state     TEXT NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off', 'frozen', 'skipping')),
    owner     TEXT NOT NULL,
    deployed  REAL NOT NULL,
    made      REAL NOT NULL,
    PRIMARY KEY (workspace, name)
) WITHOUT ROWID;

CREATE INDEX schedule_made ON schedule (made) WHERE state <> 'off';

-- Which cycle of which schedule the one in force waits for; files are in its document alone.
CREATE TABLE schedule_need (
    workspace    TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    up_workspace TEXT NOT NULL,
    up_schedule  TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    PRIMARY KEY (workspace, schedule, up_workspace, up_schedule, cycle)
) WITHOUT ROWID;

CREATE INDEX schedule_need_up ON schedule_need (up_workspace, up_schedule);

-- One cycle. `origin` is empty for the recurrence's own, else the backfill, test or trigger.
-- `uses` is the version whose definitions the next run takes, `failures` counts since it was last
-- asked for, `removed` are dependencies that it waits for no longer. It begins at `due` or later.
CREATE TABLE instance (
    id         TEXT PRIMARY KEY,
    workspace  TEXT NOT NULL,
    schedule   TEXT NOT NULL,
    version    TEXT NOT NULL,
    day        TEXT NOT NULL,
    number     INTEGER NOT NULL,
    fold       INTEGER NOT NULL,
    origin     TEXT NOT NULL DEFAULT '',
    kind       TEXT NOT NULL CHECK (kind IN ('recurring', 'backfill', 'test', 'triggered')),
    instant    REAL NOT NULL,
    status     TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN
               ('waiting', 'starting', 'running', 'succeeded', 'failed', 'cancelled')),
    is_dry     INTEGER NOT NULL DEFAULT 0,
    is_frozen  INTEGER NOT NULL DEFAULT 0,
    priority   INTEGER NOT NULL DEFAULT 5,
    place      INTEGER NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    run        TEXT NOT NULL DEFAULT '',
    uses       TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    failures   INTEGER NOT NULL DEFAULT 0,
    due        REAL NOT NULL,
    arrived    REAL,
    began      REAL,
    ended      REAL,
    removed    TEXT NOT NULL DEFAULT '[]',
    last_event INTEGER NOT NULL DEFAULT 0,
    created    REAL NOT NULL,
    UNIQUE (workspace, schedule, version, day, number, fold, origin)
);

CREATE INDEX instance_waiting ON instance (due, id)
WHERE status = 'waiting' AND kind <> 'backfill';
CREATE INDEX instance_going ON instance (status, began, id)
WHERE status IN ('starting', 'running');
CREATE INDEX instance_day ON instance (workspace, day, schedule);
CREATE INDEX instance_of ON instance (workspace, schedule, day, number);
CREATE INDEX instance_by_status ON instance (workspace, status, instant, id);
CREATE INDEX instance_newest ON instance (workspace, instant, id);
CREATE INDEX instance_of_backfill ON instance (origin, status, place) WHERE origin <> '';

-- What happened to an instance, and who did it: empty for the scheduler.
CREATE TABLE instance_event (
    instance TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    time     REAL NOT NULL,
    person   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    data     TEXT NOT NULL,
    PRIMARY KEY (instance, seq)
) WITHOUT ROWID;

-- Past cycles done again, or for the first time; `document` is what was asked for.
CREATE TABLE backfill (
    id        TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    name      TEXT NOT NULL,
    schedule  TEXT NOT NULL,
    creator   TEXT NOT NULL,
    status    TEXT NOT NULL DEFAULT 'running' CHECK (status IN
              ('running', 'paused', 'succeeded', 'failed', 'cancelled')),
    parallel  INTEGER NOT NULL,
    document  TEXT NOT NULL,
    total     INTEGER NOT NULL,
    created   REAL NOT NULL,
    ended     REAL
);

CREATE INDEX backfill_newest ON backfill (workspace, created, id);
CREATE INDEX backfill_going ON backfill (id) WHERE status = 'running';

-- What a trigger of a schedule has seen last; it is looked at each `every` seconds.
CREATE TABLE trigger_seen (
    workspace TEXT NOT NULL,
    schedule  TEXT NOT NULL,
    source    TEXT NOT NULL,
    every     REAL NOT NULL,
    seen      TEXT NOT NULL DEFAULT '',
    looked    REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, schedule, source)
) WITHOUT ROWID;

-- What is told to one address, not before `due`: since when it is so, and how many times it was told
-- before. `due` is put off while somebody sends it; `tried` is when somebody did last.
CREATE TABLE alert (
    id        INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    schedule  TEXT NOT NULL,
    instance  TEXT NOT NULL,
    moment    TEXT NOT NULL,
    address   TEXT NOT NULL,
    since     REAL NOT NULL,
    number    INTEGER NOT NULL,
    document  TEXT NOT NULL,
    status    TEXT NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'sent', 'failed')),
    created   REAL NOT NULL,
    due       REAL NOT NULL,
    tried     REAL,
    tries     INTEGER NOT NULL DEFAULT 0,
    fault     TEXT NOT NULL DEFAULT '',
    UNIQUE (instance, moment, address, since, number)
);

CREATE INDEX alert_due ON alert (due, id) WHERE status = 'due';
CREATE INDEX alert_newest ON alert (workspace, tried, id) WHERE tried IS NOT NULL;
CREATE INDEX alert_oldest ON alert (tried) WHERE status <> 'due';
