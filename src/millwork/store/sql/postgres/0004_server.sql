-- What the server adds: workspaces and their people, sessions, tokens and the audit log, the
-- registry, drafts, answers kept for who asks twice, and runs that wait for their turn.

ALTER TABLE run DROP CONSTRAINT run_status_check;
ALTER TABLE run DROP CONSTRAINT run_check;
ALTER TABLE run
    ADD COLUMN workspace  TEXT COLLATE "C" NOT NULL DEFAULT 'default',
    ADD COLUMN creator    TEXT NOT NULL DEFAULT '',
    ADD COLUMN visibility TEXT NOT NULL DEFAULT 'public'
                          CHECK (visibility IN ('public', 'private')),
    ADD COLUMN trial      BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN priority   BIGINT NOT NULL DEFAULT 5,
    ADD COLUMN demand     TEXT NOT NULL DEFAULT '{}',
    ADD COLUMN allotment  TEXT NOT NULL DEFAULT '{}',
    ADD CONSTRAINT run_status_check
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    ADD CONSTRAINT run_check CHECK ((status IN ('queued', 'running')) = (ended IS NULL));

UPDATE run SET trial = 1 WHERE jsonb_exists(CAST(facts AS JSONB), 'sweep');

DROP INDEX run_unfinished;
CREATE INDEX run_unfinished ON run (created, id) WHERE status = 'running';
CREATE INDEX run_queued ON run (created, id) WHERE status = 'queued';
CREATE INDEX run_turn ON run (workspace, priority DESC, created, id) WHERE status = 'queued';
CREATE INDEX run_queued_again ON run (id) WHERE status = 'queued' AND last_event > 1;
CREATE INDEX run_in_workspace ON run (workspace, created DESC, id DESC);
CREATE INDEX run_by_status ON run (workspace, status, created DESC, id DESC);
CREATE INDEX run_ended ON run (ended) WHERE ended IS NOT NULL;

CREATE TABLE workspace (
    name        TEXT COLLATE "C" PRIMARY KEY,
    description TEXT NOT NULL DEFAULT '',
    quota       TEXT NOT NULL DEFAULT '{}',
    creator     TEXT NOT NULL DEFAULT '',
    created     DOUBLE PRECISION NOT NULL
);

INSERT INTO workspace (name, created) VALUES ('default', 0);

-- People; `password` is argon2's own text, empty for the owner of the home, who has none.
CREATE TABLE person (
    name     TEXT COLLATE "C" PRIMARY KEY,
    password TEXT NOT NULL DEFAULT '',
    is_admin BIGINT NOT NULL DEFAULT 0,
    active   BIGINT NOT NULL DEFAULT 1,
    failures BIGINT NOT NULL DEFAULT 0,
    locked   DOUBLE PRECISION NOT NULL DEFAULT 0,
    created  DOUBLE PRECISION NOT NULL
);

CREATE TABLE member (
    workspace TEXT COLLATE "C" NOT NULL,
    person    TEXT COLLATE "C" NOT NULL,
    role      TEXT NOT NULL,
    created   DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (workspace, person)
);

CREATE INDEX member_person ON member (person);

-- Ways in, each by the sha256 of what its holder was given once: a browser's session, a token of
-- limited scope, a link to log in with.
CREATE TABLE credential (
    digest    TEXT COLLATE "C" PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('session', 'token', 'link')),
    person    TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL DEFAULT '',
    workspace TEXT COLLATE "C" NOT NULL DEFAULT '',
    scope     TEXT NOT NULL DEFAULT 'write',
    created   DOUBLE PRECISION NOT NULL,
    expires   DOUBLE PRECISION NOT NULL,
    used      DOUBLE PRECISION NOT NULL DEFAULT 0
);

CREATE INDEX credential_person ON credential (person, kind);

-- What was asked for and allowed or denied; each entry's hash covers the one before it.
CREATE TABLE audit (
    seq       BIGINT PRIMARY KEY,
    time      DOUBLE PRECISION NOT NULL,
    person    TEXT COLLATE "C" NOT NULL,
    workspace TEXT COLLATE "C" NOT NULL,
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
    person  TEXT COLLATE "C" NOT NULL,
    key     TEXT NOT NULL,
    request TEXT NOT NULL,
    status  BIGINT NOT NULL DEFAULT 0,
    body    TEXT NOT NULL DEFAULT '',
    created DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (person, key)
);

-- The registry: what has a name and versions; connections and drafts have one version, `0`.
CREATE TABLE asset (
    workspace   TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    latest      TEXT NOT NULL,
    visibility  TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    description TEXT NOT NULL DEFAULT '',
    creator     TEXT NOT NULL,
    created     DOUBLE PRECISION NOT NULL,
    changed     DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (workspace, kind, name)
);

CREATE INDEX asset_changed ON asset (workspace, kind, changed DESC, name);

CREATE TABLE version (
    workspace  TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    number     BIGINT NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    document   TEXT NOT NULL,
    search     TEXT NOT NULL DEFAULT '',
    stage      TEXT NOT NULL DEFAULT '',
    deprecated TEXT NOT NULL DEFAULT '',
    run        TEXT NOT NULL DEFAULT '',
    revision   BIGINT NOT NULL DEFAULT 1,
    creator    TEXT NOT NULL,
    created    DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (workspace, kind, name, version)
);

CREATE INDEX version_run ON version (run) WHERE run <> '';
CREATE INDEX version_digest ON version (workspace, kind, digest);
