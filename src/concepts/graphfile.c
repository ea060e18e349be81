/* graphfile.c - the concept graph as bytes: written once, mapped and believed in nothing.
 *
 *   header    magic, version, header size, sections, file size, nodes, scenes, checksum
 *   table     a row a section: id, 0, offset, bytes, checksum (XXH3)
 *   sections  each aligned to 64 bytes, zeros between
 *
 * All numbers little-endian; arrays are read where they lie. The order and ids of sections
 * are pinned. Reading checks checksums, sizes, every offset and index, the orders that other
 * code relies on (keys ascending for bisection, edges strongest first), so that a graph that
 * opened can be walked without a look back.
 */
#include <math.h>
#include "concepts/parts.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "graph files are mapped as they are");
_Static_assert(sizeof(struct edge) == 8, "an edge in a file is u32 to, f32 w");

#define GRAPH_MAGIC 0x474d544cu		/* "LTMG" */
enum { GRAPH_VERSION = 1, ALIGN = 64, HEAD = 48, ROW = 32 };
/* Agrees with section_name and with the calls of graph_write. */
enum section {
	SEC_KEY, SEC_DF, SEC_IDF, SEC_POS, SEC_FLAGS, SEC_NAME_OFF, SEC_NAMES,
	SEC_AT0, SEC_EDGE0, SEC_AT1, SEC_EDGE1, SEC_N
};
static const char *const section_name[SEC_N] = {
	"keys", "scene counts", "idf", "parts of speech", "flags", "name offsets", "names",
	"occurs-with offsets", "occurs-with edges", "leads-to offsets", "leads-to edges",
};
enum { HEADER_BYTES = HEAD + SEC_N * ROW, HASH_AT = 40 };

/* ---- writing ----------------------------------------------------------------------- */

static void pad(struct buf *b)
{
	while (b->n % ALIGN)
		buf_char(b, 0);
}

static void put_u32(struct buf *b, size_t at, uint32_t v) { memcpy(b->p + at, &v, 4); }
static void put_u64(struct buf *b, size_t at, uint64_t v) { memcpy(b->p + at, &v, 8); }

static void section_put(struct buf *b, enum section id, const void *p, size_t bytes)
{
	size_t row = HEAD + (size_t)id * ROW;

	pad(b);
	put_u32(b, row, (uint32_t)id);
	put_u64(b, row + 8, b->n);
	put_u64(b, row + 16, bytes);
	put_u64(b, row + 24, hash64(p, bytes, 0));
	buf_add(b, p, bytes);
}

static void idf_put(struct buf *b, const struct graph_parts *p)
{
	float *idf = mem_alloc((size_t)p->n + 1, sizeof *idf);

	for (uint32_t i = 0; i < p->n; i++)
		idf[i] = (float)log((double)p->scenes / p->df[i]);
	section_put(b, SEC_IDF, idf, p->n * sizeof *idf);
	mem_free(idf);
}

static void names_put(struct buf *b, const struct graph_parts *p)
{
	uint32_t *off = mem_alloc((size_t)p->n + 1, sizeof *off);
	struct buf names = { 0 };

	for (uint32_t i = 0; i < p->n; i++) {
		buf_str(&names, p->name[i]);
		off[i + 1] = (uint32_t)names.n;
	}
	section_put(b, SEC_NAME_OFF, off, ((size_t)p->n + 1) * sizeof *off);
	section_put(b, SEC_NAMES, buf_view(&names).p, names.n);
	buf_free(&names);
	mem_free(off);
}

static void edges_put(struct buf *b, enum edge_type t, const struct edge_slots *s, uint32_t n)
{
	uint32_t *at = mem_alloc((size_t)n + 1, sizeof *at);
	struct edge *e = mem_alloc((size_t)n * EDGES_MAX + 1, sizeof *e);

	for (uint32_t i = 0; i < n; i++) {
		memcpy(e + at[i], s->slot + (size_t)i * EDGES_MAX, s->count[i] * sizeof *e);
		at[i + 1] = at[i] + s->count[i];
	}
	section_put(b, t == EDGE_OCCURS ? SEC_AT0 : SEC_AT1, at, ((size_t)n + 1) * sizeof *at);
	section_put(b, t == EDGE_OCCURS ? SEC_EDGE0 : SEC_EDGE1, e, at[n] * sizeof *e);
	mem_free(at);
	mem_free(e);
}

