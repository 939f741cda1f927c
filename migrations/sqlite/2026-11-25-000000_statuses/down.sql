ALTER TABLE journal DROP COLUMN statuses;
