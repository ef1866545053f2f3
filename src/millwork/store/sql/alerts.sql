-- name: alert_keep
-- A notice; the same one is kept once.
INSERT INTO alert (workspace, schedule, instance, moment, address, since, number, document, created,
    due)
VALUES (:workspace, :schedule, :instance, :moment, :address, :since, :number, :document, :now, :due)
ON CONFLICT DO NOTHING;

-- name: alerts_due
-- How many may be sent, at most `limit`.
SELECT count(*) AS count FROM (
    SELECT id FROM alert WHERE status = 'due' AND due <= :now LIMIT :limit
) AS waiting;

-- name: alerts_moot
-- Instances that are to be told of if they are not done in time, and are.
DELETE FROM alert WHERE status = 'due' AND due <= :now AND moment = 'unfinished'
AND EXISTS (SELECT 1 FROM instance WHERE instance.id = alert.instance
    AND instance.status IN ('succeeded', 'cancelled'));

-- name: alerts_old
DELETE FROM alert WHERE status <> 'due' AND tried < :before;

-- name: alert_claim
-- The first that is due is its sender's until `until`.
UPDATE alert SET due = :until, tried = :now, tries = tries + 1
WHERE id = (SELECT id FROM alert WHERE status = 'due' AND due <= :now ORDER BY due, id LIMIT 1)
AND status = 'due' AND due <= :now RETURNING *;

-- name: alert_over
-- It was sent, or has been given up; by whoever claimed it last.
UPDATE alert SET status = :status, tried = :now, fault = :fault
WHERE id = :id AND tries = :tries AND status = 'due' RETURNING id;

-- name: alert_later
UPDATE alert SET due = :due, fault = :fault, tries = :tries_now, tried = :tried
WHERE id = :id AND tries = :tries AND status = 'due';

-- name: alert_drop
DELETE FROM alert WHERE id = :id AND tries = :tries AND status = 'due';

-- name: alerts_told
-- How often something was told to an address since an instant.
SELECT count(*) AS count FROM alert WHERE instance = :instance AND moment = :moment
AND address = :address AND status = 'sent' AND tried >= :since;

-- name: alert_page
SELECT * FROM alert WHERE workspace = :workspace AND tried IS NOT NULL
AND (tried, id) < (:tried, :id) ORDER BY tried DESC, id DESC LIMIT :limit;
