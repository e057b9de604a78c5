BEGIN;
SET LOCAL lock_timeout = '1s';
ALTER TABLE book ADD CONSTRAINT book_on_shelf FOREIGN KEY (shelf_id) REFERENCES shelf (id);
ALTER TABLE book DROP COLUMN author;
COMMIT;
