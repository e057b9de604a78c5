-- The outside ledger. Nothing of coco's knows it, nothing in it is unique, checked or fenced: it takes whatever is committed.
CREATE SCHEMA chaos;

-- What is to be done. A worker takes a row out and begins that command in one transaction.
CREATE TABLE chaos.supply (
	number     integer PRIMARY KEY,
	command_id uuid NOT NULL,
	steps      integer NOT NULL,
	status     text NOT NULL,
	children   boolean NOT NULL
);

-- What was done, written in the very transaction that did it; and by the trigger below who owned the command from then on.
CREATE TABLE chaos.ledger (
	entry       bigint GENERATED ALWAYS AS IDENTITY,
	what        text NOT NULL,
	command_id  uuid NOT NULL,
	instance_id uuid NOT NULL,
	attempt_id  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	step        integer NOT NULL DEFAULT 0,
	note        text NOT NULL DEFAULT ''
);

-- An owner that was heard of within its lease and was not stopped is alive: its commands are nobody else's.
CREATE FUNCTION chaos.observe() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	v_note text := '';
BEGIN
	IF TG_OP = 'UPDATE' AND OLD.instance_id <> NEW.instance_id THEN
		SELECT CASE WHEN i.ended_because IS DISTINCT FROM 'stopped' AND i.renewed_at >= clock_timestamp() - i.lease
			THEN 'from a live owner' ELSE 'from a dead owner' END
		INTO STRICT v_note
		FROM coco.engine_instance i
		WHERE i.instance_id = OLD.instance_id;
	END IF;
	INSERT INTO chaos.ledger (what, command_id, instance_id, note) VALUES ('owned', NEW.command_id, NEW.instance_id, v_note);
	RETURN NULL;
END $$;

CREATE TRIGGER observe
AFTER INSERT OR UPDATE OF instance_id ON coco.command_owner
FOR EACH ROW EXECUTE FUNCTION chaos.observe();
