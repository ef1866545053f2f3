-- name: results
-- Results of the same work in this home, newest first: of the run's workspace, and no other
-- person's private one.
SELECT result.* FROM result JOIN run AS mine ON mine.id = :run
LEFT JOIN attempt ON attempt.id = result.attempt LEFT JOIN run ON run.id = attempt.run
WHERE result.key = :key AND result.home = current_setting('millwork.home')
AND (run.id IS NULL OR run.workspace = mine.workspace
    AND (run.visibility = 'public' OR run.creator = mine.creator))
ORDER BY result.created DESC LIMIT 3;

-- name: all_results
-- Every result in this home that later runs may use.
SELECT * FROM result WHERE home = current_setting('millwork.home') ORDER BY created;

-- name: recall
-- What a file contains, if it is as it was.
SELECT sha256 FROM stamp WHERE home = current_setting('millwork.home') AND device = :device
AND inode = :inode AND size = :size AND mtime = :mtime AND ctime = :ctime;

-- name: remember
-- What a file contains.
INSERT INTO stamp (device, inode, size, mtime, ctime, sha256)
VALUES (:device, :inode, :size, :mtime, :ctime, :sha256)
ON CONFLICT (home, device, inode) DO UPDATE SET size = excluded.size, mtime = excluded.mtime,
    ctime = excluded.ctime, sha256 = excluded.sha256;

-- name: take_over
-- Another master in the home of the run, if nobody was faster.
UPDATE run SET epoch = epoch + 1, master_pid = :master_pid, master_started = :master_started,
    master_boot = :master_boot
WHERE id = :run AND epoch = :epoch AND home = current_setting('millwork.home') RETURNING epoch;

-- name: elsewhere
-- Where a run's home is, if it is another one.
SELECT place FROM run WHERE id = :run AND home <> current_setting('millwork.home');

-- name: progress
-- How many steps of some runs, whose ids are a JSON list, have which status.
SELECT run, status, count(*) AS steps FROM step
WHERE run = ANY(ARRAY(SELECT json_array_elements_text(CAST(:runs AS json)))) GROUP BY run, status;

-- name: runs_made
-- Which of some runs, whose ids are a JSON list, there are.
SELECT id FROM run WHERE id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:runs AS json))));

-- name: unfinished
-- Runs of this home that are driven, or should be, oldest first.
SELECT * FROM run WHERE status = 'running' AND home = current_setting('millwork.home')
ORDER BY created, id;

-- name: lock_admissions
-- Whoever admits runs at the same time, from whichever home, waits for this transaction.
SELECT pg_advisory_xact_lock(1835625580, 1);

-- name: queue
-- The first runs that wait in each workspace, of this home: their code lies there.
SELECT * FROM (
    SELECT id, workspace, priority, created, demand,
           row_number() OVER (PARTITION BY workspace ORDER BY priority DESC, created, id) AS place
    FROM run WHERE status = 'queued' AND home = current_setting('millwork.home')
) AS waiting WHERE place <= :limit;

-- name: running
-- What runs, and with what: quotas are of all homes, a machine's room is of its own.
SELECT id, workspace, allotment,
       CAST(home = current_setting('millwork.home') AS INTEGER) AS is_here
FROM run WHERE status = 'running';

-- name: fence
-- Whether the epoch is still the run's; it stays so until the end of the transaction.
SELECT 1 FROM run WHERE id = :run AND epoch = :epoch FOR NO KEY UPDATE;

-- name: failed
-- A try that failed, perhaps the last.
INSERT INTO shard (batch, shard, status, attempts, failures, losses, failed_on, error, place)
VALUES (:batch, :shard, :status, :attempt + 1, :failures, :losses,
        CAST(jsonb_build_array(CAST(:worker AS TEXT)) AS TEXT), :error, :place)
ON CONFLICT (batch, shard) DO UPDATE SET status = excluded.status,
    attempts = greatest(shard.attempts, excluded.attempts), failures = excluded.failures,
    losses = excluded.losses, error = excluded.error, place = excluded.place,
    failed_on = CASE
        WHEN CAST(shard.failed_on AS JSONB) @> CAST(excluded.failed_on AS JSONB)
        THEN shard.failed_on
        ELSE CAST(CAST(shard.failed_on AS JSONB) || CAST(excluded.failed_on AS JSONB) AS TEXT) END;

