-- Schedules that are deployed, their instances, what happened to these, backfills, and what is to
-- be told of them. A workspace may be for development or production, and has values of its own.

ALTER TABLE workspace ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN variables TEXT NOT NULL DEFAULT '{}';

-- The version of a schedule that is in force; what it says is in `version`. Cycles up to the instant
-- `made` have instances. Instants are Unix seconds.
CREATE TABLE schedule (
    workspace TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    version   TEXT COLLATE "C" NOT NULL,
    state     TEXT NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off', 'frozen', 'skipping')),
    owner     TEXT NOT NULL,
    deployed  DOUBLE PRECISION NOT NULL,
    made      DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE INDEX schedule_made ON schedule (made) WHERE state <> 'off';

-- Which cycle of which schedule the one in force waits for; files are in its document alone.
CREATE TABLE schedule_need (
    workspace    TEXT COLLATE "C" NOT NULL,
    schedule     TEXT COLLATE "C" NOT NULL,
    up_workspace TEXT COLLATE "C" NOT NULL,
    up_schedule  TEXT COLLATE "C" NOT NULL,
    cycle        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, schedule, up_workspace, up_schedule, cycle)
);

CREATE INDEX schedule_need_up ON schedule_need (up_workspace, up_schedule);

-- One cycle. `origin` is empty for the recurrence's own, else the backfill, test or trigger.
-- `uses` is the version whose definitions the next run takes, `failures` counts since it was last
-- asked for, `removed` are dependencies that it waits for no longer. It begins at `due` or later.
CREATE TABLE instance (
    id         TEXT COLLATE "C" PRIMARY KEY,
    workspace  TEXT COLLATE "C" NOT NULL,
    schedule   TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    day        TEXT COLLATE "C" NOT NULL,
    number     BIGINT NOT NULL,
    fold       BIGINT NOT NULL,
    origin     TEXT COLLATE "C" NOT NULL DEFAULT '',
    kind       TEXT NOT NULL CHECK (kind IN ('recurring', 'backfill', 'test', 'triggered')),
    instant    DOUBLE PRECISION NOT NULL,
    status     TEXT COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (status IN
               ('waiting', 'starting', 'running', 'succeeded', 'failed', 'cancelled')),
    is_dry     BIGINT NOT NULL DEFAULT 0,
    is_frozen  BIGINT NOT NULL DEFAULT 0,
    priority   BIGINT NOT NULL DEFAULT 5,
    place      BIGINT NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    run        TEXT COLLATE "C" NOT NULL DEFAULT '',
    uses       TEXT NOT NULL,
    tries      BIGINT NOT NULL DEFAULT 0,
    failures   BIGINT NOT NULL DEFAULT 0,
    due        DOUBLE PRECISION NOT NULL,
    arrived    DOUBLE PRECISION,
    began      DOUBLE PRECISION,
    ended      DOUBLE PRECISION,
    removed    TEXT NOT NULL DEFAULT '[]',
    last_event BIGINT NOT NULL DEFAULT 0,
    created    DOUBLE PRECISION NOT NULL,
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
    instance TEXT COLLATE "C" NOT NULL,
    seq      BIGINT NOT NULL,
    time     DOUBLE PRECISION NOT NULL,
    person   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    data     TEXT NOT NULL,
    PRIMARY KEY (instance, seq)
);

-- Past cycles done again, or for the first time; `document` is what was asked for.
CREATE TABLE backfill (
    id        TEXT COLLATE "C" PRIMARY KEY,
    workspace TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    schedule  TEXT COLLATE "C" NOT NULL,
    creator   TEXT NOT NULL,
    status    TEXT COLLATE "C" NOT NULL DEFAULT 'running' CHECK (status IN
              ('running', 'paused', 'succeeded', 'failed', 'cancelled')),
    parallel  BIGINT NOT NULL,
    document  TEXT NOT NULL,
    total     BIGINT NOT NULL,
    created   DOUBLE PRECISION NOT NULL,
    ended     DOUBLE PRECISION
);

CREATE INDEX backfill_newest ON backfill (workspace, created, id);
CREATE INDEX backfill_going ON backfill (id) WHERE status = 'running';

-- What a trigger of a schedule has seen last; it is looked at each `every` seconds.
CREATE TABLE trigger_seen (
    workspace TEXT COLLATE "C" NOT NULL,
    schedule  TEXT COLLATE "C" NOT NULL,
    source    TEXT COLLATE "C" NOT NULL,
    every     DOUBLE PRECISION NOT NULL,
    seen      TEXT NOT NULL DEFAULT '',
    looked    DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, schedule, source)
);

-- What is told to one address, not before `due`: since when it is so, and how many times it was told
-- before. `due` is put off while somebody sends it; `tried` is when somebody did last.
CREATE TABLE alert (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace TEXT COLLATE "C" NOT NULL,
    schedule  TEXT COLLATE "C" NOT NULL,
    instance  TEXT COLLATE "C" NOT NULL,
    moment    TEXT COLLATE "C" NOT NULL,
    address   TEXT COLLATE "C" NOT NULL,
    since     DOUBLE PRECISION NOT NULL,
    number    BIGINT NOT NULL,
    document  TEXT NOT NULL,
    status    TEXT COLLATE "C" NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'sent', 'failed')),
    created   DOUBLE PRECISION NOT NULL,
    due       DOUBLE PRECISION NOT NULL,
    tried     DOUBLE PRECISION,
    tries     BIGINT NOT NULL DEFAULT 0,
    fault     TEXT NOT NULL DEFAULT '',
    UNIQUE (instance, moment, address, since, number)
);

CREATE INDEX alert_due ON alert (due, id) WHERE status = 'due';
CREATE INDEX alert_newest ON alert (workspace, tried, id) WHERE tried IS NOT NULL;
CREATE INDEX alert_oldest ON alert (tried) WHERE status <> 'due';
