-- Runs, their steps, the attempts at them, and every event in order.
-- Files are of one home: each session says by `millwork.home` whose it is. What is sorted is
-- collated as SQLite does it.

CREATE TABLE run (
    id             TEXT COLLATE "C" PRIMARY KEY,
    name           TEXT NOT NULL,
    definition     TEXT NOT NULL,
    version        TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
    created        DOUBLE PRECISION NOT NULL,
    began          DOUBLE PRECISION NOT NULL DEFAULT 0,
    ended          DOUBLE PRECISION,
    reason         TEXT NOT NULL DEFAULT '',
    notes          TEXT NOT NULL DEFAULT '',
    tags           TEXT NOT NULL DEFAULT '{}',
    facts          TEXT NOT NULL DEFAULT '{}',
    master_pid     BIGINT NOT NULL,
    master_started TEXT NOT NULL,
    master_boot    TEXT NOT NULL,
    epoch          BIGINT NOT NULL DEFAULT 1,
    cancel         BIGINT NOT NULL DEFAULT 0,
    last_event     BIGINT NOT NULL DEFAULT 0,
    home           TEXT NOT NULL DEFAULT current_setting('millwork.home'),
    place          TEXT NOT NULL DEFAULT current_setting('millwork.place'),
    CHECK ((status = 'running') = (ended IS NULL))
);

CREATE INDEX run_newest ON run (created DESC, id DESC);
CREATE INDEX run_unfinished ON run (created, id) WHERE status = 'running';

-- Components, each once, however many steps use it: canonical JSON by its sha256.
CREATE TABLE definition (
    digest   TEXT PRIMARY KEY,
    document TEXT NOT NULL
);

CREATE TABLE step (
    run      TEXT NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    status   TEXT NOT NULL DEFAULT 'pending' CHECK (status IN
             ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')),
    attempts BIGINT NOT NULL DEFAULT 0,
    attempt  TEXT NOT NULL DEFAULT '',
    started  DOUBLE PRECISION,
    ended    DOUBLE PRECISION,
    reason   TEXT NOT NULL DEFAULT '',
    outputs  TEXT NOT NULL DEFAULT '{}',
    metrics  TEXT NOT NULL DEFAULT '{}',
    verdict  TEXT NOT NULL DEFAULT '',
    identity TEXT NOT NULL DEFAULT '{}',
    spec     TEXT NOT NULL,
    PRIMARY KEY (run, name)
);

CREATE TABLE attempt (
    id       TEXT PRIMARY KEY,
    run      TEXT NOT NULL,
    step     TEXT NOT NULL,
    number   BIGINT NOT NULL,
    token    TEXT NOT NULL,
    deadline DOUBLE PRECISION,
    gpus     TEXT NOT NULL DEFAULT '[]',
    status   TEXT NOT NULL DEFAULT 'running' CHECK (status IN
             ('running', 'succeeded', 'failed', 'lost', 'cancelled')),
    created  DOUBLE PRECISION NOT NULL,
    launched DOUBLE PRECISION,
    ended    DOUBLE PRECISION,
    code     BIGINT,
    reason   TEXT NOT NULL DEFAULT '',
    usage    TEXT NOT NULL DEFAULT '{}',
    handle   TEXT NOT NULL DEFAULT '',
    UNIQUE (run, step, number)
);

-- Two attempts at one step can never run at once, whatever the code above does.
CREATE UNIQUE INDEX attempt_running ON attempt (run, step) WHERE status = 'running';

-- What a recorded attempt left: the manifest of one output's files.
CREATE TABLE artifact (
    attempt  TEXT NOT NULL,
    port     TEXT NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (attempt, port)
);

-- Results that may be used again: what a recorded attempt left, by the key of its work.
CREATE TABLE result (
    key     TEXT NOT NULL,
    attempt TEXT NOT NULL,
    outputs TEXT NOT NULL,
    metrics TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    home    TEXT NOT NULL DEFAULT current_setting('millwork.home'),
    PRIMARY KEY (key, attempt)
);

-- What files contain, by what the file system says of them.
CREATE TABLE stamp (
    device BIGINT NOT NULL,
    inode  BIGINT NOT NULL,
    size   BIGINT NOT NULL,
    mtime  BIGINT NOT NULL,
    ctime  BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    home   TEXT NOT NULL DEFAULT current_setting('millwork.home'),
    PRIMARY KEY (home, device, inode)
);

-- The files of inputs that users gave, by the digest of all of them: for comparing runs.
CREATE TABLE listing (
    digest TEXT PRIMARY KEY,
    files  TEXT NOT NULL
);

CREATE TABLE event (
    run  TEXT NOT NULL,
    seq  BIGINT NOT NULL,
    time DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);