-- name: workers
-- What each worker has done and failed.
SELECT worker, CAST(sum(done) AS BIGINT) AS done, CAST(sum(failed) AS BIGINT) AS failed,
       CAST(sum(items) AS BIGINT) AS items, sum(seconds) AS seconds
FROM (
    SELECT worker, count(*) AS done, 0 AS failed, sum(ok + bad) AS items, sum(seconds) AS seconds
    FROM shard WHERE batch = :batch AND status = 'done' GROUP BY worker
    UNION ALL
    SELECT name, 0, count(*), 0, 0
    FROM shard, jsonb_array_elements_text(CAST(shard.failed_on AS JSONB)) AS name
    WHERE batch = :batch GROUP BY name
) AS each GROUP BY worker ORDER BY worker COLLATE "C";

-- name: lock_people
-- Waits for other writers until the end of the transaction: 'people' in hexadecimal.
SELECT pg_advisory_xact_lock(123580963646565);

-- name: retention_look
-- Begins to read, and sees one state until the end.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: retention_close
-- Whoever still drives the run is fenced; nothing is found if it is not over, is a source, is awaited
-- by its instance, or is of another home, where its files are.
UPDATE run SET epoch = epoch + 1 WHERE id = :run AND ended IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM version WHERE version.run = run.id)
AND id NOT IN (SELECT run FROM instance WHERE status IN ('starting', 'running'))
AND home = current_setting('millwork.home') RETURNING id;

-- name: retention_is_here
-- Whether the run is there at all, and its files are of this home.
SELECT 1 FROM run WHERE id = :run AND home = current_setting('millwork.home');

-- name: retention_paths
-- Steps that read files of attempts by their path.
SELECT run, spec FROM step WHERE strpos(spec, '/attempts/') > 0;

-- name: retention_registered_paths
-- What is registered that lies in an attempt.
SELECT document FROM version WHERE strpos(document, '/attempts/') > 0;

-- name: retention_codes
-- The snapshots of code that steps name: read as text, for JSON may hold what JSONB refuses.
SELECT DISTINCT found[1] AS code
FROM step, regexp_matches(spec, '"code":"([0-9a-f]{64})"', 'g') AS found;

-- name: retention_old
-- Runs of this home that have ended before, but the newest of each definition, and what is needed.
SELECT id, tags FROM (
    SELECT id, tags, ended, home, row_number() OVER (
        PARTITION BY workspace, definition ORDER BY created DESC, id DESC) AS place
    FROM run WHERE trial = 0
) AS run WHERE ended < :before AND place > :last AND home = current_setting('millwork.home')
AND NOT EXISTS (SELECT 1 FROM version WHERE version.run = run.id)
AND id NOT IN (SELECT run FROM instance WHERE status IN ('starting', 'running')) ORDER BY ended, id;

-- name: retention_old_results
-- Attempts whose results were kept before, in this home.
SELECT attempt FROM result WHERE created < :before AND home = current_setting('millwork.home');

-- name: retention_drop_instances
-- Those whose ids are a JSON list, unless somebody has had one run again meanwhile.
DELETE FROM instance WHERE id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))))
AND status IN ('succeeded', 'failed', 'cancelled') AND ended < :ended
RETURNING id, workspace, schedule;

-- name: retention_drop_happened
-- What happened to instances that go.
DELETE FROM instance_event
WHERE instance = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))));

-- name: retention_drop_told
-- What was told of instances that go.
DELETE FROM alert
WHERE instance = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))));

-- name: alert_claim
-- The first that is due, and that nobody else is claiming, is its sender's until `until`.
UPDATE alert SET due = :until, tried = :now, tries = tries + 1
WHERE id = (SELECT id FROM alert WHERE status = 'due' AND due <= :now ORDER BY due, id LIMIT 1
    FOR UPDATE SKIP LOCKED) RETURNING *;