static uint64_t header_hash(const char *p)
{
	char head[HEADER_BYTES];

	memcpy(head, p, sizeof head);
	memset(head + HASH_AT, 0, 8);
	return hash64(head, sizeof head, 0);
}

void graph_write(struct buf *file, const struct graph_parts *p)
{
	static const char zero[HEADER_BYTES];
	struct buf b = { 0 };

	buf_add(&b, zero, sizeof zero);
	section_put(&b, SEC_KEY, p->key, p->n * sizeof *p->key);
	section_put(&b, SEC_DF, p->df, p->n * sizeof *p->df);
	idf_put(&b, p);
	section_put(&b, SEC_POS, p->pos, p->n);
	section_put(&b, SEC_FLAGS, p->flags, p->n);
	names_put(&b, p);
	for (int t = 0; t < EDGE_TYPES; t++)
		edges_put(&b, t, &p->edges[t], p->n);
	pad(&b);
	put_u32(&b, 0, GRAPH_MAGIC);
	put_u32(&b, 4, GRAPH_VERSION);
	put_u32(&b, 8, HEADER_BYTES);
	put_u32(&b, 12, SEC_N);
	put_u64(&b, 16, b.n);
	put_u64(&b, 24, p->n);
	put_u64(&b, 32, p->scenes);
	put_u64(&b, HASH_AT, header_hash(b.p));
	buf_add(file, b.p, b.n);
	buf_free(&b);
}

/* ---- reading ----------------------------------------------------------------------- */

struct opening {
	const char *p;		/* 16-aligned copy or the caller's bytes */
	size_t size;
	size_t sec_off[SEC_N], sec_bytes[SEC_N];
	uint64_t n, scenes;
	struct err *e;
};

#define REFUSE(o, ...) return err_set((o)->e, ERR_FORMAT, __VA_ARGS__)

