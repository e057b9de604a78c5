DROP FUNCTION lend(integer);
DROP FUNCTION titles_of(text);
DROP TABLE book;
DROP TABLE shelf;
