-- Lists of conversations, a page of which costs a page, however many there are.

-- What the messages of a session add up to, kept true by triggers: a page that counts them itself reads every message of
-- every session it lists. The columns by which it is narrowed and sorted are repeated here, so that one index has both.
CREATE TABLE session_totals (
    session_id         TEXT   NOT NULL PRIMARY KEY REFERENCES sessions (session_id) ON DELETE CASCADE,
    user_id            TEXT   NOT NULL,
    status             TEXT   NOT NULL,
    agent_id           TEXT   NOT NULL,
    model_id           TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    -- User and assistant messages, all versions of them.
    message_count      BIGINT NOT NULL DEFAULT 0,
    total_tokens       BIGINT NOT NULL DEFAULT 0,
    cost_micros        BIGINT NOT NULL DEFAULT 0,
    -- Those of them whose usage is an estimate.
    estimated_messages BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- How many sessions of one status, agent and model a user has: how long a list is, without walking through it.
CREATE TABLE session_counts (
    user_id  TEXT   NOT NULL,
    status   TEXT   NOT NULL,
    agent_id TEXT   NOT NULL,
    model_id TEXT   NOT NULL,
    sessions BIGINT NOT NULL,
    PRIMARY KEY (user_id, status, agent_id, model_id)
) WITHOUT ROWID;

INSERT INTO session_totals
SELECT sessions.session_id, user_id, status, agent_id, model_id, created_at,
       COALESCE(message_count, 0), COALESCE(tokens, 0), COALESCE(cost, 0), COALESCE(estimated, 0)
FROM sessions LEFT JOIN (
    SELECT session_id, COUNT(*) AS message_count, SUM(total_tokens) AS tokens, SUM(cost_micros) AS cost,
           SUM(usage_estimated) AS estimated
    FROM messages WHERE message_type IN ('user', 'assistant') GROUP BY session_id
) AS sums ON sums.session_id = sessions.session_id;

INSERT INTO session_counts
SELECT user_id, status, agent_id, model_id, COUNT(*) FROM sessions GROUP BY user_id, status, agent_id, model_id;

CREATE TRIGGER session_counted AFTER INSERT ON sessions BEGIN
    INSERT INTO session_totals (session_id, user_id, status, agent_id, model_id, created_at)
    VALUES (NEW.session_id, NEW.user_id, NEW.status, NEW.agent_id, NEW.model_id, NEW.created_at);
    INSERT INTO session_counts VALUES (NEW.user_id, NEW.status, NEW.agent_id, NEW.model_id, 1)
    ON CONFLICT DO UPDATE SET sessions = sessions + 1;
END;

CREATE TRIGGER session_counted_anew AFTER UPDATE OF user_id, status, agent_id, model_id, created_at ON sessions
WHEN (NEW.user_id, NEW.status, NEW.agent_id, NEW.model_id, NEW.created_at)
     IS NOT (OLD.user_id, OLD.status, OLD.agent_id, OLD.model_id, OLD.created_at)
BEGIN
    UPDATE session_totals
    SET user_id = NEW.user_id, status = NEW.status, agent_id = NEW.agent_id, model_id = NEW.model_id,
        created_at = NEW.created_at
    WHERE session_id = NEW.session_id;
    UPDATE session_counts SET sessions = sessions - 1
    WHERE user_id = OLD.user_id AND status = OLD.status AND agent_id = OLD.agent_id AND model_id = OLD.model_id;
    DELETE FROM session_counts
    WHERE user_id = OLD.user_id AND status = OLD.status AND agent_id = OLD.agent_id AND model_id = OLD.model_id
          AND sessions = 0;
    INSERT INTO session_counts VALUES (NEW.user_id, NEW.status, NEW.agent_id, NEW.model_id, 1)
    ON CONFLICT DO UPDATE SET sessions = sessions + 1;
END;

CREATE TRIGGER session_counted_no_more AFTER DELETE ON sessions BEGIN
    UPDATE session_counts SET sessions = sessions - 1
    WHERE user_id = OLD.user_id AND status = OLD.status AND agent_id = OLD.agent_id AND model_id = OLD.model_id;
    DELETE FROM session_counts
    WHERE user_id = OLD.user_id AND status = OLD.status AND agent_id = OLD.agent_id AND model_id = OLD.model_id
          AND sessions = 0;
END;

CREATE TRIGGER message_counted AFTER INSERT ON messages WHEN NEW.message_type IN ('user', 'assistant') BEGIN
    UPDATE session_totals
    SET message_count = message_count + 1,
        total_tokens = total_tokens + COALESCE(NEW.total_tokens, 0),
        cost_micros = cost_micros + COALESCE(NEW.cost_micros, 0),
        estimated_messages = estimated_messages + NEW.usage_estimated
    WHERE session_id = NEW.session_id;
END;

CREATE TRIGGER message_counted_anew AFTER UPDATE OF total_tokens, cost_micros, usage_estimated ON messages
WHEN NEW.message_type IN ('user', 'assistant')
     AND (NEW.total_tokens, NEW.cost_micros, NEW.usage_estimated)
         IS NOT (OLD.total_tokens, OLD.cost_micros, OLD.usage_estimated)
BEGIN
    UPDATE session_totals
    SET total_tokens = total_tokens + COALESCE(NEW.total_tokens, 0) - COALESCE(OLD.total_tokens, 0),
        cost_micros = cost_micros + COALESCE(NEW.cost_micros, 0) - COALESCE(OLD.cost_micros, 0),
        estimated_messages = estimated_messages + NEW.usage_estimated - OLD.usage_estimated
    WHERE session_id = NEW.session_id;
END;

CREATE TRIGGER message_counted_no_more AFTER DELETE ON messages WHEN OLD.message_type IN ('user', 'assistant') BEGIN
    UPDATE session_totals
    SET message_count = message_count - 1,
        total_tokens = total_tokens - COALESCE(OLD.total_tokens, 0),
        cost_micros = cost_micros - COALESCE(OLD.cost_micros, 0),
        estimated_messages = estimated_messages - OLD.usage_estimated
    WHERE session_id = OLD.session_id;
END;

-- One index for each order of the list; the id stands last, so that no two sessions have the same place and a page goes
-- on exactly where the one before it ended. What else a list may be narrowed by follows: it is then told from the index.
DROP INDEX sessions_listed;
CREATE INDEX sessions_by_time ON sessions (user_id, status, updated_at DESC, session_id DESC, pinned);
-- `= 1`, because SQLite tells from `= TRUE` neither that the index will do nor where to search in it.
CREATE INDEX sessions_pinned ON sessions (user_id, status, pinned, updated_at DESC, session_id DESC) WHERE pinned = 1;
CREATE INDEX sessions_by_agent
    ON sessions (user_id, status, agent_id, updated_at DESC, session_id DESC, pinned, model_id);
CREATE INDEX sessions_by_model ON sessions (user_id, status, model_id, updated_at DESC, session_id DESC, pinned);
CREATE INDEX sessions_by_title
    ON sessions (user_id, status, title COLLATE NOCASE, created_at DESC, session_id DESC, agent_id, model_id);
CREATE INDEX session_totals_by_messages
    ON session_totals (user_id, status, message_count DESC, created_at DESC, session_id DESC, agent_id, model_id);
CREATE INDEX session_totals_by_cost
    ON session_totals (user_id, status, cost_micros DESC, created_at DESC, session_id DESC, agent_id, model_id);

-- When something of it was last brought in. How long it has been in the archive here counts from then, whatever its file says.
ALTER TABLE sessions ADD COLUMN imported_at BIGINT;
