-- name: retention_made_to
-- Up to which instant the scheduler has surely made the instances of all that is not off.
SELECT min(made) AS made FROM schedule WHERE state <> 'off';

-- name: retention_open
-- Which versions have instances of days before one that are not over, and on which days.
SELECT DISTINCT workspace, schedule, uses, day FROM instance
WHERE status IN ('waiting', 'starting', 'running') AND day < :before;

-- name: retention_workspace
-- The next workspace that has instances.
SELECT min(workspace) AS workspace FROM instance WHERE workspace > :after;

-- name: retention_over
-- Instances of a workspace that are over and of days before one, as they stand in an index. Of one
-- that somebody is still to be told of the notice needs it.
SELECT id, schedule, day FROM instance WHERE workspace = :workspace AND day < :before
AND (day, schedule, id) > (:day, :schedule, :id)
AND kind <> 'backfill' AND status || '' IN ('succeeded', 'failed', 'cancelled') AND ended < :ended
AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.instance = instance.id AND alert.status = 'due')
ORDER BY day, schedule, id LIMIT :limit;

-- name: retention_backfills
-- Backfills that are over, with all of their instances.
SELECT id, workspace, name FROM backfill WHERE ended < :ended AND NOT EXISTS (
    SELECT 1 FROM instance WHERE origin = backfill.id AND origin <> ''
    AND (status = 'waiting' OR status = 'starting' OR status = 'running'))
ORDER BY created, id;

-- name: retention_count_backfill
SELECT workspace, schedule, count(*) AS number FROM instance
WHERE origin = :backfill AND origin <> '' GROUP BY workspace, schedule;

-- name: retention_of_backfill
-- Instances of a backfill of which all are over.
SELECT id FROM instance WHERE origin = :backfill AND origin <> '' AND ended < :ended
AND NOT EXISTS (SELECT 1 FROM instance AS other WHERE other.origin = :backfill
    AND other.origin <> ''
    AND (other.status = 'waiting' OR other.status = 'starting' OR other.status = 'running'))
ORDER BY id LIMIT :limit;

-- name: retention_drop_instances
-- Those whose ids are a JSON list, unless somebody has had one run again meanwhile.
DELETE FROM instance WHERE id IN (SELECT value FROM json_each(:ids))
AND status || '' IN ('succeeded', 'failed', 'cancelled') AND ended < :ended
RETURNING id, workspace, schedule;

-- name: retention_drop_happened
-- What happened to instances that go.
DELETE FROM instance_event WHERE instance IN (SELECT value FROM json_each(:ids));

-- name: retention_drop_told
-- What was told of instances that go.
DELETE FROM alert WHERE instance IN (SELECT value FROM json_each(:ids));

-- name: retention_drop_backfill
-- A backfill that is over, once it has no instances.
DELETE FROM backfill WHERE id = :backfill AND ended < :ended
AND NOT EXISTS (SELECT 1 FROM instance WHERE origin = :backfill AND origin <> '') RETURNING id;
