-- What the server adds: workspaces and their people, sessions, tokens and the audit log, the
-- registry, drafts, answers kept for who asks twice, and runs that wait for their turn.

CREATE TABLE run_now (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    definition     TEXT NOT NULL,
    version        TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN
                   ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
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
    workspace      TEXT NOT NULL DEFAULT 'default',
    creator        TEXT NOT NULL DEFAULT '',
    visibility     TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    trial          INTEGER NOT NULL DEFAULT 0,
    priority       INTEGER NOT NULL DEFAULT 5,
    demand         TEXT NOT NULL DEFAULT '{}',
    allotment      TEXT NOT NULL DEFAULT '{}',
    CHECK ((status IN ('queued', 'running')) = (ended IS NULL))
);

INSERT INTO run_now (id, name, definition, version, status, created, began, ended, reason, notes,
    tags, facts, master_pid, master_started, master_boot, epoch, cancel, last_event, trial)
SELECT id, name, definition, version, status, created, began, ended, reason, notes,
    tags, facts, master_pid, master_started, master_boot, epoch, cancel, last_event,
    json_extract(facts, '$.sweep') IS NOT NULL
FROM run;

DROP TABLE run;
ALTER TABLE run_now RENAME TO run;

CREATE INDEX run_newest ON run (created DESC, id DESC);
CREATE INDEX run_unfinished ON run (created, id) WHERE status = 'running';
CREATE INDEX run_queued ON run (created, id) WHERE status = 'queued';
CREATE INDEX run_turn ON run (workspace, priority DESC, created, id) WHERE status = 'queued';
CREATE INDEX run_queued_again ON run (id) WHERE status = 'queued' AND last_event > 1;
CREATE INDEX run_in_workspace ON run (workspace, created DESC, id DESC);
CREATE INDEX run_by_status ON run (workspace, status, created DESC, id DESC);
CREATE INDEX run_ended ON run (ended) WHERE ended IS NOT NULL;

CREATE TABLE workspace (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL DEFAULT '',
    quota       TEXT NOT NULL DEFAULT '{}',
    creator     TEXT NOT NULL DEFAULT '',
    created     REAL NOT NULL
) WITHOUT ROWID;

INSERT INTO workspace (name, created) VALUES ('default', 0);

-- People; `password` is argon2's own text, empty for the owner of the home, who has none.
CREATE TABLE person (
    name     TEXT PRIMARY KEY,
    password TEXT NOT NULL DEFAULT '',
    is_admin INTEGER NOT NULL DEFAULT 0,
    active   INTEGER NOT NULL DEFAULT 1,
    failures INTEGER NOT NULL DEFAULT 0,
    locked   REAL NOT NULL DEFAULT 0,
    created  REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE member (
    workspace TEXT NOT NULL,
    person    TEXT NOT NULL,
    role      TEXT NOT NULL,
    created   REAL NOT NULL,
    PRIMARY KEY (workspace, person)
) WITHOUT ROWID;

CREATE INDEX member_person ON member (person);

-- Ways in, each by the sha256 of what its holder was given once: a browser's session, a token of
-- limited scope, a link to log in with.
CREATE TABLE credential (
    digest    TEXT PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL CHECK (kind IN ('session', 'token', 'link')),
    person    TEXT NOT NULL,
    name      TEXT NOT NULL DEFAULT '',
    workspace TEXT NOT NULL DEFAULT '',
    scope     TEXT NOT NULL DEFAULT 'write',
    created   REAL NOT NULL,
    expires   REAL NOT NULL,
    used      REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX credential_person ON credential (person, kind);

-- What was asked for and allowed or denied; each entry's hash covers the one before it.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    time      REAL NOT NULL,
    person    TEXT NOT NULL,
    workspace TEXT NOT NULL,
    verb      TEXT NOT NULL,
    target    TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    request   TEXT NOT NULL,
    before    TEXT NOT NULL,
    hash      TEXT NOT NULL
);

CREATE INDEX audit_workspace ON audit (workspace, seq DESC);

-- Answers to writes, for who asks again with the same key; without one, it is still being done.
CREATE TABLE answer (
    person  TEXT NOT NULL,
    key     TEXT NOT NULL,
    request TEXT NOT NULL,
    status  INTEGER NOT NULL DEFAULT 0,
    body    TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    PRIMARY KEY (person, key)
) WITHOUT ROWID;

-- The registry: what has a name and versions; connections and drafts have one version, `0`.
CREATE TABLE asset (
    workspace   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    latest      TEXT NOT NULL,
    visibility  TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    description TEXT NOT NULL DEFAULT '',
    creator     TEXT NOT NULL,
    created     REAL NOT NULL,
    changed     REAL NOT NULL,
    PRIMARY KEY (workspace, kind, name)
) WITHOUT ROWID;

CREATE INDEX asset_changed ON asset (workspace, kind, changed DESC, name);

CREATE TABLE version (
    workspace  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    document   TEXT NOT NULL,
    search     TEXT NOT NULL DEFAULT '',
    stage      TEXT NOT NULL DEFAULT '',
    deprecated TEXT NOT NULL DEFAULT '',
    run        TEXT NOT NULL DEFAULT '',
    revision   INTEGER NOT NULL DEFAULT 1,
    creator    TEXT NOT NULL,
    created    REAL NOT NULL,
    PRIMARY KEY (workspace, kind, name, version)
) WITHOUT ROWID;

CREATE INDEX version_run ON version (run) WHERE run <> '';
CREATE INDEX version_digest ON version (workspace, kind, digest);
