CREATE TABLE reader (id integer PRIMARY KEY, name text NOT NULL);
