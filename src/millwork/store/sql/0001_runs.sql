-- Runs, their steps, the attempts at them, and every event in order.

CREATE TABLE run (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    definition     TEXT NOT NULL,
    version        TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
    created        REAL NOT NULL,
    began          REAL NOT NULL DEFAULT 0,
    ended          REAL,
    reason         TEXT NOT NULL DEFAULT '',
    notes          TEXT NOT NULL DEFAULT '',
    tags           TEXT NOT NULL DEFAULT '{}',
    facts          TEXT NOT NULL DEFAULT '{}',
    master_pid     INTEGER NOT NULL,
    master_started TEXT NOT NULL,
    master_boot    TEXT NOT NULL,
    epoch          INTEGER NOT NULL DEFAULT 1,
    cancel         INTEGER NOT NULL DEFAULT 0,
    last_event     INTEGER NOT NULL DEFAULT 0,
    CHECK ((status = 'running') = (ended IS NULL))
);

CREATE INDEX run_newest ON run (created DESC, id DESC);
CREATE INDEX run_unfinished ON run (created, id) WHERE status = 'running';

-- Components, each once, however many steps use it: canonical JSON by its sha256.
CREATE TABLE definition (
    digest   TEXT PRIMARY KEY,
    document TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE step (
    run      TEXT NOT NULL,
    name     TEXT NOT NULL,
    position INTEGER NOT NULL,
    status   TEXT NOT NULL DEFAULT 'pending' CHECK (status IN
             ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    attempt  TEXT NOT NULL DEFAULT '',
    started  REAL,
    ended    REAL,
    reason   TEXT NOT NULL DEFAULT '',
    outputs  TEXT NOT NULL DEFAULT '{}',
    metrics  TEXT NOT NULL DEFAULT '{}',
    verdict  TEXT NOT NULL DEFAULT '',
    identity TEXT NOT NULL DEFAULT '{}',
    spec     TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE attempt (
    id       TEXT PRIMARY KEY,
    run      TEXT NOT NULL,
    step     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    token    TEXT NOT NULL,
    deadline REAL,
    gpus     TEXT NOT NULL DEFAULT '[]',
    status   TEXT NOT NULL DEFAULT 'running' CHECK (status IN
             ('running', 'succeeded', 'failed', 'lost', 'cancelled')),
    created  REAL NOT NULL,
    launched REAL,
    ended    REAL,
    code     INTEGER,
    reason   TEXT NOT NULL DEFAULT '',
    usage    TEXT NOT NULL DEFAULT '{}',
    handle   TEXT NOT NULL DEFAULT '',
    UNIQUE (run, step, number)
) WITHOUT ROWID;

-- Two attempts at one step can never run at once, whatever the code above does.
CREATE UNIQUE INDEX attempt_running ON attempt (run, step) WHERE status = 'running';

-- What a recorded attempt left: the manifest of one output's files.
CREATE TABLE artifact (
    attempt  TEXT NOT NULL,
    port     TEXT NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (attempt, port)
) WITHOUT ROWID;

-- Results that may be used again: what a recorded attempt left, by the key of its work.
CREATE TABLE result (
    key     TEXT NOT NULL,
    attempt TEXT NOT NULL,
    outputs TEXT NOT NULL,
    metrics TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (key, attempt)
) WITHOUT ROWID;

-- What files contain, by what the file system says of them.
CREATE TABLE stamp (
    device INTEGER NOT NULL,
    inode  INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    mtime  INTEGER NOT NULL,
    ctime  INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;

-- The files of inputs that users gave, by the digest of all of them: for comparing runs.
CREATE TABLE listing (
    digest TEXT PRIMARY KEY,
    files  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE event (
    run  TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
