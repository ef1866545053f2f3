-- name: asset_claim
-- The name is there, and held until the end of the transaction: versions are made one by one.
INSERT INTO asset (workspace, kind, name, latest, visibility, description, creator, created,
    changed)
VALUES (:workspace, :kind, :name, '', :visibility, :description, :creator, :now, :now)
ON CONFLICT (workspace, kind, name) DO UPDATE SET changed = asset.changed
RETURNING latest, visibility, creator;

-- name: asset_highest
-- The highest number of a thing's versions.
SELECT coalesce(max(number), 0) AS number FROM version
WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_insert_version
-- A version.
INSERT INTO version (workspace, kind, name, version, number, digest, document, search, stage, run,
    creator, created)
VALUES (:workspace, :kind, :name, :version, :number, :digest, :document, :search, :stage, :run,
    :creator, :now);

-- name: asset_latest
-- Another version is the latest one, and says itself what it is.
UPDATE asset SET latest = :version, description = :description, labels = '', changed = :now
WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_changed
-- A version was added that is not the latest.
UPDATE asset SET changed = :now WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_rewrite
-- Another document in the place of the one there was, if that is still the one of the revision.
UPDATE version SET digest = :digest, document = :document, search = :search,
    revision = revision + 1, creator = :creator, created = :now
WHERE workspace = :workspace AND kind = :kind AND name = :name AND version = '0'
AND revision = :revision;

-- name: asset_version
-- One version with what it is a version of.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
WHERE a.workspace = :workspace AND a.kind = :kind AND a.name = :name AND v.version = :version;

-- name: asset_newest
-- The latest version with what it is a version of.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
    AND v.version = a.latest
WHERE a.workspace = :workspace AND a.kind = :kind AND a.name = :name;

-- name: asset_usable
-- The latest version that is not deprecated.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
WHERE a.workspace = :workspace AND a.kind = :kind AND a.name = :name AND v.deprecated = ''
ORDER BY v.number DESC, v.created DESC, v.version DESC LIMIT 1;

-- name: asset_versions
-- The versions of one thing, latest first, a page at a time.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
WHERE a.workspace = :workspace AND a.kind = :kind AND a.name = :name
ORDER BY v.number DESC, v.created DESC, v.version DESC LIMIT :limit OFFSET :skip;

-- name: asset_list_by_name
-- Things with their latest versions, by name, a page at a time.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
    AND v.version = a.latest
WHERE a.workspace = :workspace AND a.kind = :kind AND a.name > :name
AND (a.visibility = 'public' OR a.creator = :person OR :sees_all = 1)
AND (:creator = '' OR a.creator = :creator)
AND (:stage = '' OR (v.stage || ' ') LIKE :stage ESCAPE '!')
AND (:deprecated < 0 OR (v.deprecated <> '') = (:deprecated = 1))
AND (:label = '' OR v.search LIKE :label ESCAPE '!')
AND (:word1 = '' OR v.search LIKE :word1 ESCAPE '!')
AND (:word2 = '' OR v.search LIKE :word2 ESCAPE '!')
AND (:word3 = '' OR v.search LIKE :word3 ESCAPE '!')
AND (:word4 = '' OR v.search LIKE :word4 ESCAPE '!')
AND (:word5 = '' OR v.search LIKE :word5 ESCAPE '!')
AND (:word6 = '' OR v.search LIKE :word6 ESCAPE '!')
AND (:word7 = '' OR v.search LIKE :word7 ESCAPE '!')
AND (:word8 = '' OR v.search LIKE :word8 ESCAPE '!')
ORDER BY a.name LIMIT :limit;

-- name: asset_list_by_change
-- Things with their latest versions, what was changed last first, a page at a time.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
    AND v.version = a.latest
WHERE a.workspace = :workspace AND a.kind = :kind
AND (a.changed < :changed OR (a.changed = :changed AND a.name > :name))
AND (a.visibility = 'public' OR a.creator = :person OR :sees_all = 1)
AND (:creator = '' OR a.creator = :creator)
AND (:stage = '' OR (v.stage || ' ') LIKE :stage ESCAPE '!')
AND (:deprecated < 0 OR (v.deprecated <> '') = (:deprecated = 1))
AND (:label = '' OR v.search LIKE :label ESCAPE '!')
AND (:word1 = '' OR v.search LIKE :word1 ESCAPE '!')
AND (:word2 = '' OR v.search LIKE :word2 ESCAPE '!')
AND (:word3 = '' OR v.search LIKE :word3 ESCAPE '!')
AND (:word4 = '' OR v.search LIKE :word4 ESCAPE '!')
AND (:word5 = '' OR v.search LIKE :word5 ESCAPE '!')
AND (:word6 = '' OR v.search LIKE :word6 ESCAPE '!')
AND (:word7 = '' OR v.search LIKE :word7 ESCAPE '!')
AND (:word8 = '' OR v.search LIKE :word8 ESCAPE '!')
ORDER BY a.changed DESC, a.name LIMIT :limit;

-- name: asset_of_run
-- What came out of a run.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
WHERE a.workspace = :workspace AND v.run = :run AND v.run <> ''
ORDER BY a.kind, a.name, v.number LIMIT :limit;

-- name: asset_users
-- What names another thing in its document.
SELECT v.*, a.latest, a.visibility, a.description, a.changed, a.creator AS owner, a.created AS begun,
    a.labels AS relabelled
FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind AND v.name = a.name
WHERE a.workspace = :workspace AND v.search LIKE :use ESCAPE '!'
ORDER BY a.kind, a.name, v.number LIMIT :limit;

-- name: asset_edit
-- What of a thing may change.
UPDATE asset SET description = coalesce(:description, description),
    visibility = coalesce(:visibility, visibility), labels = coalesce(:labels, labels),
    changed = :now
WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_search_text
-- In which text a version is found.
SELECT search FROM version
WHERE workspace = :workspace AND kind = :kind AND name = :name AND version = :version;

-- name: asset_find_by
-- A version is found in another text.
UPDATE version SET search = :search
WHERE workspace = :workspace AND kind = :kind AND name = :name AND version = :version;

-- name: asset_pipeline_texts
-- In which texts the pipelines are found that this person sees; they tell what each is made of.
SELECT v.search FROM asset a JOIN version v ON v.workspace = a.workspace AND v.kind = a.kind
    AND v.name = a.name AND v.version = a.latest
WHERE a.workspace = :workspace AND a.kind = 'pipeline'
AND (a.visibility = 'public' OR a.creator = :person OR :sees_all = 1);

-- name: asset_deprecate
-- A version is not to be used any more, for this reason; without one it is again.
UPDATE version SET deprecated = :reason
WHERE workspace = :workspace AND kind = :kind AND name = :name AND version = :version;

-- name: asset_stage
-- A version's stage, and behind it what was said of it.
UPDATE version SET stage = :stage
WHERE workspace = :workspace AND kind = :kind AND name = :name AND version = :version;

-- name: asset_drop_versions
-- All versions of a thing.
DELETE FROM version WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_drop
-- A thing.
DELETE FROM asset WHERE workspace = :workspace AND kind = :kind AND name = :name;

-- name: asset_runs
-- Runs whose facts name a thing among those that they use, newest first.
SELECT id, creator, visibility FROM run
WHERE workspace = :workspace AND facts LIKE :use ESCAPE '!' ORDER BY created DESC, id DESC
LIMIT :limit;
