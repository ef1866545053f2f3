-- Lists of instances and backfills, a page at a time. Each order has an index: what `|| ''` stands
-- behind is kept from being looked for in another.

-- name: instances_of_all_newest
SELECT * FROM instance WHERE workspace = :workspace AND (instant, id) < (:instant, :id)
AND instant >= :bound AND day || '' >= :first AND day || '' <= :last
AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY instant DESC, id DESC LIMIT :limit;

-- name: instances_of_all_oldest
SELECT * FROM instance WHERE workspace = :workspace AND (instant, id) > (:instant, :id)
AND instant <= :bound AND day || '' >= :first AND day || '' <= :last
AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY instant, id LIMIT :limit;

-- name: instances_of_status_newest
SELECT * FROM instance WHERE workspace = :workspace AND status = :status
AND (instant, id) < (:instant, :id)
AND instant >= :bound AND day || '' >= :first AND day || '' <= :last
AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY instant DESC, id DESC LIMIT :limit;

-- name: instances_of_status_oldest
SELECT * FROM instance WHERE workspace = :workspace AND status = :status
AND (instant, id) > (:instant, :id)
AND instant <= :bound AND day || '' >= :first AND day || '' <= :last
AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY instant, id LIMIT :limit;

-- name: instances_of_schedule_newest
-- Of one schedule days come as instants do, and only those of a day are sorted.
SELECT * FROM instance WHERE workspace = :workspace AND schedule = :schedule
AND (day, instant, id) < (:day, :instant, :id) AND day >= :first
AND (:status = '' OR status = :status) AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY day DESC, instant DESC, id DESC LIMIT :limit;

-- name: instances_of_schedule_oldest
SELECT * FROM instance WHERE workspace = :workspace AND schedule = :schedule
AND (day, instant, id) > (:day, :instant, :id) AND day <= :last
AND (:status = '' OR status = :status) AND (:kind = '' OR kind = :kind)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY day, instant, id LIMIT :limit;

-- name: instances_of_origin
-- Those of one status that are of one origin, in their turn.
SELECT * FROM instance WHERE workspace = :workspace AND origin = :origin AND status = :status
AND place > :place AND origin <> '' AND day || '' >= :first AND day || '' <= :last
AND (:kind = '' OR kind = :kind) AND (:schedule = '' OR schedule || '' = :schedule)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = instance.workspace AND asset.kind = 'schedule'
    AND asset.name = instance.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY place LIMIT :limit;

-- name: instances_grid
-- What there is of the cycles of a page of schedules, counted by day and status.
WITH page AS (
    SELECT schedule.name, schedule.state, schedule.version FROM schedule
    WHERE schedule.workspace = :workspace AND schedule.name > :after
    AND (:text = '' OR replace(lower(schedule.name), :text, '') <> lower(schedule.name))
    AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM asset WHERE asset.workspace = schedule.workspace
        AND asset.kind = 'schedule' AND asset.name = schedule.name
        AND (asset.visibility = 'public' OR asset.creator = :private_of)))
    ORDER BY schedule.name LIMIT :limit
)
SELECT page.name, page.state, page.version, instance.day, instance.status,
    count(instance.id) AS count, CAST(sum(instance.is_dry) AS BIGINT) AS dry,
    CAST(sum(instance.is_frozen) AS BIGINT) AS frozen,
    min(instance.id) AS instance
FROM page LEFT JOIN instance ON instance.workspace = :workspace AND instance.schedule = page.name
AND instance.day >= :first AND instance.day <= :last
AND ((:kind = '' AND instance.kind <> 'test') OR instance.kind = :kind)
GROUP BY page.name, page.state, page.version, instance.day, instance.status
ORDER BY page.name, instance.day, instance.status;

-- name: instances_before
-- What there has been of a schedule's cycles, whoever asked for it; tests are none of them.
SELECT * FROM instance WHERE workspace = :workspace AND schedule = :schedule
AND day >= :first AND day <= :last AND kind IN ('recurring', 'backfill');

-- name: instance_runs
-- The runs that an instance has had, newest first.
SELECT time, data FROM instance_event WHERE instance = :instance AND kind = 'starting'
ORDER BY seq DESC LIMIT :limit;

-- name: runs_made
-- Which of some runs, whose ids are a JSON list, there are.
SELECT id FROM run WHERE id IN (SELECT value FROM json_each(:runs));

-- name: backfills_newest
SELECT * FROM backfill WHERE workspace = :workspace AND (created, id) < (:created, :id)
AND (:schedule = '' OR schedule = :schedule) AND (:status = '' OR status = :status)
AND (CAST(:private_of AS TEXT) IS NULL OR EXISTS (
    SELECT 1 FROM asset WHERE asset.workspace = backfill.workspace AND asset.kind = 'schedule'
    AND asset.name = backfill.schedule
    AND (asset.visibility = 'public' OR asset.creator = :private_of)))
ORDER BY created DESC, id DESC LIMIT :limit;

-- name: backfill_pace
-- How long those of a backfill took that came last in their turn.
SELECT avg(ended - began) AS seconds FROM (
    SELECT began, ended FROM instance WHERE origin = :backfill AND status = 'succeeded'
    AND origin <> '' AND run <> '' ORDER BY place DESC LIMIT 100
) AS latest;

-- name: backfill_going
-- Those of a backfill that have a run.
SELECT * FROM instance WHERE origin = :backfill AND origin <> ''
AND status IN ('starting', 'running') ORDER BY place;

-- name: backfill_parallel
UPDATE backfill SET parallel = :parallel WHERE id = :id AND ended IS NULL RETURNING id;
