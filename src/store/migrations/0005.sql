-- What is wrong with a branch that is followed, as long as it is: for people.
CREATE TABLE trouble (
    agent TEXT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (agent, repository, branch)
);
