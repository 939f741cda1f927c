DELETE FROM journal WHERE turn_id IN (
    SELECT turns.turn_id FROM turns JOIN sessions ON sessions.session_id = turns.session_id WHERE sessions.status = 'deleted'
);
DELETE FROM sessions WHERE status = 'deleted';
DROP INDEX sessions_deleted;
ALTER TABLE sessions DROP COLUMN deleted_at;
