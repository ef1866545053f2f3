-- name: lock_admissions
-- Whoever admits runs at the same time waits; the transaction of a file's writer is alone anyway.
SELECT 1;

-- name: any_queued
SELECT 1 FROM run WHERE status = 'queued' LIMIT 1;

-- name: queue
-- The first runs that wait in each workspace, of this home.
SELECT * FROM (
    SELECT id, workspace, priority, created, demand,
           row_number() OVER (PARTITION BY workspace ORDER BY priority DESC, created, id) AS place
    FROM run WHERE status = 'queued'
) AS waiting WHERE place <= :limit;

-- name: running
-- What runs, and with what.
SELECT id, workspace, allotment, 1 AS is_here FROM run WHERE status = 'running';

-- name: quotas
-- What each workspace may use.
SELECT name, quota FROM workspace;

-- name: admitted
-- A run's turn has come: it has a master, and a number for the event of it.
UPDATE run SET status = 'running', reason = '', began = :now, cancel = 0, epoch = epoch + 1,
    master_pid = :master_pid, master_started = :master_started, master_boot = :master_boot,
    allotment = :allotment, last_event = last_event + 1
WHERE id = :run AND status = 'queued' RETURNING epoch, last_event;

-- name: withdrawn
-- A run that waits is over, with a number for the event of it.
UPDATE run SET status = 'cancelled', reason = :reason, ended = :now, last_event = last_event + 1
WHERE id = :run AND status = 'queued' RETURNING last_event;

-- name: steps_withdrawn
-- Its steps are over with it.
UPDATE step SET status = 'cancelled', reason = :reason, ended = :now
WHERE run = :run AND status = 'pending';

-- name: set_priority
-- A run that waits has another priority.
UPDATE run SET priority = :priority WHERE id = :run AND status = 'queued';

-- name: waiting
-- A page of a workspace's runs that wait, in the order of their turns.
SELECT * FROM run WHERE workspace = :workspace AND status = 'queued'
AND (-priority, created, id) > (:before, :created, :id)
ORDER BY -priority, created, id LIMIT :limit;

-- name: running_in
-- What runs in a workspace, and with what.
SELECT id, workspace, allotment, 1 AS is_here FROM run
WHERE workspace = :workspace AND status = 'running';

-- name: count_queued
-- How many runs wait in a workspace.
SELECT count(*) AS count FROM run WHERE workspace = :workspace AND status = 'queued';
