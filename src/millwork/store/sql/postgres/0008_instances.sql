-- What collection asks before anything of a schedule goes: which instances of old days are not over.

CREATE INDEX instance_open ON instance (day) WHERE status IN ('waiting', 'starting', 'running');
