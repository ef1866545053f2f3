-- name: retention_look
-- Begins to read, and sees one state until the end.
BEGIN;

-- name: retention_looked
-- Ends reading.
COMMIT;

-- name: retention_close
-- Whoever still drives the run is fenced; nothing is found if it is not over, is a source, or if its
-- instance has not noted its end: without the run that would be asked for again.
UPDATE run SET epoch = epoch + 1 WHERE id = :run AND ended IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM version WHERE version.run = run.id)
AND id NOT IN (SELECT run FROM instance WHERE status IN ('starting', 'running')) RETURNING id;

-- name: retention_awaited
-- Whether an instance has not noted the end of its run.
SELECT 1 FROM instance WHERE status IN ('starting', 'running') AND run = :run;

-- name: retention_is_here
-- Whether the run is there at all, and its files are of this home.
SELECT 1 FROM run WHERE id = :run;

-- name: retention_attempts
-- A run's own attempts.
SELECT id FROM attempt WHERE run = :run ORDER BY id;

-- name: retention_drop_replicas
-- Of a run that goes.
DELETE FROM replica WHERE attempt IN (SELECT id FROM attempt WHERE run = :run);

-- name: retention_drop_attempts
-- Of a run that goes.
DELETE FROM attempt WHERE run = :run;

-- name: retention_drop_leases
-- Of a run that goes.
DELETE FROM lease WHERE batch IN (SELECT id FROM batch WHERE run = :run);

-- name: retention_drop_shards
-- Of a run that goes.
DELETE FROM shard WHERE batch IN (SELECT id FROM batch WHERE run = :run);

-- name: retention_drop_cuts
-- Of a run that goes.
DELETE FROM cut WHERE batch IN (SELECT id FROM batch WHERE run = :run);

-- name: retention_drop_batches
-- Of a run that goes.
DELETE FROM batch WHERE run = :run;

-- name: retention_drop_steps
-- Of a run that goes.
DELETE FROM step WHERE run = :run;

-- name: retention_drop_events
-- Of a run that goes.
DELETE FROM event WHERE run = :run;

-- name: retention_drop_run
-- A run that goes.
DELETE FROM run WHERE id = :run;

-- name: retention_drop_artifacts
-- The manifests of an attempt that nothing names.
DELETE FROM artifact WHERE attempt = :attempt;

-- name: retention_own
-- Whether an attempt's own run is still there.
SELECT 1 FROM attempt WHERE id = :attempt;

-- name: retention_result
-- Whether later runs may use what an attempt has left.
SELECT 1 FROM result WHERE attempt = :attempt LIMIT 1;

-- name: retention_old_results
-- Attempts whose results were kept before.
SELECT attempt FROM result WHERE created < :before;

-- name: retention_taken
-- Steps of other runs whose outputs an attempt has left, and whether their runs are over.
SELECT step.run, CASE WHEN run.ended IS NULL THEN 0 ELSE 1 END AS is_over
FROM step LEFT JOIN run ON run.id = step.run
WHERE attempt = :attempt AND attempt <> ''
AND substr(attempt, 1, length(run) + 1) <> run || '-';

-- name: retention_made
-- What was registered of a run.
SELECT document FROM version WHERE run = :run AND run <> '';

-- name: retention_sources
-- The versions that came out of a run; of what is private only that of the run's creator is named.
SELECT version.kind, CASE WHEN asset.visibility = 'public' OR asset.creator = run.creator
    THEN version.name || '@' || version.version ELSE '' END AS name
FROM version JOIN run ON run.id = version.run
JOIN asset ON asset.workspace = version.workspace AND asset.kind = version.kind
    AND asset.name = version.name
WHERE version.run = :run AND version.run <> ''
ORDER BY version.kind, version.name, version.number;

-- name: retention_paths
-- Steps that read files of attempts by their path.
SELECT run, spec FROM step WHERE instr(spec, '/attempts/') > 0;

-- name: retention_registered_paths
-- What is registered that lies in an attempt.
SELECT document FROM version WHERE instr(document, '/attempts/') > 0;

-- name: retention_documents
-- All that is registered.
SELECT document FROM version;

-- name: retention_codes
-- The snapshots of code that steps name.
SELECT DISTINCT json_extract(spec, '$.code') AS code FROM step;

-- name: retention_old
-- Runs that have ended before, but the newest of each definition, what versions came out of, and
-- those whose instance has not noted their end; trials go with their sweep.
SELECT id, tags FROM (
    SELECT id, tags, ended, row_number() OVER (
        PARTITION BY workspace, definition ORDER BY created DESC, id DESC) AS place
    FROM run WHERE trial = 0
) AS run WHERE ended < :before AND place > :last
AND NOT EXISTS (SELECT 1 FROM version WHERE version.run = run.id)
AND id NOT IN (SELECT run FROM instance WHERE status IN ('starting', 'running')) ORDER BY ended, id;

-- name: retention_trials
-- Runs that sweeps have begun since.
SELECT id, ended, facts FROM run WHERE trial = 1 AND created >= :since ORDER BY created, id;

-- name: retention_building
-- Whether another run that is not over may build on what the last run of a definition has left.
SELECT id, facts FROM run WHERE status IN ('queued', 'running') AND definition = :definition
AND id <> :run;

-- name: retention_left
-- Attempts whose run is gone and whose manifests are kept, for those who name them.
SELECT DISTINCT attempt FROM artifact
WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.id = artifact.attempt) ORDER BY attempt;

-- name: retention_manifests
-- The manifests of an attempt.
SELECT port, manifest FROM artifact WHERE attempt = :attempt;

-- name: retention_state
-- An attempt, and when its run ended.
SELECT attempt.status, run.ended FROM attempt JOIN run ON run.id = attempt.run
WHERE attempt.id = :attempt;

-- name: retention_count_answers
-- Answers that nobody asks for any more.
SELECT count(*) AS number FROM answer WHERE created < :before;

-- name: retention_drop_answers
-- Answers that nobody asks for any more.
DELETE FROM answer WHERE created < :before;

-- name: retention_count_credentials
-- Ways in that lead nowhere.
SELECT count(*) AS number FROM credential WHERE expires <= :now;

-- name: retention_drop_credentials
-- Ways in that lead nowhere.
DELETE FROM credential WHERE expires <= :now;
