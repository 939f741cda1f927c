-- A session that is deleted is kept for a while, so that it can be restored.

-- When it was deleted. Null in a deleted session: its removal has begun, and nothing brings it back.
ALTER TABLE sessions ADD COLUMN deleted_at BIGINT;

-- What waits for its removal.
CREATE INDEX sessions_deleted ON sessions (deleted_at) WHERE status = 'deleted';
