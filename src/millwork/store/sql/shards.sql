-- name: fence
-- Whether the epoch is still the run's.
SELECT 1 FROM run WHERE id = :run AND epoch = :epoch;

-- name: insert_batch
-- A step's batch; a later attempt goes on with the same one.
INSERT INTO batch (run, step, attempt, layout) VALUES (:run, :step, :attempt, :layout)
ON CONFLICT (run, step) DO NOTHING;

-- name: batch
-- A step's batch.
SELECT * FROM batch WHERE run = :run AND step = :step;

-- name: batches
-- The batches of a run.
SELECT * FROM batch WHERE run = :run ORDER BY id;

-- name: renew_batch
-- Another attempt works on what is not done.
UPDATE batch SET attempt = :attempt, verdict = NULL, reason = '' WHERE id = :batch;

-- name: forget_leases
-- Nobody has a shard any more.
DELETE FROM lease WHERE batch = :batch;

-- name: forgive
-- What failed, or was lost, is tried as if it were new.
DELETE FROM shard WHERE batch = :batch AND status <> 'done';

-- name: forget_shards
-- What became of shards that are no more.
DELETE FROM shard WHERE batch = :batch;

-- name: forget_cuts
-- What was cut.
DELETE FROM cut WHERE batch = :batch;

-- name: cut_anew
-- Another layout.
UPDATE batch SET layout = :layout, verdict = NULL, reason = '' WHERE id = :batch;

-- name: judge
-- The verdict.
UPDATE batch SET verdict = :status, reason = :reason WHERE id = :batch;

-- name: insert_cut
-- Further shards.
INSERT INTO cut (batch, shard, atom, size, count) VALUES (:batch, :shard, :atom, :size, :count);

-- name: cuts
-- What was cut, in order.
SELECT shard, atom, size, count FROM cut WHERE batch = :batch ORDER BY shard;

-- name: insert_lease
-- A try of a shard.
INSERT INTO lease (batch, token, shard, attempt, worker, at)
VALUES (:batch, :token, :shard, :attempt, :worker, :at);

-- name: void_shard
-- None of a shard's leases counts any more.
DELETE FROM lease WHERE batch = :batch AND shard = :shard;

-- name: drop_lease
-- A lease does not count any more.
DELETE FROM lease WHERE batch = :batch AND token = :token;

-- name: make_late
-- A lease has expired; if its result comes first, it is accepted.
UPDATE lease SET is_late = TRUE WHERE batch = :batch AND token = :token;

-- name: done
-- An accepted result.
INSERT INTO shard (batch, shard, status, attempts, token, worker, attempt, ok, bad, seconds,
                   is_partial)
SELECT id, :shard, 'done', :attempt + 1, :token, :worker, batch.attempt, :ok, :failed, :seconds,
       :is_partial
FROM batch WHERE id = :batch
ON CONFLICT (batch, shard) DO UPDATE SET status = 'done',
    attempts = CASE WHEN shard.attempts > excluded.attempts THEN shard.attempts
        ELSE excluded.attempts END, token = excluded.token,
    worker = excluded.worker, attempt = excluded.attempt, ok = excluded.ok, bad = excluded.bad,
    seconds = excluded.seconds, is_partial = excluded.is_partial;

-- name: failed
-- A try that failed, perhaps the last.
INSERT INTO shard (batch, shard, status, attempts, failures, losses, failed_on, error, place)
VALUES (:batch, :shard, :status, :attempt + 1, :failures, :losses, json_array(:worker), :error,
        :place)
ON CONFLICT (batch, shard) DO UPDATE SET status = excluded.status,
    attempts = CASE WHEN shard.attempts > excluded.attempts THEN shard.attempts
        ELSE excluded.attempts END, failures = excluded.failures,
    losses = excluded.losses, error = excluded.error, place = excluded.place,
    failed_on = CASE WHEN EXISTS (SELECT 1 FROM json_each(shard.failed_on) WHERE value = :worker)
        THEN shard.failed_on ELSE json_insert(shard.failed_on, '$[#]', :worker) END;

-- name: returned
-- A lease that brought nothing.
INSERT INTO shard (batch, shard, status, attempts, losses)
SELECT :batch, :shard, 'todo', attempt + 1, :losses FROM lease
WHERE batch = :batch AND token = :token
ON CONFLICT (batch, shard) DO UPDATE SET losses = excluded.losses,
    attempts = CASE WHEN shard.attempts > excluded.attempts THEN shard.attempts
        ELSE excluded.attempts END;

-- name: shards
-- All shards that have a history.
SELECT * FROM shard WHERE batch = :batch ORDER BY shard;

-- name: leases
-- All leases that are not void.
SELECT * FROM lease WHERE batch = :batch ORDER BY at;

-- name: accepted
-- The accepted shards in order: whose output they are.
SELECT shard, token, attempt FROM shard WHERE batch = :batch AND status = 'done' ORDER BY shard;

-- name: failures
-- A page of the shards that failed for good, as a whole or in part.
SELECT * FROM shard WHERE batch = :batch AND (status = 'failed' OR is_partial)
AND shard > :after ORDER BY shard LIMIT :limit;

-- name: counts
-- How many shards and items have ended in which way.
SELECT count(*) FILTER (WHERE status = 'done') AS done,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       CAST(coalesce(sum(ok), 0) AS BIGINT) AS items,
       CAST(coalesce(sum(bad), 0) AS BIGINT) AS failed_items,
       CAST(coalesce(sum(failures), 0) AS BIGINT) AS failures,
       CAST(coalesce(sum(losses), 0) AS BIGINT) AS losses
FROM shard WHERE batch = :batch;

-- name: workers
-- What each worker has done and failed.
SELECT worker, sum(done) AS done, sum(failed) AS failed, sum(items) AS items,
       sum(seconds) AS seconds
FROM (
    SELECT worker, count(*) AS done, 0 AS failed, sum(ok + bad) AS items, sum(seconds) AS seconds
    FROM shard WHERE batch = :batch AND status = 'done' GROUP BY worker
    UNION ALL
    SELECT each.value, 0, count(*), 0, 0 FROM shard, json_each(shard.failed_on) AS each
    WHERE batch = :batch GROUP BY each.value
) GROUP BY worker ORDER BY worker;

-- name: number_events
-- Takes numbers for events.
UPDATE run SET last_event = last_event + :count WHERE id = :run RETURNING last_event;

-- name: insert_event
-- One event of a run's history.
INSERT INTO event (run, seq, time, kind, data) VALUES (:run, :seq, :time, :kind, :data);
