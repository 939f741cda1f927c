-- What lies on other branches stays, and is taken for part of the one conversation, in the order of time.
DROP INDEX messages_following;
ALTER TABLE messages DROP COLUMN parent_id;
ALTER TABLE sessions DROP COLUMN head_id;
