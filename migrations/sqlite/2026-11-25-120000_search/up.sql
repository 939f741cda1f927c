-- Full text over titles and messages. The text stands in `sessions` and `messages` alone; here is what finds it.

-- Each person has a number, which the numbers of their texts begin with.
CREATE TABLE search_people (
    person_id INTEGER NOT NULL PRIMARY KEY,
    user_id   TEXT    NOT NULL UNIQUE,
    -- The most by which the number of one of these texts is higher than its time has it, because that one was taken. What was
    -- written before some time has no higher number than that time and this.
    ahead     BIGINT  NOT NULL DEFAULT 0
);

-- Who spoke with what: each combination has a number, and a number is one word in the index. A search that is narrowed to an
-- agent, or to a model, asks for the numbers of one person's combinations.
CREATE TABLE search_scopes (
    scope_id   INTEGER NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL,
    agent_id   TEXT    NOT NULL,
    agent_name TEXT    NOT NULL,
    model_id   TEXT    NOT NULL,
    model_name TEXT    NOT NULL,
    UNIQUE (user_id, agent_id, agent_name, model_id, model_name)
);

-- One row for each message and each title. Its number is that of its person, then 0 for a title or 1 for a message, then 40
-- bits of time in steps of 131,072 microseconds, or a higher one that is free. So what is one person's is a span of numbers,
-- their titles are another, and a span of time is a span within: a search reads nothing in the index but what it is about, and
-- finds the newest first whenever they were saved.
-- The number is a column of its own and not the rowid of the message, which VACUUM may change.
CREATE TABLE search_documents (
    document_id INTEGER NOT NULL PRIMARY KEY,
    session_id  TEXT    NOT NULL,
    -- Null: the session's title.
    message_id  TEXT,
    -- Kept as it was, and not looked up: to take a text out of the index, it must be told exactly what was put in.
    scope_id    BIGINT  NOT NULL REFERENCES search_scopes (scope_id)
);

