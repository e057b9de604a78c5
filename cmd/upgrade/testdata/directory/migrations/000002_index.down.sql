DROP INDEX book_shelf;
