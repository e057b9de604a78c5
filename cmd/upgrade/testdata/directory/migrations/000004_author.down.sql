ALTER TABLE book ADD COLUMN author text;
ALTER TABLE book DROP CONSTRAINT book_on_shelf;
