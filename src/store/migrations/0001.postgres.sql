CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_update BEFORE UPDATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_delete BEFORE DELETE OR TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_older_epoch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'an epoch never shrinks'; END $$;
CREATE TRIGGER lease_epoch BEFORE UPDATE ON lease
FOR EACH ROW WHEN (NEW.epoch < OLD.epoch) EXECUTE FUNCTION refuse_older_epoch();
CREATE TRIGGER run_epoch BEFORE UPDATE ON run
FOR EACH ROW WHEN (NEW.epoch < OLD.epoch) EXECUTE FUNCTION refuse_older_epoch();
