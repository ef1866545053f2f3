-- name: has_workspace
-- Whether there is one of that name.
SELECT 1 FROM workspace WHERE name = :name;

-- name: role_in
-- What a person is in a workspace.
SELECT role FROM member WHERE workspace = :workspace AND person = :person;

-- name: claim_answer
-- A key taken, unless another request holds it; what is too old is taken over.
INSERT INTO answer (person, key, request, created) VALUES (:person, :key, :request, :now)
ON CONFLICT (person, key) DO UPDATE SET request = excluded.request, body = '',
    created = excluded.created
WHERE answer.created < CASE answer.body WHEN '' THEN :stuck ELSE :stale END
RETURNING key;

-- name: kept_answer
-- What stands for a key.
SELECT request, body FROM answer WHERE person = :person AND key = :key;

-- name: keep_answer
-- What was answered.
UPDATE answer SET body = :body WHERE person = :person AND key = :key;

-- name: drop_answer
-- A key that stands for nothing again.
DELETE FROM answer WHERE person = :person AND key = :key;

-- name: forget_answers
-- Those that nobody asks for any more.
DELETE FROM answer WHERE created < CASE body WHEN '' THEN :stuck ELSE :stale END;

-- name: delete_answers
-- Nobody will ask for them: whoever has the name next is somebody else.
DELETE FROM answer WHERE person = :name;

-- name: lock_people
-- Waits for other writers; with SQLite, a transaction has none beside it.
SELECT 1;

-- name: audit_head
-- The newest entry.
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1;

-- name: insert_audit
-- One entry more.
INSERT INTO audit (seq, time, person, workspace, verb, target, outcome, request, before, hash)
VALUES (:seq, :time, :person, :workspace, :verb, :target, :outcome, :request, :before, :hash);

-- name: audit_of_workspace
-- Newest first.
SELECT * FROM audit WHERE workspace = :workspace AND seq < :before
AND (:person = '' OR person = :person) AND (:verb = '' OR verb = :verb)
AND (:outcome = '' OR outcome = :outcome OR outcome LIKE :outcome || ': %')
ORDER BY seq DESC LIMIT :limit;

-- name: audit_of_server
-- Newest first.
SELECT * FROM audit WHERE seq < :before
AND (:person = '' OR person = :person) AND (:verb = '' OR verb = :verb)
AND (:outcome = '' OR outcome = :outcome OR outcome LIKE :outcome || ': %')
ORDER BY seq DESC LIMIT :limit;

-- name: audit_from
-- Oldest first.
SELECT * FROM audit WHERE seq > :after ORDER BY seq LIMIT :limit;

-- name: person
-- One person.
SELECT * FROM person WHERE name = :name;

-- name: people
-- By name.
SELECT * FROM person WHERE name > :after ORDER BY name LIMIT :limit;

-- name: insert_person
-- A new one, if the name is free.
INSERT INTO person (name, password, is_admin, created)
VALUES (:name, :password, :is_admin, :created)
ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: change_person
-- Another state.
UPDATE person SET is_admin = :is_admin, active = :active WHERE name = :name;

-- name: change_password
-- Another password, with which one may try at once.
UPDATE person SET password = :password, failures = 0, locked = 0 WHERE name = :name;

-- name: keep_rehash
-- The same password, hashed anew.
UPDATE person SET password = :password WHERE name = :name AND password = :old;

-- name: delete_person
-- They are gone.
DELETE FROM person WHERE name = :name;

-- name: other_admins
-- Whether anybody else could still let people in.
SELECT 1 FROM person WHERE is_admin = 1 AND active = 1 AND name <> :name LIMIT 1;

-- name: has_password
-- Whether anybody has one.
SELECT 1 FROM person WHERE password <> '' LIMIT 1;

-- name: take_try
-- A try to log in counts as failed until it has succeeded, so that many at once are counted too.
-- From the fifth on each locks for a minute, doubling to an hour.
UPDATE person SET failures = failures + 1, locked = CASE
    WHEN failures >= 10 THEN :now + 3600.0
    WHEN failures >= 4 THEN :now + 60.0 * (1 << CAST(failures - 4 AS INTEGER))
    ELSE locked END
WHERE name = :name AND locked <= :now RETURNING *;

-- name: forget_tries
-- They are in.
UPDATE person SET failures = 0, locked = 0 WHERE name = :name;

-- name: workspace
-- One workspace.
SELECT * FROM workspace WHERE name = :name;

-- name: workspaces
-- By name; of one person, or all.
SELECT * FROM workspace WHERE name > :after AND (:person = '' OR name IN
    (SELECT workspace FROM member WHERE person = :person))
