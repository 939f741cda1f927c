-- Instants are microseconds since the Unix epoch. Ids are UUIDs as text, made by the application.
-- Money is integer micro-dollars.

CREATE TABLE sessions (
    session_id  TEXT    NOT NULL PRIMARY KEY,
    user_id     TEXT    NOT NULL,
    agent_id    TEXT    NOT NULL,
    agent_name  TEXT    NOT NULL,
    parent_role TEXT,
    model_id    TEXT    NOT NULL,
    model_name  TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('active', 'archived', 'deleted')),
    pinned      BOOLEAN NOT NULL DEFAULT FALSE CHECK (pinned IN (FALSE, TRUE)),
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    archived_at BIGINT,
    -- The id promised to the conversation that takes this one's place once it is cleared.
    next_session_id TEXT,
    metadata    TEXT    NOT NULL DEFAULT '{}'
);

-- The list: one user's sessions of one status, pinned first, newest first.
CREATE INDEX sessions_listed ON sessions (user_id, status, pinned DESC, updated_at DESC);

CREATE UNIQUE INDEX sessions_promised ON sessions (next_session_id) WHERE next_session_id IS NOT NULL;

CREATE TABLE messages (
    message_id        TEXT   NOT NULL PRIMARY KEY,
    session_id        TEXT   NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    message_type      TEXT   NOT NULL CHECK (message_type IN ('user', 'assistant', 'system', 'status')),
    content           TEXT   NOT NULL,
    agent_id          TEXT   NOT NULL,
    model_id          TEXT,
    model_name        TEXT,
    timestamp         BIGINT NOT NULL,
    status            TEXT   NOT NULL CHECK (status IN ('streaming', 'complete', 'error', 'cancelled', 'interrupted')),
    prompt_tokens     BIGINT,
    completion_tokens BIGINT,
    total_tokens      BIGINT,
    usage_estimated   BOOLEAN NOT NULL DEFAULT FALSE,
    cost_micros       BIGINT,
    metadata          TEXT   NOT NULL DEFAULT '{}'
);

-- The order of a conversation, and the promise that no two messages of it share an instant.
CREATE UNIQUE INDEX messages_in_order ON messages (session_id, timestamp);

CREATE TABLE turns (
    turn_id           TEXT   NOT NULL PRIMARY KEY,
    session_id        TEXT   NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    user_id           TEXT   NOT NULL,
    message_id        TEXT   NOT NULL REFERENCES messages (message_id) ON DELETE CASCADE,
    answer_id         TEXT   NOT NULL REFERENCES messages (message_id) ON DELETE CASCADE,
    client_request_id TEXT,
    status            TEXT   NOT NULL CHECK (status IN ('running', 'complete', 'error', 'cancelled', 'interrupted')),
    last_seq          BIGINT NOT NULL DEFAULT 0,
    started_at        BIGINT NOT NULL,
    ended_at          BIGINT
);

-- One answer to one request, however often it is sent.
CREATE UNIQUE INDEX turns_claimed ON turns (user_id, client_request_id) WHERE client_request_id IS NOT NULL;
-- One running turn to a session.
CREATE UNIQUE INDEX turns_running ON turns (session_id) WHERE status = 'running';
CREATE INDEX turns_of_session ON turns (session_id, started_at);
-- What the deletion of a message looks up.
CREATE INDEX turns_of_message ON turns (message_id);
CREATE INDEX turns_of_answer ON turns (answer_id);

-- What a running turn has emitted so far: appended to, never rewritten, folded into the answer when the turn ends.
CREATE TABLE turn_events (
    turn_id TEXT   NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
    seq     BIGINT NOT NULL,
    content TEXT   NOT NULL,
    PRIMARY KEY (turn_id, seq)
) WITHOUT ROWID;
