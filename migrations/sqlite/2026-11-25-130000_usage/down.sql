DROP TRIGGER usage_session_deleted;
DROP TRIGGER usage_session_changed;
DROP TRIGGER usage_answer_changed;
DROP TRIGGER usage_answer_changes;
DROP TRIGGER usage_answer_deleted;
DROP TRIGGER usage_answer_inserted;
DROP TABLE usage;
DROP VIEW usage_of_messages;
