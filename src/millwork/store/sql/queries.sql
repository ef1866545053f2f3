-- name: insert_run
-- A new run.
INSERT INTO run (id, name, definition, version, status, created, notes, tags, facts,
                 master_pid, master_started, master_boot, epoch, workspace, creator, visibility,
                 trial, priority, demand, allotment)
VALUES (:id, :name, :definition, :version, :status, :created, :notes, :tags, :facts,
        :master_pid, :master_started, :master_boot, :epoch, :workspace, :creator, :visibility,
        :trial, :priority, :demand, :allotment);

-- name: insert_step
-- A step of a new run.
INSERT INTO step (run, name, position, spec) VALUES (:run, :name, :position, :spec);

-- name: insert_definition
-- A component's canonical document; the same one is kept once.
INSERT INTO definition (digest, document) VALUES (:digest, :document)
ON CONFLICT (digest) DO NOTHING;

-- name: definition
-- A component's canonical document.
SELECT document FROM definition WHERE digest = :digest;

-- name: insert_item
-- A step for one item of a list; it stands where its parent stands.
INSERT INTO step (run, name, position, spec)
SELECT :run, :name, position, :spec FROM step WHERE run = :run AND name = :step
ON CONFLICT (run, name) DO NOTHING;

-- name: number_events
-- Takes numbers for events, if the epoch is still the run's.
UPDATE run SET last_event = last_event + :count WHERE id = :run AND epoch = :epoch
RETURNING last_event;

-- name: insert_event
-- One event of a run's history.
INSERT INTO event (run, seq, time, kind, data) VALUES (:run, :seq, :time, :kind, :data);

-- name: open_attempt
-- An attempt was decided.
INSERT INTO attempt (id, run, step, number, token, deadline, gpus, created)
VALUES (:attempt, :run, :step, :number, :token, :deadline, :gpus, :now);

-- name: step_attempted
-- The step's last attempt, and how many there were.
UPDATE step SET attempt = :attempt, attempts = :number WHERE run = :run AND name = :step;

-- name: attempt_started
-- The engine has started it.
UPDATE attempt SET handle = :handle, launched = :at WHERE id = :attempt AND status = 'running';

-- name: close_attempt
-- The outcome, recorded once: only of the attempt that runs, and only with its token.
UPDATE attempt SET status = :status, ended = :now, code = :code, reason = :reason, usage = :usage
WHERE id = :attempt AND token = :token AND status = 'running';

-- name: open_replica
-- The start of a replica was decided.
INSERT INTO replica (attempt, name, number, opened) VALUES (:attempt, :replica, :number, :now);

-- name: replica_started
-- The engine has started it.
UPDATE replica SET handle = :handle, launched = :at
WHERE attempt = :attempt AND name = :replica AND number = :number AND status = 'running';

-- name: close_replica
-- How it ended, recorded once.
UPDATE replica SET status = :status, ended = :at, code = :code, reason = :reason, usage = :usage
WHERE attempt = :attempt AND name = :replica AND number = :number AND status = 'running';

-- name: job_judged
-- What an attempt at a job will end as.
UPDATE attempt SET verdict = :verdict WHERE id = :attempt AND status = 'running';

-- name: replicas
-- All starts of replicas in a run, oldest first.
SELECT replica.* FROM replica JOIN attempt ON attempt.id = replica.attempt
WHERE attempt.run = :run ORDER BY attempt.created, replica.opened, replica.name, replica.number;

-- name: publish
-- The recorded attempt's outputs become the step's.
UPDATE step SET outputs = :outputs, metrics = :metrics WHERE run = :run AND name = :step;

-- name: step_reused
-- The outputs of an earlier attempt become the step's.
UPDATE step SET attempt = :attempt, outputs = :outputs, metrics = :metrics
WHERE run = :run AND name = :step;

-- name: step_consulted
-- What the step's work is, and what became of looking for its result.
UPDATE step SET verdict = :verdict, identity = :identity WHERE run = :run AND name = :step;

-- name: insert_result
-- A result that later runs may use.
INSERT INTO result (key, attempt, outputs, metrics, created)
VALUES (:key, :attempt, :outputs, :metrics, :now)
ON CONFLICT (key, attempt) DO UPDATE SET outputs = excluded.outputs, metrics = excluded.metrics,
    created = excluded.created;

-- name: results
-- Results of the same work, newest first: of the run's workspace, and no other person's private one.
SELECT result.* FROM result JOIN run AS mine ON mine.id = :run
LEFT JOIN attempt ON attempt.id = result.attempt LEFT JOIN run ON run.id = attempt.run
WHERE result.key = :key AND (run.id IS NULL OR run.workspace = mine.workspace
    AND (run.visibility = 'public' OR run.creator = mine.creator))
