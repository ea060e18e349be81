/* read_in.h - private to stage_read.c, read_worker.c and read_ranks.c: a shop of workers and one writer. */
#ifndef LTM_APP_READ_IN_H
#define LTM_APP_READ_IN_H

#include <pthread.h>

#include "app/app.h"
#include "app/read/readypack.h"
#include "app/read/sources.h"
#include "num/team.h"

enum { FLIGHT_MAX = 256 << 20, HEAD_PENDING_MAX = 4, RING_A_THREAD = 16 };

/* A book ready to be committed, with everything it points to. */
struct ready {
	struct arena mem;
	struct book book;
	struct words words;
	struct book_put put;
	size_t bytes;		/* held in memory */
	struct ready *next;
};

/* What has become of one source so far. */
struct slot {
	struct ready *first, *last;
	size_t pending;
	bool known, done;
	uint64_t file_bytes;
	struct err e;
};

struct shop {
	pthread_mutex_t lock;
	pthread_cond_t room, work;	/* workers wait for room, the writer for work */
	const struct sources *src;
	const struct dict *dict;
	const struct hashset *stored;	/* hashes in the store before this reading; read-only */
	struct slot *ring;		/* [cap] by source number */
	size_t cap, next, head;
	size_t flight;			/* bytes of ready books */
	bool stop;
};

struct worker {
	struct shop *shop;
	pthread_t thread;
	struct jail *jail;
	struct word_cache *cache;
	/* the source at hand */
	size_t seq;
	uint64_t hash;
	uint32_t entry;
	struct ready *held;	/* the newest book: pushed when it is known whether it is the last */
	struct err soft;	/* a book without sentences: the others of its archive go on */
};

struct writer {
	struct shop *shop;
	struct store *store;
	struct lemmas lemmas;
	struct hashset now;		/* what is in the store by now */
	struct strtab path;		/* of the books there were before */
	struct str split_rules;
	struct read_sum *sum;
	const struct watch *w;
	double began;
};

/* Which rank reads a source. */
static inline int read_owner(size_t seq) { return (int)(seq % (size_t)team_size()); }
static inline bool read_mine(size_t seq) { return read_owner(seq) == team_rank(); }

/* read_worker.c */
void *read_worker(void *worker);
void read_free(struct ready *r);
/* What the parts need to be put; they live in mem, as does what is returned. */
struct ready *read_ready_of(const struct ready_parts *p, struct arena *mem);
/* The numbers of a book that its row tells. */
void read_row_fill(struct book_row *row, const struct ready *r, struct str path);

/* stage_read.c: the writer. */
void read_tell(struct writer *x);
enum status read_commit(struct writer *x, struct ready *r, uint64_t file_bytes, struct err *e);
/* A source is finished: its failure is noted, its place in the ring is free. */
enum status read_finish_source(struct writer *x, struct slot *slot, struct err *e);
/* Waits a quarter of a second for work on the head: a ready book in *r, or its end. */
bool read_wait_head(struct writer *x, struct slot **slot, struct ready **r);

/* read_ranks.c */
/* The source at the head, which is another rank's: all its books, then its end. */
enum status read_receive(struct writer *x, struct err *e);
/* What ranks other than 0 do in the writer's place: their sources' books leave when rank 0 asks for them. */
void read_send_all(struct writer *x);
void read_stop_others(void);		/* rank 0: no more sources are wanted */

#endif
