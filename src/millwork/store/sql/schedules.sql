-- name: schedules_lagging
SELECT * FROM schedule WHERE state <> 'off' AND made < :before ORDER BY made LIMIT :limit;

-- name: schedule_made
-- Cycles up to an instant have instances now, unless somebody else was faster.
UPDATE schedule SET made = :made
WHERE workspace = :workspace AND name = :name AND version = :version AND made = :before
RETURNING name;

-- name: schedule_row
SELECT * FROM schedule WHERE workspace = :workspace AND name = :name;

-- name: schedule_put
INSERT INTO schedule (workspace, name, version, state, owner, deployed, made)
VALUES (:workspace, :name, :version, :state, :owner, :deployed, :made)
ON CONFLICT (workspace, name) DO UPDATE SET version = excluded.version, state = excluded.state,
    owner = excluded.owner, deployed = excluded.deployed, made = excluded.made;

-- name: schedule_state
UPDATE schedule SET state = :state, made = :made WHERE workspace = :workspace AND name = :name;

-- name: schedule_drop
DELETE FROM schedule WHERE workspace = :workspace AND name = :name;

-- name: schedule_unneed
DELETE FROM schedule_need WHERE workspace = :workspace AND schedule = :schedule;

-- name: schedule_need
INSERT INTO schedule_need (workspace, schedule, up_workspace, up_schedule, cycle)
VALUES (:workspace, :schedule, :up_workspace, :up_schedule, :cycle) ON CONFLICT DO NOTHING;

-- name: schedule_children
SELECT * FROM schedule_need WHERE up_workspace = :workspace AND up_schedule = :schedule
ORDER BY workspace, schedule;

-- name: schedule_parents
SELECT * FROM schedule_need WHERE workspace = :workspace AND schedule = :schedule
ORDER BY up_workspace, up_schedule;

-- name: schedules_any
-- Whether there is anything for a scheduler to do.
SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM schedule)
OR EXISTS (SELECT 1 FROM instance WHERE status IN ('starting', 'running'))
OR EXISTS (SELECT 1 FROM instance WHERE status = 'waiting' AND kind <> 'backfill')
OR EXISTS (SELECT 1 FROM backfill WHERE status = 'running');

-- name: triggers_of
SELECT source FROM trigger_seen WHERE workspace = :workspace AND schedule = :schedule;

-- name: trigger_drop
DELETE FROM trigger_seen
WHERE workspace = :workspace AND schedule = :schedule AND source = :source;

-- name: trigger_put
INSERT INTO trigger_seen (workspace, schedule, source, every)
VALUES (:workspace, :schedule, :source, :every)
ON CONFLICT (workspace, schedule, source) DO UPDATE SET every = excluded.every;

-- name: triggers_due
-- A clock that was put back keeps none from being looked at.
SELECT * FROM trigger_seen WHERE looked + every <= :now OR looked > :now
ORDER BY looked;

-- name: trigger_looked
-- Unless somebody else has looked meanwhile.
UPDATE trigger_seen SET seen = :now_seen, looked = :now
WHERE workspace = :workspace AND schedule = :schedule AND source = :source AND looked = :looked
RETURNING source;

-- name: instance_insert
INSERT INTO instance (id, workspace, schedule, version, day, number, fold, origin, kind, instant,
    status, is_dry, is_frozen, priority, place, reason, uses, due, ended, created)
VALUES (:id, :workspace, :schedule, :version, :day, :number, :fold, :origin, :kind, :instant,
    :status, :is_dry, :is_frozen, :priority, :place, :reason, :uses, :due, :ended, :created)
ON CONFLICT DO NOTHING;

-- name: instance_change
-- An instance that is still as it was seen becomes another.
UPDATE instance SET status = :status, is_dry = :is_dry, is_frozen = :is_frozen,
    priority = :priority, reason = :reason, run = :run, uses = :uses, tries = :tries,
    failures = :failures, due = :due, arrived = :arrived, began = :began,
    ended = :ended, removed = :removed, last_event = last_event + 1
