-- A conversation is a tree. What was said so far becomes its one branch, in the order of time.

-- The message before it in its branch; null where it begins the conversation. Not a foreign key: with one, each message that
-- is removed would look for those after it, and a conversation goes as a whole.
ALTER TABLE messages ADD COLUMN parent_id TEXT;
-- The last message of the branch that is shown; null where there is none yet. Not a foreign key: each would need the other first.
ALTER TABLE sessions ADD COLUMN head_id TEXT;

UPDATE messages SET parent_id = (
    SELECT earlier.message_id FROM messages AS earlier
    WHERE earlier.session_id = messages.session_id AND earlier.timestamp < messages.timestamp
    ORDER BY earlier.timestamp DESC LIMIT 1
);

UPDATE sessions SET head_id = (
    SELECT messages.message_id FROM messages
    WHERE messages.session_id = sessions.session_id
    ORDER BY messages.timestamp DESC LIMIT 1
);

-- What follows a message, in the order of writing; by session, because what begins a conversation follows nothing.
CREATE INDEX messages_following ON messages (session_id, parent_id, timestamp);
