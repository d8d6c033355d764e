-- Times are whole microseconds since 1970-01-01 UTC. Hashes are 64 hexadecimal digits.

-- Everything that was allowed, begun and ended, in one chain. Never changed, never deleted.
CREATE TABLE journal (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    stack TEXT,
    run TEXT,
    epoch BIGINT,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    payload TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX journal_run ON journal (agent, repository, run, seq);

-- Where the chain ends. Whoever writes holds this row.
CREATE TABLE journal_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO journal_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- The exclusive right to act on a stack. A lease that nobody holds keeps its epoch.
CREATE TABLE lease (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    stack TEXT NOT NULL,
    holder TEXT,
    epoch BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, stack)
);

-- Plans by content. The effect never changes; the envelope is the one it was last seen in.
CREATE TABLE plan (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    stack TEXT NOT NULL,
    effect TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (agent, repository, digest)
);

-- The newest plan of each stack that is not a pull request's.
CREATE TABLE plan_latest (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    stack TEXT NOT NULL,
    digest TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (agent, repository, stack),
    FOREIGN KEY (agent, repository, digest) REFERENCES plan (agent, repository, digest)
);

-- Each person's yes to a digest. Live until a run uses it up or it is revoked.
CREATE TABLE approval (
    id BIGINT PRIMARY KEY,
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    actor TEXT NOT NULL,
    until BIGINT NOT NULL,
    body TEXT NOT NULL,
    run TEXT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX approval_live ON approval (agent, repository, digest, actor)
WHERE run IS NULL AND revoked_at IS NULL;

-- Digests last shown on a pull request. A row that a run used up never comes to life again.
CREATE TABLE shown (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    pull TEXT NOT NULL,
    head TEXT NOT NULL,
    digest TEXT NOT NULL,
    run TEXT,
    PRIMARY KEY (agent, repository, pull, head, digest)
);
CREATE INDEX shown_digest ON shown (agent, repository, digest);

-- One attempt to make a stack true. What it did step by step is in the journal.
CREATE TABLE run (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    run TEXT NOT NULL,
    stack TEXT NOT NULL,
    digest TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT,
    PRIMARY KEY (agent, repository, run),
    FOREIGN KEY (agent, repository, digest) REFERENCES plan (agent, repository, digest)
);
CREATE UNIQUE INDEX run_open ON run (agent, repository, stack) WHERE ended_at IS NULL;
CREATE INDEX run_ended ON run (agent, repository, stack, ended_at);

-- Targets this database knows, and the highest epoch their marks had when it learned of them.
CREATE TABLE target (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    target TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, target)
);

-- Who owns what.
CREATE TABLE inventory (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    target TEXT NOT NULL,
    resource TEXT NOT NULL,
    stack TEXT NOT NULL,
    owned TEXT NOT NULL,
    PRIMARY KEY (agent, repository, target, resource),
    FOREIGN KEY (agent, repository, target) REFERENCES target (agent, repository, target)
);

-- Deliveries that were received.
CREATE TABLE inbox (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    provider TEXT NOT NULL,
    delivery TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, provider, delivery)
);

-- What is to be said, one row per thing that is said: a newer text replaces an older one.
CREATE TABLE outbox (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    generation BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    body TEXT NOT NULL,
    reply TEXT,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, kind, key)
);
CREATE INDEX outbox_waiting ON outbox (agent, repository, next_at) WHERE sent < generation;