WHERE id = :id AND last_event = :revision RETURNING last_event;

-- name: instance_event_insert
INSERT INTO instance_event (instance, seq, time, person, kind, data)
VALUES (:instance, :seq, :time, :person, :kind, :data);

-- name: instance_events
SELECT * FROM instance_event WHERE instance = :instance AND seq > :after ORDER BY seq LIMIT :limit;

-- name: instance
SELECT * FROM instance WHERE id = :id;

-- name: instances_due
SELECT * FROM instance WHERE status = 'waiting' AND kind <> 'backfill' AND due <= :now
AND (due, id) > (:after, :id) ORDER BY due, id LIMIT :limit;

-- name: instance_next
SELECT min(due) AS due FROM instance
WHERE status = 'waiting' AND kind <> 'backfill' AND due > :now;

-- name: instances_starting
-- SQLite takes the index of a condition only where that condition stands.
SELECT * FROM instance WHERE status IN ('starting', 'running') AND status = 'starting'
ORDER BY began, id;

-- name: instances_running
SELECT * FROM instance WHERE status IN ('starting', 'running') AND status = 'running'
ORDER BY began, id;

-- name: instances_ended
-- Those whose run is over, or gone.
SELECT instance.*, coalesce(run.status, '') AS run_status, coalesce(run.reason, '') AS run_reason,
    coalesce(run.ended, instance.began) AS run_ended
FROM instance LEFT JOIN run ON run.id = instance.run
WHERE instance.status IN ('starting', 'running') AND instance.status = 'running'
AND (run.id IS NULL OR run.ended IS NOT NULL) LIMIT :limit;

-- name: instances_of
SELECT * FROM instance WHERE workspace = :workspace AND schedule = :schedule
AND day >= :first AND day <= :last AND origin = :origin ORDER BY instant, created, id;

-- name: instance_to_come
SELECT day, instant FROM instance WHERE workspace = :workspace AND schedule = :schedule
AND kind = 'recurring' AND status = 'waiting' AND tries = 0 AND instant > :now
ORDER BY instant LIMIT 1;

-- name: events_replaced
-- What happened to cycles that give way: one that is made again begins anew.
DELETE FROM instance_event WHERE instance IN (
    SELECT id FROM instance WHERE workspace = :workspace AND schedule = :schedule
    AND kind = 'recurring' AND status = 'waiting' AND tries = 0 AND instant > :now
);

-- name: instances_replaced
-- Cycles to come that never began give way to those of another version.
DELETE FROM instance WHERE workspace = :workspace AND schedule = :schedule AND kind = 'recurring'
AND status = 'waiting' AND tries = 0 AND instant > :now;

-- name: backfill_insert
INSERT INTO backfill (id, workspace, name, schedule, creator, status, parallel, document, total,
    created)
VALUES (:id, :workspace, :name, :schedule, :creator, 'running', :parallel, :document, :total,
    :created);

-- name: backfill
SELECT * FROM backfill WHERE id = :id;

-- name: backfill_hold
-- Until the transaction ends nobody else has any of its instances begin, nor pauses it.
UPDATE backfill SET status = status WHERE id = :id AND status = 'running' RETURNING parallel;

-- name: backfills_going
SELECT * FROM backfill WHERE status = 'running' ORDER BY id;

-- name: backfill_waiting
SELECT * FROM instance WHERE origin = :backfill AND origin <> '' AND status = 'waiting'
AND place > :after ORDER BY place LIMIT :limit;

-- name: backfill_counts
SELECT status, count(*) AS count FROM instance WHERE origin = :backfill AND origin <> ''
GROUP BY status;

-- name: backfill_status
UPDATE backfill SET status = :status, ended = :ended WHERE id = :id AND status = :before
RETURNING id;
