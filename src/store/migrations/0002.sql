-- 1: of what was approved for this run something waits for a value; its approvals cover that, too.
ALTER TABLE run ADD COLUMN rest BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX run_rest ON run (agent, repository, stack) WHERE rest = 1;

-- The newest plan of each stack at each target, pull requests' aside: a stack that moves to another
-- target has two until nothing of it is left in the old one. They are made anew at the next look.
DROP TABLE plan_latest;
CREATE TABLE plan_latest (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    stack TEXT NOT NULL,
    target TEXT NOT NULL,
    digest TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (agent, repository, stack, target),
    FOREIGN KEY (agent, repository, digest) REFERENCES plan (agent, repository, digest)
);

-- Branches whose history was rewritten, until a person says that this was meant.
CREATE TABLE rewrite (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL,
    from_commit TEXT NOT NULL,
    to_commit TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, branch)
);

-- Where the part of the journal that is kept begins: the last row before it. Only what stands
-- before it may go.
CREATE TABLE journal_anchor (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    at BIGINT NOT NULL
);
INSERT INTO journal_anchor (id, seq, hash, at)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX inbox_at ON inbox (at);
CREATE INDEX outbox_sent ON outbox (next_at) WHERE sent >= generation;
