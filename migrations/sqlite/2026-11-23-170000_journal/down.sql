CREATE TABLE turn_events (
    turn_id TEXT   NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
    seq     BIGINT NOT NULL,
    content TEXT   NOT NULL,
    PRIMARY KEY (turn_id, seq)
) WITHOUT ROWID;

INSERT INTO turn_events (turn_id, seq, content)
SELECT turn_id, seq, content FROM journal WHERE turn_id IN (SELECT turn_id FROM turns);

DROP TABLE journal;
