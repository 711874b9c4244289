-- table lib_topic
CREATE TABLE lib_topic (
	id BIGINT NOT NULL AUTO_INCREMENT,
	name VARCHAR(30) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uq_lib_topic_name UNIQUE (name)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

-- table lib_writer
CREATE TABLE lib_writer (
	id BIGINT NOT NULL AUTO_INCREMENT,
	name VARCHAR(60) NOT NULL,
	born BIGINT,
	PRIMARY KEY (id),
	CONSTRAINT uq_lib_writer_name UNIQUE (name)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

-- table lib_book
CREATE TABLE lib_book (
	id BIGINT NOT NULL AUTO_INCREMENT,
	title VARCHAR(100) NOT NULL,
	text LONGTEXT NOT NULL,
	writer_id BIGINT NOT NULL,
	genre VARCHAR(5) NOT NULL,
	pages BIGINT NOT NULL,
	price NUMERIC(10, 2) NOT NULL,
	weight DOUBLE,
	lent BOOL NOT NULL,
	added DATETIME(6) NOT NULL,
	day DATE,
	hour TIME(6),
	lasts BIGINT,
	isbn CHAR(32),
	cover LONGBLOB,
	facts JSON NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT fk_lib_book_writer_id FOREIGN KEY(writer_id) REFERENCES lib_writer (id) ON DELETE CASCADE,
	CONSTRAINT ck_lib_book_genre_27842a71 CHECK (genre IN ('novel', 'poem')),
	CONSTRAINT uq_lib_book_writer_id_title UNIQUE (writer_id, title),
	CONSTRAINT ck_lib_book_2ff62ae7 CHECK (pages > 0)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

-- index ix_lib_book_genre_pages
CREATE INDEX ix_lib_book_genre_pages ON lib_book (genre, pages);

-- index ix_lib_book_title
CREATE INDEX ix_lib_book_title ON lib_book (title);

-- index ix_lib_book_writer_id
CREATE INDEX ix_lib_book_writer_id ON lib_book (writer_id);

-- table lib_topic_books
CREATE TABLE lib_topic_books (
	topic_id BIGINT NOT NULL,
	book_id BIGINT NOT NULL,
	PRIMARY KEY (topic_id, book_id),
	CONSTRAINT fk_lib_topic_books_topic_id FOREIGN KEY(topic_id) REFERENCES lib_topic (id) ON DELETE CASCADE,
	CONSTRAINT fk_lib_topic_books_book_id FOREIGN KEY(book_id) REFERENCES lib_book (id) ON DELETE CASCADE
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

-- index ix_lib_topic_books_book_id
CREATE INDEX ix_lib_topic_books_book_id ON lib_topic_books (book_id);

-- equal
SELECT lib_book.title
FROM lib_book
WHERE lib_book.title = %s;

-- case of letters
SELECT lib_book.title
FROM lib_book
WHERE lower(lib_book.title) LIKE lower(%s) ESCAPE '\\';

-- prefix
SELECT lib_book.title
FROM lib_book
WHERE (lib_book.title COLLATE utf8mb4_bin) LIKE %s ESCAPE '\\';

-- no prefix
SELECT lib_book.title
FROM lib_book
WHERE (lib_book.title COLLATE utf8mb4_bin) NOT LIKE %s ESCAPE '\\' AND (lib_book.title COLLATE utf8mb4_bin) NOT LIKE %s ESCAPE '\\' ORDER BY lib_book.id ASC;

-- either
SELECT lib_book.title
FROM lib_book
WHERE lib_book.pages < %s OR lib_book.lent = 0 AND lib_book.genre = %s ORDER BY lib_book.id ASC;

-- join
SELECT lib_book.title
FROM lib_book INNER JOIN lib_writer AS t1 ON lib_book.writer_id = t1.id
WHERE t1.name = %s ORDER BY lib_book.title ASC;

-- outer join
SELECT lib_book.title, t1.born
FROM lib_book INNER JOIN lib_writer AS t1 ON lib_book.writer_id = t1.id ORDER BY lib_book.id ASC;

-- to many
SELECT lib_writer.name
FROM lib_writer
WHERE EXISTS (SELECT 1
FROM lib_book AS t1
WHERE t1.writer_id = lib_writer.id AND t1.pages > %s) ORDER BY lib_writer.id ASC;

-- over a link
SELECT lib_book.title
FROM lib_book
WHERE EXISTS (SELECT 1
FROM lib_topic AS t1 INNER JOIN lib_topic_books AS t2 ON t2.topic_id = t1.id
WHERE t2.book_id = lib_book.id AND t1.name = %s) ORDER BY lib_book.id ASC;

-- missing last
SELECT lib_writer.name
FROM lib_writer ORDER BY CASE WHEN (lib_writer.born IS NULL) THEN %s ELSE %s END, lib_writer.born ASC, lib_writer.id ASC;

-- a page
SELECT lib_book.title
FROM lib_book ORDER BY lib_book.pages DESC, lib_book.id ASC
 LIMIT %s, %s;

-- group
SELECT t1.name, count(lib_book.id) AS count_1, CAST(sum(lib_book.pages) AS SIGNED INTEGER) AS sum_1
FROM lib_book INNER JOIN lib_writer AS t1 ON lib_book.writer_id = t1.id GROUP BY t1.name
HAVING count(lib_book.id) > %s ORDER BY t1.name ASC;

-- case
SELECT lib_book.title, CASE WHEN (lib_book.pages > %s) THEN %s ELSE %s END AS anon_1
FROM lib_book ORDER BY lib_book.id ASC;

-- coalesce
SELECT coalesce(lib_writer.born, %s) AS coalesce_1
FROM lib_writer ORDER BY lib_writer.id ASC;

-- among
SELECT lib_book.title
FROM lib_book
WHERE lib_book.pages IN (%s, %s) ORDER BY lib_book.id ASC;

-- subquery
SELECT lib_book.title
FROM lib_book
WHERE lib_book.writer_id IN (SELECT t1.id
FROM lib_writer AS t1
WHERE t1.born > %s) ORDER BY lib_book.id ASC;

-- exists
SELECT lib_writer.name
FROM lib_writer
WHERE EXISTS (SELECT 1
FROM lib_book AS t1
WHERE t1.writer_id = lib_writer.id AND t1.lent = 1) ORDER BY lib_writer.id ASC;

-- distinct
SELECT DISTINCT lib_book.genre
FROM lib_book ORDER BY lib_book.genre ASC;

-- union
SELECT t1.c0, t1.c1
FROM (SELECT lib_book.id AS c0, lib_book.title AS c1
FROM lib_book
WHERE lib_book.pages < %s UNION SELECT lib_book.id AS c0, lib_book.title AS c1
FROM lib_book
WHERE lib_book.lent = 1) AS t1 ORDER BY t1.c0 ASC;

-- decimals
SELECT lib_book.price
FROM lib_book
WHERE lib_book.price > %s ORDER BY lib_book.id ASC;

-- times
SELECT lib_book.added
FROM lib_book
WHERE lib_book.added < %s ORDER BY lib_book.id ASC;

-- insert
INSERT INTO lib_book (title, text, writer_id, genre, pages, price, weight, lent, added, day, hour, lasts, isbn, cover, facts) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- update
UPDATE lib_book SET pages=(lib_book.pages + %s), lent=%s WHERE lib_book.title = %s;

-- delete
DELETE FROM lib_book WHERE lib_book.title = %s;

-- lock
SELECT lib_book.id
FROM lib_book
WHERE lib_book.title = %s FOR UPDATE;
