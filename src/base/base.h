/* base.h - what every room stands on: memory, strings, errors, numbers, files, progress.
 *
 * Nothing here knows what a book is. Threads: everything is safe on separate objects;
 * an object belongs to one thread unless its comment says otherwise.
 */
#ifndef LTM_BASE_H
#define LTM_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------
 * Bad data or a refusing system is a status; its value is the program's exit code.
 * The first failure's message stays in struct err: a later err_set on a filled err only
 * returns the first code. Zero the err (struct err e = {0}) before first use. */
enum status {
	OK = 0,
	ERR_PART = 1,		/* done, but some input was left out */
	ERR_USAGE = 2,		/* wrong use: an impossible option, a missing argument */
	ERR_FORMAT = 3,		/* bad input file */
	ERR_LIMIT = 4,		/* out of memory or over a limit */
	ERR_IO = 5,		/* disk or I/O */
	ERR_NUM = 6,		/* NaN or infinity that rolling back did not cure */
	ERR_LOCK = 7,		/* another process holds the mind */
	ERR_STOP = 130,		/* stopped by a signal, state saved */
};

struct err {
	enum status code;
	char msg[700];		/* UTF-8, no control characters, NUL-terminated */
};

/* Stores code and message unless e already holds one; returns e->code. e may be NULL. */
enum status err_set(struct err *e, enum status code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "what: " before the stored message (names the file a reader could not know). */
enum status err_in(struct err *e, const char *what);
void err_clear(struct err *e);

/* A bug stops the program; kept in release builds. */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
_Noreturn void must_failed(const char *what, const char *file, int line);

/* a*b and a+b with overflow found: true and *r set, or false and *r unspecified. */
static inline bool mul_ok(size_t a, size_t b, size_t *r) { return !__builtin_mul_overflow(a, b, r); }
static inline bool add_ok(size_t a, size_t b, size_t *r) { return !__builtin_add_overflow(a, b, r); }

/* ---- memory ------------------------------------------------------------------------
 * An arena is a lifetime. Out of memory stops the program with exit code 4 after one
 * line on stderr (mem_fail_hook, if set, runs first). */
struct arena_block;
struct arena {
	struct arena_block *last;
	size_t used;		/* bytes handed out in all */
	const char *name;	/* a literal, for messages */
};
struct arena arena_open(const char *name);
void arena_close(struct arena *a);			/* frees everything taken; reusable after */
void *arena_take(struct arena *a, size_t size);		/* zeroed, 16-aligned, never NULL */
#define TAKE(a, type, n) ((type *)arena_take_n((a), (n), sizeof(type)))
void *arena_take_n(struct arena *a, size_t n, size_t size);	/* overflow-checked */

void *mem_alloc(size_t n, size_t size);			/* zeroed; free with mem_free */
void *mem_aligned(size_t bytes);			/* zeroed, 64-aligned; mem_free */
void *mem_resize(void *p, size_t n, size_t size);	/* new tail not zeroed */
void mem_free(void *p);

/* A growable array in three members named by you:  VEC_PUSH(v, v_n, v_cap) = value; */
#define VEC_PUSH(v, n, cap) \
	(*((n) == (cap) ? ((v) = mem_grow((v), &(cap), sizeof *(v)), &(v)[(n)++]) : &(v)[(n)++]))
void *mem_grow(void *v, size_t *cap, size_t size);	/* at least doubles *cap */

/* For qsort and bsearch over uint32_t, ascending. */
static inline int u32_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* ---- strings -----------------------------------------------------------------------
 * UTF-8, not NUL-terminated unless said. A str lends; whoever made the bytes owns them. */
struct str {
	const char *p;
	size_t n;
};
#define S(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) ((int)(s).n), (s).p
struct str str_of(const char *nul_terminated);		/* NULL gives the empty str */
bool str_eq(struct str a, struct str b);
int str_cmp(struct str a, struct str b);		/* by bytes, shorter first */
bool str_starts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);
struct str str_trim(struct str s);			/* ASCII space and U+00A0 */
struct str str_copy(struct arena *a, struct str s);	/* NUL-terminated copy */
struct str str_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Next piece of *rest up to sep (which is eaten); false when *rest is exhausted. */
bool str_cut(struct str *rest, char sep, struct str *piece);
bool str_u64(struct str s, uint64_t *v);		/* whole str a decimal number */
bool str_f64(struct str s, double *v);			/* whole str a number, '.' for point */

/* Growable bytes; buf.p is NUL-terminated whenever it is not NULL. Zero-initialise. */
struct buf {
	char *p;
	size_t n, cap;
};
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_char(struct buf *b, char c);
void buf_rune(struct buf *b, uint32_t rune);		/* appends as UTF-8 */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u32(struct buf *b, uint32_t v);		/* little-endian, for our own files */
void buf_u64(struct buf *b, uint64_t v);
void buf_f32(struct buf *b, float v);
void buf_blob(struct buf *b, struct str s);		/* u32 length, bytes */
void buf_free(struct buf *b);
static inline struct str buf_view(const struct buf *b) { return (struct str){ b->p ? b->p : "", b->n }; }

/* UTF-8. utf8_next reads one rune and advances *p (never past end); a bad byte gives
 * U+FFFD and advances by one. */
