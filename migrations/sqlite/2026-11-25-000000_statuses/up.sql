-- What running turns have said of their state since: a list in JSON, null where there is none. Without it a turn that was killed
-- while its plan waited for the person would not know that it had waited.
ALTER TABLE journal ADD COLUMN statuses TEXT;
