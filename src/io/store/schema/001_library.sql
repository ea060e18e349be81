-- 001_library.sql - the library: books, their texts, chapters, scenes, lines, full text.
-- Applied once by io/store/store.c; its number is PRAGMA user_version. No clock enters a row.
-- Empty text is NULL. Codes are kinds of data/ru/taxonomy.tsv in its pinned order, counted
-- from 1; 0 is an empty field. Confidences are 0..1, 0 when the field is empty.

CREATE TABLE book(
	id INTEGER PRIMARY KEY,		-- 1, 2, 3 … in order of reading
	source_hash INTEGER NOT NULL,	-- XXH3 of the file's bytes (and entry in an archive), as signed
	path TEXT,			-- where it was read from, as the user gave it
	title TEXT,			-- as the book says it, byte for byte
	author TEXT,			-- as the book says it
	format TEXT,			-- txt, fb2, fb2.zip, epub
	charset TEXT,			-- as found: utf-8, windows-1251, …
	warn TEXT,			-- what was mended in reading, '; ' between
	text_hash INTEGER NOT NULL,	-- XXH3 of the running text, as signed
	bytes INTEGER NOT NULL,		-- bytes of the text: offsets lie below
	chars INTEGER NOT NULL,		-- letters and signs of the text
	words INTEGER NOT NULL,		-- words without punctuation
	scenes INTEGER NOT NULL,	-- how many scenes: scene0 … scene0 + scenes - 1
	sentences INTEGER NOT NULL,	-- how many sentences
	scene0 INTEGER NOT NULL,	-- id of its first scene
	split INTEGER NOT NULL		-- 0 train, 1 dev, 2 test
) STRICT;
CREATE UNIQUE INDEX book_source ON book(source_hash);

CREATE TABLE book_body(
	book INTEGER PRIMARY KEY,	-- book.id
	text BLOB NOT NULL,		-- zstd: the running text, UTF-8
	sents BLOB NOT NULL,		-- a sentence: varints gap after the last, length, paragraph step
	strip BLOB NOT NULL		-- zstd: the scenes as numbers, opaque (order room)
) STRICT;

CREATE TABLE chapter(
	book INTEGER NOT NULL,		-- book.id
	idx INTEGER NOT NULL,		-- from 0 in the book
	level INTEGER NOT NULL,		-- 1 a part or a lone chapter, 2 a chapter in a part, …
	title TEXT,			-- as it stands in the text
	scene INTEGER NOT NULL,		-- its first scene, counted from 0 in the book
	n_scene INTEGER NOT NULL,	-- how many
	PRIMARY KEY(book, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE scene(
	id INTEGER PRIMARY KEY,		-- 1, 2, 3 … through the whole library
	book INTEGER NOT NULL,		-- book.id
	idx INTEGER NOT NULL,		-- from 0 in the book
	chapter INTEGER NOT NULL,	-- chapter.idx
	sent INTEGER NOT NULL,		-- first sentence, from 0 in the book
	n_sent INTEGER NOT NULL,	-- how many sentences
	off INTEGER NOT NULL,		-- byte of the text where it begins
	len INTEGER NOT NULL,		-- bytes
	cut REAL NOT NULL,		-- strength of the boundary before it, 0..1
	glyph TEXT NOT NULL,		-- its line in ALIAS grammar
	tension INTEGER NOT NULL,	-- code: kind of tension
	transition INTEGER NOT NULL,	-- code: shape of the passage to the next
	resolution INTEGER NOT NULL,	-- code: kind of resolution
	logic INTEGER NOT NULL,		-- code: logic of the scene
	emotion INTEGER NOT NULL,	-- code: leading emotion
	function INTEGER NOT NULL,	-- code: function in the story
	tension_conf REAL NOT NULL,	-- confidence of the code
	transition_conf REAL NOT NULL,	-- confidence of the code
	resolution_conf REAL NOT NULL,	-- confidence of the code
	logic_conf REAL NOT NULL,	-- confidence of the code
	emotion_conf REAL NOT NULL,	-- confidence of the code
	function_conf REAL NOT NULL,	-- confidence of the code
	archetype TEXT,			-- role pattern
	field TEXT,			-- where or within what it happens
	disturbance TEXT,		-- what breaks the rest
	intention TEXT,			-- what is wanted
	tension_text TEXT,		-- the words of the tension
	resolution_text TEXT,		-- the words of the resolution
	logic_text TEXT,		-- the words of the logic
	idea TEXT,			-- the thought of the scene
	archetype_conf REAL NOT NULL,	-- confidence of the text
	field_conf REAL NOT NULL,	-- confidence of the text
	disturbance_conf REAL NOT NULL,	-- confidence of the text
	intention_conf REAL NOT NULL,	-- confidence of the text
	tension_text_conf REAL NOT NULL,	-- confidence of the text
	resolution_text_conf REAL NOT NULL,	-- confidence of the text
	logic_text_conf REAL NOT NULL,	-- confidence of the text
	idea_conf REAL NOT NULL,	-- confidence of the text
	valence REAL NOT NULL,		-- -1..1, told when emotion is
	arousal REAL NOT NULL		-- 0..1, told when emotion is
) STRICT;

CREATE TABLE actor(
	scene INTEGER NOT NULL,		-- scene.id
	place INTEGER NOT NULL,		-- 0 the main one, then 1, 2, 3
	lemma TEXT NOT NULL,		-- who; names with a capital
	conf REAL NOT NULL,		-- confidence
	PRIMARY KEY(scene, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE image(
	scene INTEGER NOT NULL,		-- scene.id
	place INTEGER NOT NULL,		-- from 0
	lemma TEXT NOT NULL,		-- a concrete noun of the passage
	conf REAL NOT NULL,		-- confidence
	PRIMARY KEY(scene, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias(
	id INTEGER PRIMARY KEY,		-- order of adding, from 1
	lemma TEXT NOT NULL,		-- actor or field
	alias TEXT NOT NULL		-- its letters in a line; both unique (checked at loading)
) STRICT;

CREATE TABLE failure(
	path TEXT PRIMARY KEY,		-- a source that could not be read
	code INTEGER NOT NULL,		-- exit code of the reason (RELIABILITY)
	why TEXT NOT NULL		-- the reason in words
) STRICT, WITHOUT ROWID;

CREATE TABLE seal(
	part TEXT PRIMARY KEY,		-- a table of this file, or the full-text index
	hash INTEGER NOT NULL		-- XXH3 over its rows, written by the finish, void after a change
) STRICT, WITHOUT ROWID;

-- Full text: one row a scene (rowid = scene.id), the lemmas of its words folded (lower case,
-- ё as е) with one space between. ASCII tokens: every byte over 127 belongs to a word, so й
-- stays й; hyphen and apostrophe belong to words too. Positions are kept because bm25 over a
-- contentless table finds no frequencies without them.
CREATE VIRTUAL TABLE fulltext USING fts5(
	lemmas, content='', tokenize="ascii tokenchars '-''._'"
);
INSERT INTO fulltext(fulltext, rank) VALUES('hashsize', 16777216);
INSERT INTO fulltext(fulltext, rank) VALUES('automerge', 8);