ORDER BY result.created DESC LIMIT 3;

-- name: all_results
-- Every result that later runs may use.
SELECT * FROM result ORDER BY created;

-- name: forget_result
-- A result whose files are no longer what they were.
DELETE FROM result WHERE attempt = :attempt;

-- name: recall
-- What a file contains, if it is as it was.
SELECT sha256 FROM stamp WHERE device = :device AND inode = :inode AND size = :size
AND mtime = :mtime AND ctime = :ctime;

-- name: remember
-- What a file contains.
INSERT INTO stamp (device, inode, size, mtime, ctime, sha256)
VALUES (:device, :inode, :size, :mtime, :ctime, :sha256)
ON CONFLICT (device, inode) DO UPDATE SET size = excluded.size, mtime = excluded.mtime,
    ctime = excluded.ctime, sha256 = excluded.sha256;

-- name: insert_listing
-- The files of an input.
INSERT INTO listing (digest, files) VALUES (:digest, :files) ON CONFLICT (digest) DO NOTHING;

-- name: listing
-- The files of an input.
SELECT files FROM listing WHERE digest = :digest;

-- name: earlier
-- The last time that a step of this name succeeded in an earlier run of the same definition, in
-- the workspace and seen by its creator.
SELECT step.* FROM step JOIN run ON run.id = step.run
WHERE run.definition = :definition AND step.name = :step AND step.status = 'succeeded'
AND run.created < :before AND run.workspace = :workspace
AND (run.visibility = 'public' OR run.creator = :creator)
ORDER BY run.created DESC LIMIT 1;

-- name: insert_artifact
-- The files of one output of a recorded attempt.
INSERT INTO artifact (attempt, port, manifest) VALUES (:attempt, :port, :manifest);

-- name: manifest
-- The files of one output.
SELECT manifest FROM artifact WHERE attempt = :attempt AND port = :port;

-- name: step_changed
-- A step's status; its first start and its end are kept.
UPDATE step SET status = :status, reason = :reason,
    started = CASE WHEN :status = 'running' THEN coalesce(started, :now) ELSE started END,
    ended = CASE WHEN :status IN ('pending', 'running') THEN NULL ELSE :now END
WHERE run = :run AND name = :step;

-- name: run_changed
-- A run's status; one that goes on again, or is to, is no longer to be cancelled.
UPDATE run SET status = :status, reason = :reason,
    cancel = CASE WHEN :status IN ('queued', 'running') THEN 0 ELSE cancel END,
    allotment = CASE WHEN :status IN ('queued', 'running') THEN '{}' ELSE allotment END,
    began = CASE WHEN :status = 'running' THEN :now ELSE began END,
    ended = CASE WHEN :status IN ('queued', 'running') THEN NULL ELSE :now END
WHERE id = :run;

-- name: take_over
-- Another master, if nobody was faster.
UPDATE run SET epoch = epoch + 1, master_pid = :master_pid, master_started = :master_started,
    master_boot = :master_boot
WHERE id = :run AND epoch = :epoch RETURNING epoch;

-- name: elsewhere
-- Where a run's home is, if it is another one: a file is of one home.
SELECT '' AS place FROM run WHERE id = :run AND 1 = 0;

-- name: request_cancel
-- A wish that the run's master carries out.
UPDATE run SET cancel = 1 WHERE id = :run AND status = 'running';

-- name: run
-- One run.
SELECT * FROM run WHERE id = :run;

-- name: find_runs
-- Ids that begin with a prefix.
SELECT id FROM run WHERE id >= :prefix AND id < :prefix || '~'
AND substr(id, 1, length(:prefix)) = :prefix ORDER BY id LIMIT 5;

-- name: runs
-- A page of runs, newest first.
SELECT * FROM run WHERE (created, id) < (:created, :id)
ORDER BY created DESC, id DESC LIMIT :limit;

-- name: runs_of_all_newest
-- A workspace's runs, newest first; a tag is found as it stands in the JSON.
SELECT * FROM run WHERE workspace = :workspace AND (created, id) < (:created, :id)
AND (:name = '' OR name = :name) AND (:creator = '' OR creator = :creator)
AND (:definition = '' OR definition = :definition)
AND (:tag = '' OR replace(tags, :tag, '') <> tags) AND (:with_trials = 1 OR trial = 0)
AND (CAST(:private_of AS TEXT) IS NULL OR visibility = 'public' OR creator = :private_of)
ORDER BY created DESC, id DESC LIMIT :limit;

