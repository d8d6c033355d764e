-- How often the inventory of a target was written, which of these times an entry was last, and when
-- one went last: whoever has read it once reads only what came since.
ALTER TABLE target ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE target ADD COLUMN removal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inventory ADD COLUMN change BIGINT NOT NULL DEFAULT 0;
