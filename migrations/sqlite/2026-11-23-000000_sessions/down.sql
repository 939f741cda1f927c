DROP TABLE turn_events;
DROP TABLE turns;
DROP TABLE messages;
DROP TABLE sessions;
