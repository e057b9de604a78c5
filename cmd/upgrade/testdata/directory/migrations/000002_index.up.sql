CREATE INDEX book_shelf ON book (shelf_id);