ORDER BY name LIMIT :limit;

-- name: insert_workspace
-- A new one, if the name is free.
INSERT INTO workspace (name, description, quota, creator, created, stage, variables)
VALUES (:name, :description, :quota, :creator, :created, :stage, :variables)
ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: change_workspace
-- What is said of it.
UPDATE workspace SET description = :description, quota = :quota, stage = :stage,
    variables = :variables WHERE name = :name;

-- name: has_things
-- Whether runs or assets are of somebody of that name.
SELECT 1 FROM run WHERE creator = :name
UNION ALL SELECT 1 FROM asset WHERE creator = :name
UNION ALL SELECT 1 FROM schedule WHERE owner = :name LIMIT 1;

-- name: workspace_is_used
-- Whether it holds anything.
SELECT 1 FROM run WHERE workspace = :name
UNION ALL SELECT 1 FROM asset WHERE workspace = :name
UNION ALL SELECT 1 FROM schedule WHERE workspace = :name LIMIT 1;

-- name: delete_workspace
-- It is gone.
DELETE FROM workspace WHERE name = :name;

-- name: delete_members
-- Nobody is in it.
DELETE FROM member WHERE workspace = :name;

-- name: delete_events_of_workspace
-- What happened to its schedules' instances.
DELETE FROM instance_event WHERE instance IN (SELECT id FROM instance WHERE workspace = :name);

-- name: delete_instances_of_workspace
-- Another workspace of that name has none of them.
DELETE FROM instance WHERE workspace = :name;

-- name: delete_backfills_of_workspace
-- Nor these.
DELETE FROM backfill WHERE workspace = :name;

-- name: delete_alerts_of_workspace
-- Nor what was told of them.
DELETE FROM alert WHERE workspace = :name;

-- name: delete_tokens_of_workspace
-- Ways into it alone.
DELETE FROM credential WHERE workspace = :name;

-- name: members
-- By name.
SELECT * FROM member WHERE workspace = :workspace AND person > :after
ORDER BY person LIMIT :limit;

-- name: memberships
-- Where a person is a member.
SELECT workspace, role FROM member WHERE person = :person ORDER BY workspace;

-- name: set_member
-- A new member, or a new role.
INSERT INTO member (workspace, person, role, created)
VALUES (:workspace, :person, :role, :created)
ON CONFLICT (workspace, person) DO UPDATE SET role = excluded.role RETURNING *;

-- name: remove_member
-- Not a member any more.
DELETE FROM member WHERE workspace = :workspace AND person = :person;

-- name: revoke_in_workspace
-- Their ways into it alone.
DELETE FROM credential WHERE workspace = :workspace AND person = :person;

-- name: other_owners
-- Whether anybody else owns it.
SELECT 1 FROM member WHERE workspace = :workspace AND role = 'owner' AND person <> :person
LIMIT 1;

-- name: leave_all
-- No member anywhere.
DELETE FROM member WHERE person = :name;

-- name: insert_credential
-- A new way in.
INSERT INTO credential (digest, id, kind, person, name, workspace, scope, created, expires, used)
VALUES (:digest, :id, :kind, :person, :name, :workspace, :scope, :created, :expires, :used)
ON CONFLICT (digest) DO NOTHING;

-- name: way_in
-- A credential with what its person may do.
SELECT credential.*, person.is_admin, person.active
FROM credential JOIN person ON person.name = credential.person
WHERE digest = :digest AND kind = :kind;

-- name: touch_credential
-- It was used.
UPDATE credential SET used = :now WHERE digest = :digest;

-- name: redeem
-- It is good for one use.
DELETE FROM credential WHERE digest = :digest AND kind = 'link' AND expires > :now
RETURNING person;

-- name: credential
-- One of a person's ways in.
SELECT * FROM credential WHERE id = :id AND person = :person;

-- name: credentials
-- Newest first.
SELECT * FROM credential WHERE person = :person AND kind = :kind AND id < :before
AND expires > :now AND (kind <> 'session' OR used > :idle) ORDER BY id DESC LIMIT :limit;

-- name: delete_credential
-- One way in.
DELETE FROM credential WHERE id = :id AND person = :person AND kind = :kind RETURNING digest;

-- name: end_sessions
-- Sessions and links but one.
DELETE FROM credential WHERE person = :name AND kind <> 'token' AND id <> :but;

-- name: delete_credentials
-- Every way in.
DELETE FROM credential WHERE person = :name;

-- name: forget_credentials
-- What is over.
DELETE FROM credential WHERE expires <= :now OR (kind = 'session' AND used <= :idle);
