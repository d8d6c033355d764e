DELETE FROM schema_version WHERE version = 6;
DROP INDEX inventory_stack;
DROP INDEX inventory_change;
DELETE FROM schema_version WHERE version = 5;
DROP TABLE trouble;
DELETE FROM schema_version WHERE version = 4;
ALTER TABLE inventory DROP COLUMN change;
ALTER TABLE target DROP COLUMN removal;
ALTER TABLE target DROP COLUMN changes;
DELETE FROM schema_version WHERE version = 3;
DROP TABLE showing;
DROP TRIGGER journal_delete;
DELETE FROM schema_version WHERE version = 2;
DROP TABLE journal_anchor;
DROP TABLE rewrite;
DROP TABLE plan_latest;
CREATE TABLE plan_latest (
    agent TEXT NOT NULL, repository TEXT NOT NULL, stack TEXT NOT NULL, digest TEXT NOT NULL,
    envelope TEXT NOT NULL, PRIMARY KEY (agent, repository, stack),
    FOREIGN KEY (agent, repository, digest) REFERENCES plan (agent, repository, digest)
);
INSERT INTO plan_latest SELECT agent, repository, stack, digest, envelope FROM plan;
DROP INDEX run_rest;
ALTER TABLE run DROP COLUMN rest;
DROP INDEX journal_at;
DROP INDEX inbox_at;
DROP INDEX outbox_sent;
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
