-- What running turns have written since, in the order in which it was saved. A key by turn, as `turn_events` had it, made
-- every turn dirty a page of its own with every save: with a thousand turns that was forty megabytes a second.
-- What ended turns leave behind is removed now and then, and what a deleted session leaves with it.
CREATE TABLE journal (
    journal_id INTEGER NOT NULL PRIMARY KEY,
    turn_id    TEXT    NOT NULL,
    seq        BIGINT  NOT NULL,
    content    TEXT    NOT NULL
);

INSERT INTO journal (turn_id, seq, content)
SELECT turn_id, seq, content FROM turn_events ORDER BY turn_id, seq;

DROP TABLE turn_events;