static uint64_t get_u64(const char *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static uint32_t get_u32(const char *p) { uint32_t v; memcpy(&v, p, 4); return v; }

static enum status read_head(struct opening *o)
{
	const char *p = o->p;

	if (o->size < HEADER_BYTES || get_u32(p) != GRAPH_MAGIC)
		REFUSE(o, "not a concept graph (%zu bytes)", o->size);
	if (get_u32(p + 4) > GRAPH_VERSION)
		REFUSE(o, "concept graph of version %u; this program reads up to %d: a newer ltm "
		       "is needed", get_u32(p + 4), GRAPH_VERSION);
	if (get_u32(p + 4) != GRAPH_VERSION || get_u32(p + 8) != HEADER_BYTES
	    || get_u32(p + 12) != SEC_N)
		REFUSE(o, "concept graph with an impossible header");
	if (get_u64(p + 16) != o->size)
		REFUSE(o, "concept graph is %zu bytes, its header says %llu: it was cut or "
		       "grew", o->size, (unsigned long long)get_u64(p + 16));
	if (get_u64(p + HASH_AT) != header_hash(p))
		REFUSE(o, "concept graph: the header's checksum is wrong");
	o->n = get_u64(p + 24);
	o->scenes = get_u64(p + 32);
	if (o->n > NODES_MAX || o->scenes > GRAPH_SCENES_MAX)
		REFUSE(o, "concept graph of %llu nodes over %llu scenes: over the limit",
		       (unsigned long long)o->n, (unsigned long long)o->scenes);
	return OK;
}

static enum status zeros(struct opening *o, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (o->p[i])
			REFUSE(o, "concept graph: byte %zu between sections is not 0", i);
	return OK;
}

/* Sections lie one after another in order of id, each at the next multiple of 64. */
static enum status read_table(struct opening *o)
{
	size_t at = HEADER_BYTES;
	enum status st;

	for (int s = 0; s < SEC_N; s++) {
		const char *row = o->p + HEAD + s * ROW;
		uint64_t off = get_u64(row + 8), bytes = get_u64(row + 16);
		size_t start = (at + ALIGN - 1) / ALIGN * ALIGN;

		if (get_u32(row) != (uint32_t)s || get_u32(row + 4) || off != start
		    || off > o->size || bytes > o->size - off)
			REFUSE(o, "concept graph: section %s lies outside its place",
			       section_name[s]);
		if ((st = zeros(o, at, start)))
			return st;
		if (hash64(o->p + off, bytes, 0) != get_u64(row + 24))
			REFUSE(o, "concept graph: section %s at byte %llu: wrong checksum",
			       section_name[s], (unsigned long long)off);
		o->sec_off[s] = off;
		o->sec_bytes[s] = bytes;
		at = off + bytes;
	}
	size_t end = (at + ALIGN - 1) / ALIGN * ALIGN;
	if (end != o->size)
		REFUSE(o, "concept graph: %zu bytes, sections end at %zu", o->size, end);
	return zeros(o, at, end);
}

/* Every section's size follows from n, and from its offsets' last value. */
static enum status check_sizes(struct opening *o)
{
	size_t n = o->n;
	const size_t want[SEC_N] = {
		[SEC_KEY] = n * 4, [SEC_DF] = n * 4, [SEC_IDF] = n * 4, [SEC_POS] = n,
		[SEC_FLAGS] = n, [SEC_NAME_OFF] = (n + 1) * 4, [SEC_NAMES] = SIZE_MAX,
		[SEC_AT0] = (n + 1) * 4, [SEC_EDGE0] = SIZE_MAX,
		[SEC_AT1] = (n + 1) * 4, [SEC_EDGE1] = SIZE_MAX,
	};

	for (int s = 0; s < SEC_N; s++)
		if (want[s] != SIZE_MAX && o->sec_bytes[s] != want[s])
			REFUSE(o, "concept graph: section %s has %zu bytes, %zu nodes need %zu",
			       section_name[s], o->sec_bytes[s], n, want[s]);
	return OK;
}

/* Offsets begin at 0, never fall, step by at most `step` and end at the section's size. */
static enum status check_offsets(struct opening *o, const uint32_t *at, enum section of,
                                 size_t each, uint32_t step)
{
	uint64_t end = o->sec_bytes[of] / each;

	if (o->sec_bytes[of] % each || at[0] != 0 || at[o->n] != end)
		REFUSE(o, "concept graph: offsets do not cover section %s", section_name[of]);
	for (size_t i = 0; i < o->n; i++)
		if (at[i + 1] < at[i] || at[i + 1] - at[i] > step)
			REFUSE(o, "concept graph: node %zu has impossible offsets into %s", i,
			       section_name[of]);
	return OK;
}

static enum status check_nodes(struct opening *o, const struct graph *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		struct str name = { g->names + g->name_off[i],
		                    g->name_off[i + 1] - g->name_off[i] };

		if (i && g->key[i] <= g->key[i - 1])
			REFUSE(o, "concept graph: keys out of order at node %u", i);
		if (g->df[i] == 0 || g->df[i] > g->scenes)
			REFUSE(o, "concept graph: node %u in %u scenes of %llu", i, g->df[i],
			       (unsigned long long)g->scenes);
		if (!(fabs(g->idf[i] - log((double)g->scenes / g->df[i])) < 1e-4))
			REFUSE(o, "concept graph: node %u has an impossible idf", i);
		if (!utf8_valid(name))
			REFUSE(o, "concept graph: the name of node %u is not UTF-8", i);
	}
	return OK;
}

static enum status check_edges(struct opening *o, const struct graph *g, enum edge_type t)
{
	for (uint32_t i = 0; i < g->n; i++)
		for (uint32_t k = g->edge_at[t][i]; k < g->edge_at[t][i + 1]; k++) {
			struct edge x = g->edge[t][k];

			if (x.to >= g->n || x.to == i || !(x.w >= EDGE_LEAST && x.w < 1e6f))
				REFUSE(o, "concept graph: node %u has an impossible edge", i);
			if (k > g->edge_at[t][i] && !edge_before(g->edge[t][k - 1], x))
				REFUSE(o, "concept graph: edges of node %u out of order", i);
		}
	return OK;
}

