DROP TRIGGER journal_delete;
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
WHEN OLD.seq > (SELECT seq FROM journal_anchor WHERE id = 1)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_anchor_back BEFORE UPDATE ON journal_anchor WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the journal''s anchor never moves back'); END;