-- name: runs_of_all_oldest
-- A workspace's runs, oldest first.
SELECT * FROM run WHERE workspace = :workspace AND (created, id) > (:created, :id)
AND (:name = '' OR name = :name) AND (:creator = '' OR creator = :creator)
AND (:definition = '' OR definition = :definition)
AND (:tag = '' OR replace(tags, :tag, '') <> tags) AND (:with_trials = 1 OR trial = 0)
AND (CAST(:private_of AS TEXT) IS NULL OR visibility = 'public' OR creator = :private_of)
ORDER BY created ASC, id ASC LIMIT :limit;

-- name: runs_of_status_newest
-- A workspace's runs of one status, newest first.
SELECT * FROM run WHERE workspace = :workspace AND status = :status AND (created, id) < (:created, :id)
AND (:name = '' OR name = :name) AND (:creator = '' OR creator = :creator)
AND (:definition = '' OR definition = :definition)
AND (:tag = '' OR replace(tags, :tag, '') <> tags) AND (:with_trials = 1 OR trial = 0)
AND (CAST(:private_of AS TEXT) IS NULL OR visibility = 'public' OR creator = :private_of)
ORDER BY created DESC, id DESC LIMIT :limit;

-- name: runs_of_status_oldest
-- A workspace's runs of one status, oldest first.
SELECT * FROM run WHERE workspace = :workspace AND status = :status AND (created, id) > (:created, :id)
AND (:name = '' OR name = :name) AND (:creator = '' OR creator = :creator)
AND (:definition = '' OR definition = :definition)
AND (:tag = '' OR replace(tags, :tag, '') <> tags) AND (:with_trials = 1 OR trial = 0)
AND (CAST(:private_of AS TEXT) IS NULL OR visibility = 'public' OR creator = :private_of)
ORDER BY created ASC, id ASC LIMIT :limit;

-- name: progress
-- How many steps of some runs, whose ids are a JSON list, have which status.
SELECT run, status, count(*) AS steps FROM step
WHERE run IN (SELECT value FROM json_each(:runs)) GROUP BY run, status;

-- name: unfinished
-- Runs that are driven, or should be, oldest first.
SELECT * FROM run WHERE status = 'running' ORDER BY created, id;

-- name: steps
-- A run's steps in the order of its file.
SELECT * FROM step WHERE run = :run ORDER BY position, length(name), name;

-- name: attempts
-- A run's attempts, oldest first.
SELECT * FROM attempt WHERE run = :run ORDER BY created, number;

-- name: events
-- A run's history above a number.
SELECT * FROM event WHERE run = :run AND seq > :after ORDER BY seq;

-- name: heads
-- How far the histories of runs go that are not over, or have ended since. A run that waits is
-- told when it comes, or comes again: the others of a long queue have nothing new to tell.
SELECT id AS run, workspace, creator, visibility, last_event AS last FROM run
WHERE status = 'running'
UNION ALL
SELECT id, workspace, creator, visibility, last_event FROM run
WHERE status = 'queued' AND last_event <= 1 AND created >= :since
UNION ALL
SELECT id, workspace, creator, visibility, last_event FROM run
WHERE status = 'queued' AND last_event > 1
UNION ALL
SELECT id, workspace, creator, visibility, last_event FROM run WHERE ended >= :since;

-- name: head
-- How far the history of one run goes.
SELECT id AS run, workspace, creator, visibility, last_event AS last FROM run WHERE id = :run;

-- name: find_runs_in
-- Ids of a workspace's runs that begin with a prefix, of those that a person may see. The index
-- of a workspace has too many of them: it is kept from being used.
SELECT id FROM run WHERE id >= :prefix AND id < :prefix || '~'
AND substr(id, 1, length(:prefix)) = :prefix AND workspace || '' = :workspace
AND (CAST(:private_of AS TEXT) IS NULL OR visibility = 'public' OR creator = :private_of)
ORDER BY id LIMIT 5;

-- name: some_events
-- The first of a run's events above a number.
SELECT * FROM event WHERE run = :run AND seq > :after ORDER BY seq LIMIT :limit;

-- name: describe_run
-- What is said about a run, and who may see it.
UPDATE run SET name = :name, notes = :notes, visibility = :visibility, tags = :tags
WHERE id = :run;

-- name: step
-- One step of a run.
SELECT * FROM step WHERE run = :run AND name = :step;

-- name: some_steps
-- A part of a run's steps in the order of its file.
SELECT * FROM step WHERE run = :run ORDER BY position, length(name), name
LIMIT :limit OFFSET :skip;
