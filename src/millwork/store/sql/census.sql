-- name: census_runs
-- Runs by workspace and status; `run_by_status` alone is read.
SELECT workspace, status, count(*) AS number FROM run GROUP BY workspace, status;

-- name: census_oldest_queued
-- The run that has waited longest; in this order `run_queued` is read.
SELECT created FROM run WHERE status = 'queued' ORDER BY created, id LIMIT 1;

-- name: census_running_steps
-- Steps that are being tried.
SELECT count(*) AS number FROM attempt WHERE status = 'running';

-- name: census_attempts
-- Attempts that have ended since, by how: of runs with steps that run, or that have ended since themselves.
SELECT status, count(*) AS number FROM attempt
WHERE run IN (SELECT run FROM attempt WHERE status = 'running'
              UNION ALL SELECT id FROM run WHERE ended IS NOT NULL AND ended >= :since)
AND ended >= :since
GROUP BY status;

-- name: census_events
-- Events of all runs.
SELECT coalesce(sum(last_event), 0) AS number FROM run;