static void shares(float *share, const struct graph *g, enum edge_type t)
{
	for (uint32_t i = 0; i < g->n; i++) {
		double sum = 0;

		for (uint32_t k = g->edge_at[t][i]; k < g->edge_at[t][i + 1]; k++)
			sum += g->edge[t][k].w;
		share[i] = sum > 0 ? (float)(1 / sum) : 0;
	}
}

/* What the graph owns: shares, and a copy of the bytes when they lay askew. */
struct owned {
	float *share[EDGE_TYPES];
	char *copy;
};

static void lay_out(struct graph *g, const struct opening *o)
{
	const void *s[SEC_N];

	for (int i = 0; i < SEC_N; i++)
		s[i] = o->p + o->sec_off[i];
	g->n = (uint32_t)o->n;
	g->scenes = o->scenes;
	g->key = s[SEC_KEY];
	g->df = s[SEC_DF];
	g->idf = s[SEC_IDF];
	g->pos = s[SEC_POS];
	g->flags = s[SEC_FLAGS];
	g->name_off = s[SEC_NAME_OFF];
	g->names = s[SEC_NAMES];
	g->edge_at[EDGE_OCCURS] = s[SEC_AT0];
	g->edge[EDGE_OCCURS] = s[SEC_EDGE0];
	g->edge_at[EDGE_LEADS] = s[SEC_AT1];
	g->edge[EDGE_LEADS] = s[SEC_EDGE1];
}

static enum status check_all(struct opening *o, struct graph *g)
{
	enum status st;

	if ((st = read_head(o)) || (st = read_table(o)) || (st = check_sizes(o)))
		return st;
	lay_out(g, o);
	if ((st = check_offsets(o, g->name_off, SEC_NAMES, 1, 1 << 16))
	    || (st = check_offsets(o, g->edge_at[0], SEC_EDGE0, sizeof(struct edge), EDGES_MAX))
	    || (st = check_offsets(o, g->edge_at[1], SEC_EDGE1, sizeof(struct edge), EDGES_MAX))
	    || (st = check_nodes(o, g)))
		return st;
	for (int t = 0; t < EDGE_TYPES; t++)
		if ((st = check_edges(o, g, t)))
			return st;
	return OK;
}

enum status graph_open(struct graph *g, struct str bytes, struct err *e)
{
	struct owned *own = mem_alloc(1, sizeof *own);
	struct opening o = { .p = bytes.p, .size = bytes.n, .e = e };

	*g = (struct graph){ .owned = own };
	if ((uintptr_t)bytes.p % 16) {
		own->copy = mem_aligned(bytes.n + 1);
		memcpy(own->copy, bytes.p, bytes.n);
		o.p = own->copy;
	}
	enum status st = check_all(&o, g);
	if (st) {
		graph_close(g);
		return st;
	}
	for (int t = 0; t < EDGE_TYPES; t++) {
		own->share[t] = mem_alloc((size_t)g->n + 1, sizeof *own->share[t]);
		shares(own->share[t], g, t);
		g->share[t] = own->share[t];
	}
	return OK;
}

void graph_close(struct graph *g)
{
	struct owned *own = g->owned;

	if (own) {
		for (int t = 0; t < EDGE_TYPES; t++)
			mem_free(own->share[t]);
		mem_free(own->copy);
	}
	mem_free(own);
	*g = (struct graph){ 0 };
}

uint32_t graph_find(const struct graph *g, uint32_t key)
{
	uint32_t lo = 0, hi = g->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (g->key[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->n && g->key[lo] == key ? lo : UINT32_MAX;
}

struct str graph_name(const struct graph *g, uint32_t node)
{
	must(node < g->n);
	return (struct str){ g->names + g->name_off[node],
	                     g->name_off[node + 1] - g->name_off[node] };
}
