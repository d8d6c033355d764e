-- What each pull request shows by now, and what that replaced: for people, and no authority.
CREATE TABLE showing (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    pull TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, pull)
);
CREATE INDEX showing_at ON showing (at);
