/* dictopen.c - opens words.dict: checks everything that later steps rely on.
 *
 *   in    mapped bytes of the file (layout in dict.h), possibly damaged or hostile
 *   out   struct dict over them
 *
 * Checked here: magic, version, sizes, checksums; that every paradigm names endings, tags and
 * prefixes that exist; that rows grow and end inside their section. Checked at each step
 * (dawg.h): indices inside the graphs. So no later code can leave the bytes.
 */
#include "words/dict/dict.h"
#include "words/tag/choose.h"

const struct prefix dict_prefix[3] = { { "", 0 }, { "\xEF\xEE", 2 }, { "\xED\xE0\xE8", 3 } };

static uint32_t load32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);	/* little-endian machines only: checked in dict_open */
	return v;
}

static uint64_t load64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static enum status find_sections(struct str sec[DICT_SECTIONS + 1], struct str f,
                                 struct err *e)
{
	const char *row = f.p + DICT_HEADER;
	size_t table = (size_t)DICT_SECTIONS * DICT_ROW;

	if (load64(f.p + 24) != hash64(row, table, 0))
		return err_set(e, ERR_FORMAT, "dictionary: its table of sections is damaged");
	for (int id = 1; id <= DICT_SECTIONS; id++, row += DICT_ROW) {
		uint64_t off = load64(row + 8), n = load64(row + 16);

		if (load32(row) != (uint32_t)id || off % 64 || off > f.n || n > f.n - off)
			return err_set(e, ERR_FORMAT, "dictionary: section %d does not fit", id);
		sec[id] = (struct str){ f.p + off, (size_t)n };
		if (hash64(sec[id].p, sec[id].n, 0) != load64(row + 24))
			return err_set(e, ERR_FORMAT, "dictionary: section %d is damaged; "
			               "remove the file and run scripts/dict.sh", id);
	}
	return OK;
}

static bool graph(struct dawg *g, struct str unit, const struct str *guide)
{
	size_t n = unit.n / 4;

	*g = (struct dawg){ (const uint32_t *)(const void *)unit.p, NULL, (uint32_t)n };
	if (guide)
		g->guide = (const uint8_t *)guide->p;
	return n > 0 && n < UINT32_MAX && unit.n % 4 == 0 && (!guide || guide->n == 2 * n);
}

/* u32 n, u32 first[n + 1]: the index in front of rows; false when it does not fit. */
static bool index_of(const uint32_t **first, uint32_t *n, struct str s)
{
	if (s.n < 8 || load32(s.p) > s.n / 4 - 2)
		return false;
	*n = load32(s.p);
	*first = (const uint32_t *)(const void *)(s.p + 4);
	for (uint32_t i = 0; i < *n; i++)
		if ((*first)[i + 1] < (*first)[i])
			return false;
	return *n > 0 && (*first)[0] == 0;
}

static bool rows(struct rows *r, struct str s)
{
	if (!index_of(&r->first, &r->n, s))
		return false;
	r->byte = (const uint8_t *)(r->first + r->n + 1);
	return r->first[r->n] == s.n - ((size_t)r->n + 2) * 4;
}

static bool paradigms(struct dict *d, struct str s)
{
	if (!index_of(&d->para_first, &d->n_para, s))
		return false;
	d->para = (const uint16_t *)(const void *)(d->para_first + d->n_para + 1);
	if ((uint64_t)d->para_first[d->n_para] * 2 != s.n - ((size_t)d->n_para + 2) * 4)
		return false;
	for (uint32_t i = 0; i < d->n_para; i++) {
		uint32_t len = d->para_first[i + 1] - d->para_first[i], m = len / 3;
		const uint16_t *v = d->para + d->para_first[i];

		if (len % 3 || !m)
			return false;
		for (uint32_t k = 0; k < m; k++)
			if (v[k] >= d->suffix.n || v[m + k] >= d->n_tag || v[2 * m + k] > 2)
				return false;
	}
	return true;
}

static bool tags(struct dict *d, struct str s)
{
	if (s.n % 8 || s.n / 8 != d->tag_name.n)
		return false;
	d->n_tag = d->tag_name.n;
	d->tag = mem_alloc(d->n_tag, sizeof *d->tag);
	for (uint32_t i = 0; i < d->n_tag; i++) {
		uint32_t v = load32(s.p + 8 * (size_t)i + 4);

		d->tag[i] = (struct tag){ gram_unpack(load32(s.p + 8 * (size_t)i)),
		                          (uint8_t)v, (uint8_t)(v >> 8) };
		if (d->tag[i].pos > POS_APRO || d->tag[i].g.gcase > CASE_ACC2)
			return false;
	}
	return true;
}

static bool fill(struct dict *d, const struct str *sec)
{
	bool ok = graph(&d->words, sec[SEC_WORDS], &sec[SEC_WORDS_GUIDE]) &&
	          graph(&d->prob, sec[SEC_PROB], NULL);

	for (int i = 0; i < 3 && ok; i++)
		ok = graph(&d->ends[i], sec[SEC_ENDS + 2 * i], &sec[SEC_ENDS_GUIDE + 2 * i]);
	return ok && rows(&d->suffix, sec[SEC_SUFFIXES]) &&
	       rows(&d->tag_name, sec[SEC_TAG_NAMES]) && tags(d, sec[SEC_TAGS]) &&
	       paradigms(d, sec[SEC_PARADIGMS]);
}

enum status dict_open(struct dict **out, struct str f, struct err *e)
{
	struct str sec[DICT_SECTIONS + 1] = { { 0 } };
	const uint32_t one = 1;

	*out = NULL;
	must(*(const char *)&one == 1);
	if (f.n < DICT_HEADER + DICT_SECTIONS * DICT_ROW || load32(f.p) != DICT_MAGIC)
		return err_set(e, ERR_FORMAT, "not a dictionary of this program");
	if (load32(f.p + 4) != DICT_VERSION)
		return err_set(e, ERR_FORMAT, "dictionary version %u, this program reads %d; "
		               "run scripts/dict.sh", load32(f.p + 4), DICT_VERSION);
	if (load64(f.p + 16) != f.n || load32(f.p + 12) != DICT_SECTIONS)
		return err_set(e, ERR_FORMAT, "dictionary cut short: %zu bytes of %llu", f.n,
		               (unsigned long long)load64(f.p + 16));
	if ((uintptr_t)f.p % 8)
		return err_set(e, ERR_FORMAT, "dictionary bytes must be aligned");
	if (find_sections(sec, f, e))
		return e->code;
	struct dict *d = mem_alloc(1, sizeof *d);

	if (!fill(d, sec)) {
		dict_close(d);
		return err_set(e, ERR_FORMAT, "dictionary: its parts do not fit together");
	}
	d->ctx = weights_take();
	*out = d;
	return OK;
}

void dict_close(struct dict *d)
{
	if (!d)
		return;
	mem_free(d->tag);
	mem_free(d);
}
