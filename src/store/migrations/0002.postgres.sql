DROP TRIGGER journal_delete ON journal;
CREATE FUNCTION refuse_delete_behind_anchor() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.seq > (SELECT seq FROM journal_anchor WHERE id = 1) THEN
        RAISE EXCEPTION 'the journal is append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION refuse_delete_behind_anchor();
CREATE TRIGGER journal_truncate BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_anchor_back() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal''s anchor never moves back'; END $$;
CREATE TRIGGER journal_anchor_back BEFORE UPDATE ON journal_anchor
FOR EACH ROW WHEN (NEW.seq < OLD.seq) EXECUTE FUNCTION refuse_anchor_back();
