-- What of an inventory was written since it was last read, and which stacks own something, without a
-- look at all of it.
CREATE INDEX inventory_change ON inventory (agent, repository, target, change);
CREATE INDEX inventory_stack ON inventory (agent, repository, target, stack);
