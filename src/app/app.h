/* app.h - the room that joins the others into commands: stages of the main job, and what the
 * public functions (include/ltm.h) share.
 *
 *   read → concepts → train → eval → report          live runs them all
 *
 * A stage works on a mind's folder. The caller holds the mind's lock (mind_begin) for stages
 * that write: read, concepts, train; eval and think only read. Stages never print: they tell a
 * watch, and results leave through a buf. One call a mind at a time.
 */
#ifndef LTM_APP_APP_H
#define LTM_APP_APP_H

#include "base/base.h"
#include "io/io.h"
#include "ltm.h"

/* ---- stages -------------------------------------------------------------------------- */

struct read_opts {
	const char *const *path;	/* files, folders, "-" */
	size_t n_path;
	const char *root;		/* NULL, or a folder whose name is left off paths in the store */
	int threads;			/* 0: all cores */
	const char *dict;		/* NULL: found by itself */
	const uint64_t *most;		/* [3] of app/read/sources.h: a part of the library; NULL: all of it */
};
/* What a reading came to. */
struct read_sum {
	size_t sources, added, known, failed;	/* files; books added; files passed over; left out */
	uint64_t bytes, chars, words, scenes;	/* of the books added; bytes: of their files */
	double seconds;
	enum status first;		/* the first failure's code, and in words */
	char why[8192];
};
/* Reads sources into MIND/store.db and MIND/lemmas.ltm. The store's bytes depend only on the
 * books and their order. ERR_PART when some were left out and at least one was read or known;
 * when every source failed, the first one's code. ERR_STOP: what was committed stays. */
enum status stage_read(const char *mind, const struct read_opts *o, struct read_sum *sum,
                       const struct watch *w, struct err *e);

/* Builds MIND/concepts.ltm from the strips of the training books, and their part of the
 * lemmas; *did false when the file there was made from the same books. */
enum status stage_concepts(const char *mind, bool *did, const struct watch *w, struct err *e);

/* Written by the lead: src/app/learn/stage_train.c, stage_eval.c, stage_think.c. */
struct train_opts {
	uint64_t seed;
	int threads;
	int epochs;			/* 0: default */
	bool resume;
	long stop_after_steps;		/* 0: never */
};
enum status stage_train(const char *mind, const struct train_opts *o, const struct watch *w,
                        struct err *e);
struct eval_opts {
	uint64_t seed;
	int threads;
	const char *books;		/* a folder, or NULL: the mind's own held-out books */
	const char *tasks;		/* NULL: all */
	bool json;
	int max_items;			/* 0: default */
};
/* out: a text table or JSON. */
enum status stage_eval(const char *mind, const struct eval_opts *o, struct buf *out,
                       const struct watch *w, struct err *e);
struct think_opts {
	const char *situation, *intention;	/* intention may be NULL */
	int n;					/* 0: default */
	bool json;
	uint64_t seed;
	const char *dict;
	const char *lang;			/* of the text: "ru" or "en" (NULL) */
};
enum status stage_think(const char *mind, const struct think_opts *o, struct buf *out,
                        const struct watch *w, struct err *e);

/* The page: MIND/report.html or file. lang "ru" or "en". */
enum status stage_report(const char *mind, const char *file, const char *lang, uint64_t seed,
                         const struct watch *w, struct err *e);

/* ---- one analysed text, for commands that read without a store --------------------------- */

struct reading_kit {
	struct dictfile dict;
	struct word_cache *cache;
};
enum status kit_open(struct reading_kit *k, const char *dict, struct err *e);
void kit_close(struct reading_kit *k);
/* A deep copy of a book that a callback of text_read or jail_read was lent. */
void book_keep(struct book *out, const struct book *b, struct arena *a);
/* Bytes of a file or, for "-", of standard input, under LIMIT_BOOK. */
enum status source_bytes(struct buf *out, const char *path, struct err *e);

/* ---- lemmas.ltm: key -> lemma of every content word in the library ---------------------
 * Grows with the store, a block a book, each with its checksum; a torn last block is cut off
 * at opening. One writer; readers open it without `grow`. */
struct lemmas {
	struct arena mem;
	struct lemma_slot {
		uint32_t key;
		struct str s;		/* NULL p: an empty slot */
	} *slot;			/* open addressing by key */
	size_t n, cap;
	FILE *f;			/* open for growing, or NULL */
};
enum status lemmas_open(struct lemmas *t, const char *mind, bool grow, struct err *e);
enum status lemmas_open_file(struct lemmas *t, const char *path, struct err *e);	/* to read */
/* The lemma of a key; empty when it is not known. */
struct str lemmas_find(const struct lemmas *t, uint32_t key);
/* Adds the content lemmas of a book that are new, in order of first use, and writes them. */
enum status lemmas_book(struct lemmas *t, const struct words *w, struct err *e);
enum status lemmas_close(struct lemmas *t, struct err *e);	/* syncs what has grown */

/* ---- the mind as a whole --------------------------------------------------------------- */

/* Makes the folder, takes the lock, sweeps stale temporary files, and marks the mind as being
 * written (MIND/.unsealed) until mind_end seals it: a killed writer leaves the mark. */
enum status mind_begin(struct lock *l, const char *mind, struct err *e);
enum status mind_end(struct lock *l, const char *mind, struct err *e);
/* Before reading a mind: is it one, and are its files those of the manifest (by size)? A mind
 * whose writer was killed is let in, with a note. */
enum status mind_enter(const char *mind, const struct watch *w, struct err *e);
enum status mind_store(struct store **out, const char *mind, enum store_mode mode, struct err *e);

/* The folder of shipped stories: beside the source tree's build folder or under PREFIX; NULL
 * when there is none. */
const char *library_find(struct arena *a);

double clock_now(void);			/* seconds, monotonic */
int threads_of(int wish);		/* wish, or the number of cores this process may use */

/* ---- output ---------------------------------------------------------------------------- */
void json_str(struct buf *b, struct str s);	/* a JSON string with its quotes */
void tsv_field(struct buf *b, struct str s);	/* tabs, line ends and control bytes as spaces */
/* "1234567" as "1 234 567" */
void put_count(struct buf *b, uint64_t n);

#endif
