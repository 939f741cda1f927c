-- What answers took, added up by day, so that a year costs a page of rows and not all its messages.

-- What each answer adds, and nothing else says what counts. An answer counts once it shows figures, or has ended with a
-- text and without figures: what that one cost is not known. All versions count, for what was spent is spent. What a
-- person has deleted does not.
CREATE VIEW usage_of_messages AS
SELECT
    messages.message_id,
    sessions.user_id,
    -- Days since the Unix epoch, UTC; rounded down, which division alone does not do before it.
    (messages.timestamp - (messages.timestamp % 86400000000 + 86400000000) % 86400000000) / 86400000000 AS day,
    messages.session_id,
    messages.agent_id,
    sessions.agent_name,
    -- Empty where it is not known which model it was.
    COALESCE(messages.model_id, '') AS model_id,
    COALESCE(messages.model_name, messages.model_id, '') AS model_name,
    1 AS answers,
    COALESCE(messages.prompt_tokens, 0) AS prompt_tokens,
    COALESCE(messages.completion_tokens, 0) AS completion_tokens,
    COALESCE(messages.total_tokens, 0) AS total_tokens,
    COALESCE(messages.cost_micros, 0) AS cost_micros,
    messages.cost_micros IS NULL AS unpriced,
    messages.usage_estimated AS estimated
-- Not the other way about: it is asked for by message, or by session, or for all.
FROM messages CROSS JOIN sessions ON sessions.session_id = messages.session_id
WHERE messages.message_type = 'assistant'
  AND sessions.status <> 'deleted'
  AND (messages.total_tokens IS NOT NULL OR messages.cost_micros IS NOT NULL
       OR (messages.status <> 'streaming' AND messages.content <> ''));

CREATE TABLE usage (
    user_id           TEXT   NOT NULL,
    day               BIGINT NOT NULL,
    session_id        TEXT   NOT NULL,
    agent_id          TEXT   NOT NULL,
    model_id          TEXT   NOT NULL,
    -- What they are called.
    agent_name        TEXT   NOT NULL,
    model_name        TEXT   NOT NULL,
    answers           BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    total_tokens      BIGINT NOT NULL,
    cost_micros       BIGINT NOT NULL,
    -- How many of the answers are without a known cost, and how many of the figures are estimates.
    unpriced          BIGINT NOT NULL,
    estimated         BIGINT NOT NULL,
    -- A report reads one person's days from some day on.
    PRIMARY KEY (user_id, day, session_id, agent_id, model_id)
) WITHOUT ROWID;

INSERT INTO usage (user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
                   completion_tokens, total_tokens, cost_micros, unpriced, estimated)
SELECT user_id, day, session_id, agent_id, model_id, MAX(agent_name), MAX(model_name), SUM(answers), SUM(prompt_tokens),
       SUM(completion_tokens), SUM(total_tokens), SUM(cost_micros), SUM(unpriced), SUM(estimated)
FROM usage_of_messages
GROUP BY user_id, day, session_id, agent_id, model_id;

-- What a deletion looks up.
CREATE INDEX usage_of_session ON usage (session_id);

CREATE TRIGGER usage_answer_inserted AFTER INSERT ON messages WHEN new.message_type = 'assistant'
BEGIN
    INSERT INTO usage (user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
                       completion_tokens, total_tokens, cost_micros, unpriced, estimated)
    SELECT user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
           completion_tokens, total_tokens, cost_micros, unpriced, estimated
    FROM usage_of_messages WHERE message_id = new.message_id
    ON CONFLICT (user_id, day, session_id, agent_id, model_id) DO UPDATE SET
        model_name = excluded.model_name,
        answers = answers + excluded.answers,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        total_tokens = total_tokens + excluded.total_tokens,
        cost_micros = cost_micros + excluded.cost_micros,
        unpriced = unpriced + excluded.unpriced,
        estimated = estimated + excluded.estimated;
END;

