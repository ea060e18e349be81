/* zip.c - the only door of libzip: an archive in memory, its names, its entries expanded.
 *
 *   in    the bytes of an archive
 *   out   names and bytes of entries; nothing is ever written to disk
 *
 * First opened with full consistency checks; an archive that fails them is opened again
 * without, and then under stricter caps. Sizes in the archive are believed by nobody: what
 * really comes out is counted, against the entry's compressed size and against the file.
 */
#include <zip.h>

#include "text/inner.h"

enum {
	FREE_MB = 1 << 20,		/* expands freely up to here */
	TIMES = 100, TIMES_LOOSE = 20,	/* … then at most so many times its size */
	ENTRIES_LOOSE = 2000,
	STEP = 64 << 10,
};

struct zipbox {
	zip_t *z;
	size_t n, size;			/* entries; bytes of the archive */
	size_t out;			/* bytes expanded so far, of all entries */
	bool loose;
	struct arena mem;
	struct str *name;		/* [n], a leading "./" taken off */
	struct strtab names;		/* of all entries, each once */
	uint32_t *first;		/* [n] entry of a name's id */
	struct str twice;
};

static zip_t *open_with(struct str bytes, int flags)
{
	zip_error_t ze;
	zip_source_t *src;
	zip_t *z;

	zip_error_init(&ze);
	src = zip_source_buffer_create(bytes.p, bytes.n, 0, &ze);
	z = src ? zip_open_from_source(src, flags | ZIP_RDONLY, &ze) : NULL;
	if (!z && src)
		zip_source_free(src);
	zip_error_fini(&ze);
	return z;
}

static void read_names(struct zipbox *b)
{
	b->names = strtab_open("names");
	b->name = TAKE(&b->mem, struct str, b->n + 1);
	b->first = TAKE(&b->mem, uint32_t, b->n + 1);
	for (size_t i = 0; i < b->n; i++) {
		struct str s = str_of(zip_get_name(b->z, i, ZIP_FL_ENC_GUESS));
		while (str_starts(s, S("./"))) {
			s.p += 2;
			s.n -= 2;
		}
		b->name[i] = str_copy(&b->mem, s);
		size_t before = b->names.n;
		uint32_t id = strtab_add(&b->names, s);
		if (b->names.n > before)
			b->first[id] = (uint32_t)i;
		else if (s.n && !b->twice.n)
			b->twice = b->name[i];
	}
}

enum status zipbox_open(struct zipbox **out, struct str bytes, struct err *e)
{
	bool loose = false;
	zip_t *z = open_with(bytes, ZIP_CHECKCONS);

	if (!z) {
		loose = true;
		z = open_with(bytes, 0);
	}
	if (!z)
		return err_set(e, ERR_FORMAT, "not a ZIP archive, or its directory is damaged or cut off");
	zip_int64_t n = zip_get_num_entries(z, 0);
	int most = loose ? ENTRIES_LOOSE : LIMIT_ENTRIES;
	if (n < 0 || n > most) {
		zip_discard(z);
		return err_set(e, ERR_LIMIT, "%lld entries in the archive, over the limit of %d",
		               (long long)n, most);
	}
	struct zipbox *b = mem_alloc(1, sizeof *b);
	*b = (struct zipbox){ .z = z, .n = (size_t)n, .size = bytes.n, .loose = loose,
		.mem = arena_open("zip") };
	read_names(b);
	*out = b;
	return OK;
}

void zipbox_close(struct zipbox *b)
{
	if (!b)
		return;
	zip_discard(b->z);
	strtab_close(&b->names);
	arena_close(&b->mem);
	mem_free(b);
}

size_t zipbox_count(const struct zipbox *b) { return b->n; }
struct str zipbox_name(const struct zipbox *b, size_t i) { return b->name[i]; }
bool zipbox_loose(const struct zipbox *b) { return b->loose; }

bool zipbox_doubles(const struct zipbox *b, struct str *name)
{
	*name = b->twice;
	return b->twice.n > 0;
}

size_t zipbox_find(const struct zipbox *b, struct str name)
{
	uint32_t id = strtab_find(&b->names, name);

	return id == STRTAB_NONE ? SIZE_MAX : b->first[id];
}

/* What entry i may still give: by its compressed size, by the archive, by the caller. */
static bool within(const struct zipbox *b, uint64_t packed, size_t got)
{
	uint64_t times = b->loose ? TIMES_LOOSE : TIMES;

	if (packed > b->size)
		packed = b->size;
	return (got <= FREE_MB || got / times <= packed) &&
	       (b->out <= FREE_MB || b->out / times <= b->size) && b->out <= LIMIT_BOOK;
}

static enum status pour(struct zipbox *b, zip_file_t *f, uint64_t packed, size_t limit,
                        struct buf *out, struct err *e)
{
	for (;;) {
		zip_int64_t n = zip_fread(f, buf_room(out, STEP), STEP);
		if (n < 0)
			return err_set(e, ERR_FORMAT, "damaged data in the archive");
		if (n == 0)
			return OK;
		out->n += (size_t)n;
		b->out += (size_t)n;
		if (out->n > limit)
			return err_set(e, ERR_LIMIT, "expands to over %zu MB", limit >> 20);
		if (!within(b, packed, out->n))
			return err_set(e, ERR_LIMIT, "expands to over %d times its size",
			               b->loose ? TIMES_LOOSE : TIMES);
	}
}

enum status zipbox_read(struct zipbox *b, size_t i, size_t limit, struct buf *out, struct err *e)
{
	zip_stat_t st;
	zip_file_t *f;

	out->n = 0;
	if (zip_stat_index(b->z, i, 0, &st) || !(st.valid & ZIP_STAT_COMP_SIZE))
		return err_set(e, ERR_FORMAT, "damaged directory of the archive");
	f = zip_fopen_index(b->z, i, 0);
	if (!f)
		return err_set(e, ERR_FORMAT, "%s", zip_strerror(b->z));
	enum status s = pour(b, f, st.comp_size, limit, out, e);
	zip_fclose(f);
	if (out->p)
		out->p[out->n] = 0;
	return s;
}
