-- name: results
-- Results of the same work in this home, newest first.
SELECT * FROM result WHERE key = :key AND home = current_setting('millwork.home')
ORDER BY created DESC LIMIT 3;

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

-- name: unfinished
-- Runs of this home that are not over, oldest first.
SELECT * FROM run WHERE status = 'running' AND home = current_setting('millwork.home')
ORDER BY created, id;

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