CREATE TRIGGER usage_answer_deleted BEFORE DELETE ON messages WHEN old.message_type = 'assistant'
BEGIN
    UPDATE usage SET
        answers = usage.answers - was.answers,
        prompt_tokens = usage.prompt_tokens - was.prompt_tokens,
        completion_tokens = usage.completion_tokens - was.completion_tokens,
        total_tokens = usage.total_tokens - was.total_tokens,
        cost_micros = usage.cost_micros - was.cost_micros,
        unpriced = usage.unpriced - was.unpriced,
        estimated = usage.estimated - was.estimated
    FROM usage_of_messages AS was
    WHERE was.message_id = old.message_id AND usage.user_id = was.user_id AND usage.day = was.day
      AND usage.session_id = was.session_id AND usage.agent_id = was.agent_id AND usage.model_id = was.model_id;
    DELETE FROM usage WHERE session_id = old.session_id AND answers = 0;
END;

-- A change is the old answer taken off and the new one added: before it the view tells of the one, after it of the other.
CREATE TRIGGER usage_answer_changes
BEFORE UPDATE OF message_id, session_id, message_type, content, agent_id, model_id, model_name, timestamp, status,
                 prompt_tokens, completion_tokens, total_tokens, usage_estimated, cost_micros
ON messages WHEN old.message_type = 'assistant'
BEGIN
    UPDATE usage SET
        answers = usage.answers - was.answers,
        prompt_tokens = usage.prompt_tokens - was.prompt_tokens,
        completion_tokens = usage.completion_tokens - was.completion_tokens,
        total_tokens = usage.total_tokens - was.total_tokens,
        cost_micros = usage.cost_micros - was.cost_micros,
        unpriced = usage.unpriced - was.unpriced,
        estimated = usage.estimated - was.estimated
    FROM usage_of_messages AS was
    WHERE was.message_id = old.message_id AND usage.user_id = was.user_id AND usage.day = was.day
      AND usage.session_id = was.session_id AND usage.agent_id = was.agent_id AND usage.model_id = was.model_id;
    DELETE FROM usage WHERE session_id = old.session_id AND answers = 0;
END;

CREATE TRIGGER usage_answer_changed
AFTER UPDATE OF message_id, session_id, message_type, content, agent_id, model_id, model_name, timestamp, status,
                prompt_tokens, completion_tokens, total_tokens, usage_estimated, cost_micros
ON messages WHEN new.message_type = 'assistant'
BEGIN
    INSERT INTO usage (user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
                       completion_tokens, total_tokens, cost_micros, unpriced, estimated)
    SELECT user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
           completion_tokens, total_tokens, cost_micros, unpriced, estimated
    FROM usage_of_messages WHERE message_id = new.message_id
    ON CONFLICT (user_id, day, session_id, agent_id, model_id) DO UPDATE SET
        model_name = excluded.model_name,
        answers = answers + excluded.answers,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        total_tokens = total_tokens + excluded.total_tokens,
        cost_micros = cost_micros + excluded.cost_micros,
        unpriced = unpriced + excluded.unpriced,
        estimated = estimated + excluded.estimated;
END;

-- What is deleted goes, what is restored comes back, counted anew from its messages. To and from the archive nothing
-- changes.
CREATE TRIGGER usage_session_changed AFTER UPDATE OF session_id, user_id, agent_name, status ON sessions
WHEN old.session_id <> new.session_id OR old.user_id <> new.user_id OR old.agent_name <> new.agent_name
     OR (old.status = 'deleted') <> (new.status = 'deleted')
BEGIN
    DELETE FROM usage WHERE session_id IN (old.session_id, new.session_id);
    INSERT INTO usage (user_id, day, session_id, agent_id, model_id, agent_name, model_name, answers, prompt_tokens,
                       completion_tokens, total_tokens, cost_micros, unpriced, estimated)
    SELECT user_id, day, session_id, agent_id, model_id, MAX(agent_name), MAX(model_name), SUM(answers),
           SUM(prompt_tokens), SUM(completion_tokens), SUM(total_tokens), SUM(cost_micros), SUM(unpriced), SUM(estimated)
    FROM usage_of_messages
    -- What is deleted has none: its messages are not even looked at.
    WHERE session_id = new.session_id AND new.status <> 'deleted'
    GROUP BY user_id, day, session_id, agent_id, model_id;
END;

-- Before it, for its messages go after it, and then nobody knows whose they were.
CREATE TRIGGER usage_session_deleted BEFORE DELETE ON sessions
BEGIN
    DELETE FROM usage WHERE session_id = old.session_id;
END;