CREATE UNIQUE INDEX search_documents_of_message ON search_documents (message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX search_documents_of_title ON search_documents (session_id) WHERE message_id IS NULL;
CREATE INDEX search_documents_of_scope ON search_documents (scope_id);

-- What the index is told of each: its combination, as a word, and its text.
CREATE VIEW search_texts AS
SELECT document_id,
       's' || scope_id AS scope,
       CASE WHEN message_id IS NULL
           THEN (SELECT title FROM sessions WHERE sessions.session_id = search_documents.session_id)
           ELSE (SELECT content FROM messages WHERE messages.message_id = search_documents.message_id)
       END AS text
FROM search_documents;

-- The lengths of texts are not kept: nothing is ranked by them. Beginnings of two and three letters are words of their own:
-- without, the first letters that somebody types would stand for thousands of words.
CREATE VIRTUAL TABLE search_index USING fts5 (
    scope, text, content = 'search_texts', content_rowid = 'document_id', columnsize = 0, prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO search_people (user_id) SELECT DISTINCT user_id FROM sessions ORDER BY user_id;

INSERT INTO search_scopes (user_id, agent_id, agent_name, model_id, model_name)
SELECT user_id, agent_id, agent_name, model_id, model_name FROM sessions
UNION
SELECT user_id, sessions.agent_id, agent_name, messages.model_id, COALESCE(messages.model_name, messages.model_id)
FROM messages JOIN sessions ON sessions.session_id = messages.session_id
WHERE messages.model_id IS NOT NULL AND content <> '' AND message_type IN ('user', 'assistant');

INSERT INTO search_documents (document_id, session_id, message_id, scope_id)
SELECT first + MAX(step - number) OVER (PARTITION BY first ORDER BY number) + number, session_id, message_id, (
    SELECT scope_id FROM search_scopes
    WHERE search_scopes.user_id = found.user_id AND search_scopes.agent_id = found.agent_id
          AND search_scopes.agent_name = found.agent_name AND search_scopes.model_id = found.model_id
          AND search_scopes.model_name = found.model_name
)
FROM (
    SELECT first, MAX(0, MIN(1099510579200, timestamp / 131072)) AS step,
           ROW_NUMBER() OVER (PARTITION BY first ORDER BY timestamp) AS number,
           session_id, message_id, user_id, agent_id, agent_name, model_id, model_name
    FROM (
        SELECT (person_id * 2) << 40 AS first, created_at AS timestamp, session_id, NULL AS message_id, sessions.user_id,
               agent_id, agent_name, model_id, model_name
        FROM sessions JOIN search_people ON search_people.user_id = sessions.user_id
        UNION ALL
        SELECT (person_id * 2 + 1) << 40, messages.timestamp, messages.session_id, messages.message_id, sessions.user_id,
               sessions.agent_id, agent_name, COALESCE(messages.model_id, sessions.model_id),
               COALESCE(messages.model_name, messages.model_id, sessions.model_name)
        FROM messages
        JOIN sessions ON sessions.session_id = messages.session_id
        JOIN search_people ON search_people.user_id = sessions.user_id
        WHERE content <> '' AND message_type IN ('user', 'assistant')
    )
) AS found;

UPDATE search_people SET ahead = COALESCE((
    SELECT MAX((document_id & 1099511627775)
               - MAX(0, MIN(1099510579200, COALESCE(messages.timestamp, sessions.created_at) / 131072)))
    FROM search_documents
    JOIN sessions ON sessions.session_id = search_documents.session_id
    LEFT JOIN messages ON messages.message_id = search_documents.message_id
    WHERE document_id >= person_id << 41 AND document_id < (person_id + 1) << 41
), 0);

INSERT INTO search_index (search_index) VALUES ('rebuild');
-- What is taken out is removed from the index at once, and not only marked as gone until its turn comes to be merged.
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER search_document_added AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_index (rowid, scope, text)
    SELECT document_id, scope, text FROM search_texts WHERE document_id = NEW.document_id;
END;

-- Before, as long as the text is there: the index must be told what it is to forget.
CREATE TRIGGER search_document_removed BEFORE DELETE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, scope, text)
    SELECT 'delete', document_id, scope, text FROM search_texts WHERE document_id = OLD.document_id;
END;

-- Nothing is left of what is gone: not even that somebody has talked to an agent.
CREATE TRIGGER search_scope_removed AFTER DELETE ON search_documents
WHEN NOT EXISTS (SELECT 1 FROM search_documents WHERE scope_id = OLD.scope_id)
BEGIN
    DELETE FROM search_scopes WHERE scope_id = OLD.scope_id;
END;

CREATE TRIGGER search_person_removed AFTER DELETE ON search_scopes
WHEN NOT EXISTS (SELECT 1 FROM search_scopes WHERE user_id = OLD.user_id)
BEGIN
    DELETE FROM search_people WHERE user_id = OLD.user_id;
END;

-- The way in for all that is to be found; nothing is ever read from it.
CREATE VIEW search_additions AS
SELECT session_id, message_id, timestamp, model_id, model_name FROM messages;

CREATE TRIGGER search_addition INSTEAD OF INSERT ON search_additions BEGIN
    INSERT INTO search_people (user_id) SELECT user_id FROM sessions WHERE session_id = NEW.session_id
    ON CONFLICT DO NOTHING;
    INSERT INTO search_scopes (user_id, agent_id, agent_name, model_id, model_name)
    SELECT user_id, agent_id, agent_name, COALESCE(NEW.model_id, model_id),
           COALESCE(NEW.model_name, NEW.model_id, model_name)
    FROM sessions WHERE session_id = NEW.session_id
    ON CONFLICT DO NOTHING;
    -- A number that is taken leads to windows behind it, each twice as long as the one before: the last number that is taken
    -- in a window is looked up, and the one after it is free, unless it is the window's last. So thousands of texts of one time
    -- cost a dozen steps each, and not a walk past all of them.
    INSERT INTO search_documents (document_id, session_id, message_id, scope_id)
    SELECT free_id, NEW.session_id, NEW.message_id, (
        SELECT scope_id FROM sessions CROSS JOIN search_scopes
            ON search_scopes.user_id = sessions.user_id AND search_scopes.agent_id = sessions.agent_id
               AND search_scopes.agent_name = sessions.agent_name
               AND search_scopes.model_id = COALESCE(NEW.model_id, sessions.model_id)
               AND search_scopes.model_name = COALESCE(NEW.model_name, NEW.model_id, sessions.model_name)
        WHERE sessions.session_id = NEW.session_id
    )
    FROM (
        WITH RECURSIVE windows (first_id, last_id, taken_id) AS (
            SELECT wanted_id, wanted_id, (SELECT MAX(document_id) FROM search_documents WHERE document_id = wanted_id)
            FROM (
                -- A time that is none, as somebody may bring along, is the first or the last there is.
                SELECT ((person_id * 2 + (NEW.message_id IS NOT NULL)) << 40)
                           + MAX(0, MIN(1099510579200, NEW.timestamp / 131072)) AS wanted_id
                FROM sessions CROSS JOIN search_people ON search_people.user_id = sessions.user_id
                WHERE sessions.session_id = NEW.session_id
            )
            UNION ALL
            SELECT last_id + 1, last_id + 2 * (last_id - first_id + 1), (
                SELECT MAX(document_id) FROM search_documents
                WHERE document_id >= last_id + 1 AND document_id <= last_id + 2 * (last_id - first_id + 1)
            )
            -- Never beyond the numbers of that person and kind.
            FROM windows WHERE taken_id = last_id AND (last_id + 2 * (last_id - first_id + 1)) >> 40 = first_id >> 40
        )
        SELECT COALESCE(taken_id + 1, first_id) AS free_id FROM windows WHERE taken_id IS NOT last_id
    );
    UPDATE search_people SET ahead = added.ahead
    FROM (
        SELECT (document_id & 1099511627775) - MAX(0, MIN(1099510579200, NEW.timestamp / 131072)) AS ahead
        FROM search_documents
        WHERE document_id = COALESCE(
            (SELECT document_id FROM search_documents WHERE message_id = NEW.message_id),
            (SELECT document_id FROM search_documents
             WHERE session_id = NEW.session_id AND message_id IS NULL AND NEW.message_id IS NULL)
        )
    ) AS added
    WHERE search_people.user_id = (SELECT user_id FROM sessions WHERE session_id = NEW.session_id)
          AND search_people.ahead < added.ahead;
END;

-- An answer that is being written is empty, and found once it is whole.
CREATE TRIGGER message_found AFTER INSERT ON messages
WHEN NEW.content <> '' AND NEW.message_type IN ('user', 'assistant')
BEGIN
    INSERT INTO search_additions VALUES (NEW.session_id, NEW.message_id, NEW.timestamp, NEW.model_id, NEW.model_name);
END;

CREATE TRIGGER message_not_found_as_it_was BEFORE UPDATE OF content ON messages WHEN NEW.content <> OLD.content BEGIN
    DELETE FROM search_documents WHERE message_id = OLD.message_id;
END;

CREATE TRIGGER message_found_anew AFTER UPDATE OF content ON messages
WHEN NEW.content <> OLD.content AND NEW.content <> '' AND NEW.message_type IN ('user', 'assistant')
BEGIN
    INSERT INTO search_additions VALUES (NEW.session_id, NEW.message_id, NEW.timestamp, NEW.model_id, NEW.model_name);
END;

CREATE TRIGGER message_not_found BEFORE DELETE ON messages BEGIN
    DELETE FROM search_documents WHERE message_id = OLD.message_id;
END;

-- A session's person and agent are its own for life; a title is found under the model of the next answer.
CREATE TRIGGER title_found AFTER INSERT ON sessions BEGIN
    INSERT INTO search_additions VALUES (NEW.session_id, NULL, NEW.created_at, NULL, NULL);
END;

CREATE TRIGGER title_not_found_as_it_was BEFORE UPDATE OF title, model_id, model_name ON sessions
WHEN (NEW.title, NEW.model_id, NEW.model_name) <> (OLD.title, OLD.model_id, OLD.model_name)
BEGIN
    DELETE FROM search_documents WHERE session_id = OLD.session_id AND message_id IS NULL;
END;

CREATE TRIGGER title_found_anew AFTER UPDATE OF title, model_id, model_name ON sessions
WHEN (NEW.title, NEW.model_id, NEW.model_name) <> (OLD.title, OLD.model_id, OLD.model_name)
BEGIN
    INSERT INTO search_additions VALUES (NEW.session_id, NULL, NEW.created_at, NULL, NULL);
END;

CREATE TRIGGER title_not_found BEFORE DELETE ON sessions BEGIN
    DELETE FROM search_documents WHERE session_id = OLD.session_id AND message_id IS NULL;
END;