uint32_t utf8_next(const char **p, const char *end);
int utf8_put(char out[4], uint32_t rune);		/* bytes written, 1..4 */
bool utf8_has_letter(struct str s);
size_t utf8_count(struct str s);			/* runes */
bool utf8_valid(struct str s);
/* Byte offset of the n-th rune of s (s.n when there are fewer). */
size_t utf8_offset(struct str s, size_t n);
uint32_t rune_lower(uint32_t r);			/* Latin and Cyrillic by table, else as is */
uint32_t rune_upper(uint32_t r);
bool rune_is_letter(uint32_t r);			/* Unicode L*, and combining marks M* */
bool rune_is_upper(uint32_t r);
bool rune_is_cyrillic(uint32_t r);
/* Lower-cased, ё→е: the key under which words are looked up and indexed. */
struct str str_fold(struct arena *a, struct str s);
struct str str_lower(struct arena *a, struct str s);	/* ё kept */
struct str str_title(struct arena *a, struct str s);	/* first rune upper, rest as is */
/* Bytes that may reach a terminal: control characters (C0, C1, bidi marks) become '?'
 * except newline and tab when keep_lines. */
struct str str_safe(struct arena *a, struct str s, bool keep_lines);

uint64_t hash64(const void *p, size_t n, uint64_t seed);	/* XXH3 */
/* The same of bytes that come piece by piece; hash_end frees. */
void *hash_begin(void);
void hash_more(void *h, const void *p, size_t n);
uint64_t hash_end(void *h);
static inline uint64_t str_hash(struct str s) { return hash64(s.p, s.n, 0); }

/* Interns strings: ids 0,1,2… in order of first adding. Owns copies. */
struct strtab {
	struct arena mem;
	struct str *s;		/* [n] by id */
	size_t n, cap;
	uint32_t *slot;		/* open addressing, id + 1 */
	size_t n_slot;
};
#define STRTAB_NONE UINT32_MAX
struct strtab strtab_open(const char *name);
void strtab_close(struct strtab *t);
uint32_t strtab_add(struct strtab *t, struct str s);
uint32_t strtab_find(const struct strtab *t, struct str s);	/* STRTAB_NONE if absent */

/* ---- a cursor over bytes from outside ----------------------------------------------
 * Remembers trouble; after any failure reads give 0 and bad stays set. Check once. */
struct reader {
	const uint8_t *p, *end, *start;
	bool bad;
};
struct reader reader_of(struct str bytes);
uint8_t rd_u8(struct reader *r);
uint16_t rd_u16(struct reader *r);
uint32_t rd_u32(struct reader *r);
uint64_t rd_u64(struct reader *r);
float rd_f32(struct reader *r);
struct str rd_bytes(struct reader *r, size_t n);	/* lends; empty when bad */
struct str rd_blob(struct reader *r);			/* u32 length, bytes */
/* A count of things of at least `each` bytes: bad if they cannot fit in what is left. */
size_t rd_count(struct reader *r, size_t each);
size_t rd_left(const struct reader *r);

/* ---- random numbers ----------------------------------------------------------------
 * xoshiro256** [Blackman & Vigna 2018] seeded by (seed, name, index): named streams. */
struct rng {
	uint64_t s[4];
};
struct rng rng_stream(uint64_t seed, const char *name, uint64_t index);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);		/* uniform in 0..n-1, n > 0, no bias */
double rng_unit(struct rng *r);				/* [0, 1) */
double rng_normal(struct rng *r);			/* Box–Muller, one value a call */
void rng_shuffle(struct rng *r, uint32_t *v, size_t n);

/* ---- files -------------------------------------------------------------------------
 * Messages name the path. Reading: whole files under a named limit. */
enum status file_read(struct buf *out, const char *path, size_t limit, struct err *e);
/* Read-only map; empty files give n = 0 and p = "". file_unmap when done. */
enum status file_map(struct str *out, const char *path, struct err *e);
void file_unmap(struct str *map);
/* Size and XXH3 of a file's bytes, read in pieces: no more memory for a large file. */
enum status file_measure(uint64_t *size, uint64_t *hash, const char *path, struct err *e);
bool file_exists(const char *path);
bool dir_exists(const char *path);
enum status dir_make(const char *path, struct err *e);	/* with parents; existing is OK */

/* The one safe saving routine: writes PATH.tmp.PID, fsyncs, renames, fsyncs the folder.
 * A file appears whole or not at all. saver_abort removes the temporary file. */
struct saver {
	FILE *f;
	char path[4096], tmp[4200];
	uint64_t hash;		/* XXH3 of all bytes written, valid after saver_close */
	uint64_t bytes;
	void *state;
	bool bad;
};
enum status saver_open(struct saver *s, const char *path, struct err *e);
void saver_write(struct saver *s, const void *p, size_t n);	/* remembers trouble */
enum status saver_close(struct saver *s, struct err *e);
void saver_abort(struct saver *s);
enum status file_save(const char *path, struct str bytes, struct err *e);
/* Removes stale *.tmp.PID files of processes that no longer run. */
void saver_sweep(const char *dir);

/* One mind, one writer: flock on DIR/lock. Returns ERR_LOCK with the holder's PID. */
struct lock {
	int fd;
};
enum status lock_take(struct lock *l, const char *dir, struct err *e);
void lock_drop(struct lock *l);

/* ---- progress and stopping ---------------------------------------------------------
 * The library never prints: it tells a watch, which the app shows. A watch may be NULL
 * everywhere. watch_step may be called from the thread that owns the stage only. */
struct watch {
	void (*show)(void *ctx, const char *stage, double done, double total, const char *unit);
	void (*note)(void *ctx, const char *line);	/* a warning or remark, one line */
	void *ctx;
	const volatile int *stop;			/* not 0: finish the step, save, return ERR_STOP */
};
void watch_step(const struct watch *w, const char *stage, double done, double total,
                const char *unit);
void watch_note(const struct watch *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool watch_stopped(const struct watch *w);

#endif
