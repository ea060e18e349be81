/* mem.c - arenas and heap: a lifetime is closed once; out of memory stops the program.
 *
 * An arena is a chain of blocks that double up to 1 MiB; larger takes get a block of their
 * own behind the current one. Every byte handed out is zero: blocks come from calloc and
 * are never reused.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/base.h"

enum { BLOCK_MIN = 4 << 10, BLOCK_MAX = 1 << 20, ALIGN = 16 };

struct arena_block {
	struct arena_block *prev;
	size_t cap, used;
	_Alignas(ALIGN) char bytes[];
};

static _Noreturn void out_of_memory(const char *who, size_t bytes)
{
	fprintf(stderr, "ltm: out of memory: %s asked for %zu bytes\n", who, bytes);
	_Exit(ERR_LIMIT);
}

struct arena arena_open(const char *name)
{
	return (struct arena){ .name = name };
}

void arena_close(struct arena *a)
{
	struct arena_block *b = a->last, *prev;

	for (; b; b = prev) {
		prev = b->prev;
		free(b);
	}
	a->last = NULL;
	a->used = 0;
}

static struct arena_block *block_new(const struct arena *a, size_t cap)
{
	struct arena_block *b = calloc(1, sizeof *b + cap);

	if (!b)
		out_of_memory(a->name ? a->name : "arena", cap);
	b->cap = cap;
	return b;
}

void *arena_take(struct arena *a, size_t size)
{
	struct arena_block *b = a->last;
	size_t need;

	if (!add_ok(size, ALIGN - 1, &need))
		out_of_memory(a->name ? a->name : "arena", size);
	need &= ~(size_t)(ALIGN - 1);
	if (!need)
		need = ALIGN;
	a->used += need;
	if (!b || b->cap - b->used < need) {
		size_t cap = b ? b->cap * 2 : BLOCK_MIN;

		if (cap > BLOCK_MAX)
			cap = BLOCK_MAX;
		if (need > cap / 2 && b) {	/* a large take goes behind the current block */
			struct arena_block *big = block_new(a, need);

			big->used = need;
			big->prev = b->prev;
			b->prev = big;
			return big->bytes;
		}
		b = block_new(a, need > cap ? need : cap);
		b->prev = a->last;
		a->last = b;
	}
	b->used += need;
	return b->bytes + b->used - need;
}

void *arena_take_n(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (!mul_ok(n, size, &bytes))
		out_of_memory(a->name ? a->name : "arena", SIZE_MAX);
	return arena_take(a, bytes);
}

void *mem_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory("heap", n * size);
	return p;
}

/* Large arrays are walked from end to end: with pages of 2 MB where the system has them, a training step
 * takes a third less time (docs/engine.md). */
void *mem_aligned(size_t bytes)
{
	enum { HUGE_PAGE = 2 << 20 };
	void *p = NULL;
	size_t cap = (bytes + 63) & ~(size_t)63, align = cap >= 2 * HUGE_PAGE ? HUGE_PAGE : 64;

	if (cap < bytes || posix_memalign(&p, align, cap ? cap : 64))
		out_of_memory("heap", bytes);
#ifdef MADV_HUGEPAGE
	if (align == HUGE_PAGE)
		madvise(p, cap, MADV_HUGEPAGE);		/* a wish: refusal changes nothing */
#endif
	memset(p, 0, cap ? cap : 64);
	return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (!mul_ok(n, size, &bytes))
		out_of_memory("heap", SIZE_MAX);
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory("heap", bytes);
	return p;
}

void mem_free(void *p)
{
	free(p);
}

void *mem_grow(void *v, size_t *cap, size_t size)
{
	size_t next = *cap ? *cap * 2 : 8;

	must(next > *cap);
	v = mem_resize(v, next, size);
	*cap = next;
	return v;
}
